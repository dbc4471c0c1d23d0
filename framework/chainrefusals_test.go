package framework_test

import (
	"github.com/sluice-go/sluice/framework"
)

// chainRefusals are of what a chain struct says as a whole, and of conditions.
func chainRefusals() []refusal {
	cache := tagged("Cache", "cache", &Cache{})
	lined := func(line string) framework.Part { return framework.Struct(structOf(line, cache)) }
	return []refusal{
		refused("a struct that is none", framework.Struct(42)),
		refused("a nil struct", framework.Struct(nil)),
		refused("a nil pointer to a struct", framework.Struct((*struct{ Auth *Auth })(nil))),
		refused("a nil part", nil),
		refused("servers of a chain without a name", lined("chain=server,servers=public admin")),
		refused("several mistakes of several sorts", framework.Struct(structOf("chain=server",
			tagged("A", "a", &Cache{}), tagged("B", "a", &Cache{}), tagged("C", "c,before=zzz", &Cache{}), tagged("D", "d,when=nope", &Cache{})))),
		refused("a field left out, with options", framework.Struct(structOf("chain=server", tagged("A", "-,on=Orders/Get", &Cache{}), cache))),
		refused("a name with a value", framework.Struct(structOf("chain=server", tagged("A", "name=q", &Cache{})))),
		refused("no line", lined("")),
		refused("a line without a tag", framework.Struct(struct {
			_     struct{}
			Cache *Cache `grpc:"cache"`
		}{Cache: &Cache{}})),
		refused("a line under a misspelt key", framework.Struct(struct {
			_     struct{} `gprc:"chain=server"`
			Cache *Cache   `grpc:"cache"`
			Audit *Audit
		}{Cache: &Cache{}})),
		refused("a line that is not the first field", framework.Struct(struct {
			Cache *Cache   `grpc:"cache"`
			_     struct{} `grpc:"chain=server"`
		}{Cache: &Cache{}})),
		refused("two lines", framework.Struct(struct {
			_     struct{} `grpc:"chain=server"`
			_     struct{} `grpc:"chain=server"`
			Cache *Cache   `grpc:"cache"`
		}{Cache: &Cache{}})),
		refused("a line that reflect can not read", framework.Struct(structOf("", field{"_", `grpc: "chain=client"`, struct{}{}}, cache))),
		refused("the line of a policy", lined("service=*")),
		refused("an unknown side", lined("chain=srever")),
		{name: "an unknown side on a client", client: true, parts: []framework.Part{
			framework.Struct(structOf("chain=clinet", tagged("Cache", "cache,stage=retry", &Cache{}))),
		}},
		refused("an unknown option of the line", lined("chain=server,inherits=stage")),
		refused("an option without a value", lined("chain=server,service")),
		refused("a client's struct on a server", lined("chain=client")),
		{name: "a server's struct on a client", client: true, parts: []framework.Part{lined("chain=server")}},
		refused("clients of a server's struct", lined("chain=server,clients=orders")),
		refused("no fields", server()),
		refused("no fields but those left out", server(tagged("Cache", "-", &Cache{}))),
		refused("several mistakes", framework.Struct(structOf("chain=server,sevice=acme.Orders",
			tagged("Log", "log,stge=observe", &Logging{}),
			tagged("Audit", "audit,on=a//b /a.B/C", &Audit{}),
			field{name: "Cache", value: &Cache{}},
		))),
		{name: "several structs", parts: []framework.Part{
			server(tagged("Cache", "cache", (*Cache)(nil))),
			framework.Use(nil, framework.Name("audit")),
			server(tagged("Auth", "auth,before=nobody", &Auth{})),
		}},
		refused("a condition that nobody declared", server(tagged("Audit", "audit,when=audit", &Audit{}))),
		{name: "a misspelt condition", parts: []framework.Part{
			server(tagged("Audit", "audit,when=audti", &Audit{})),
			use(framework.Name("a"), framework.If("audti")),
			framework.When("audit", true),
		}},
		refused("a condition that may be missing", server(tagged("Audit", "audit,when=?audit", &Audit{}))),
		refused("a condition's bad name", framework.When("at night", true)),
		{name: "a condition that is both", parts: []framework.Part{
			framework.When("audit", true), framework.When("audit", true), framework.When("audit", false),
		}},
		refused("a condition that nobody declared, on a struct inside", server(
			tagged("Inner", "inner,when=audit", structOf("", tagged("Audit", "audit", &Audit{}), cache)),
		)),
	}
}
