package framework_test

import (
	"context"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// A byPointer is an interceptor only where it is pointed to.
type byPointer struct{ Limit int }

func (*byPointer) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// A loop holds itself.
type selfish struct {
	Cache *Cache   `grpc:"cache"`
	Again *selfish `grpc:"again"`
}

// company is a struct of links that is, by what it embeds, an interceptor itself.
type company struct {
	*Cache `grpc:"cache"`
	Audit  *Audit `grpc:"audit"`
}

// fieldRefusals are of what the fields of a chain struct say and hold.
func fieldRefusals() []refusal {
	cache := tagged("Cache", "cache", &Cache{})
	twice := &byPointer{}
	return []refusal{
		refused("an unknown option", server(tagged("Auth", "auth,stge=authenticate", &Auth{}))),
		refused("an option twice", server(tagged("Auth", "auth,on=DummyService/*,on=*", &Auth{}))),
		refused("an empty option", server(tagged("Auth", "auth,on=,before", &Auth{}))),
		refused("a flag with a value", server(tagged("Auth", "auth,unary=true", &Auth{}))),
		refused("a word twice", server(tagged("Auth", "auth,on=DummyService/* ?DummyService/*", &Auth{}))),
		refused("a tag that does not parse", server(tagged("Auth", "auth,on='DummyService/*", &Auth{}))),
		refused("a tag whose first item does not parse", server(tagged("Auth", "au'th,on=DummyService/*", (*Auth)(nil)), cache)),
		refused("no name", server(tagged("Auth", "on=DummyService/*", &Auth{}))),
		refused("a name that is none", server(tagged("Auth", "au*th", &Auth{}))),
		refused("no tag", server(field{name: "Auth", value: &Auth{}}, cache)),
		refused("a misspelt key", server(field{"Auth", `gprc:"auth"`, &Auth{}}, cache)),
		refused("a tag that reflect can not read", server(field{"Auth", `grpc: "auth"`, &Auth{}}, cache)),
		refused("a key behind a comma", server(field{"Auth", `name:"x",grpc:"auth"`, &Auth{}}, cache)),
		refused("a key twice", server(field{"Auth", `grpc:"auth" grpc:"cache"`, &Auth{}}, cache)),
		refused("a field that is not exported", framework.Struct(struct {
			_    struct{} `grpc:"chain=server"`
			auth *Auth    `grpc:"auth"` //nolint:unused // its tag is what is tested
		}{})),
		refused("a field that is not exported, and set", framework.Struct(struct {
			_    struct{} `grpc:"chain=server"`
			auth *Auth    `grpc:"auth"`
		}{auth: &Auth{}})),
		refused("a nil field", server(tagged("Auth", "auth", (*Auth)(nil)))),
		refused("a nil interface", server(tagged("Auth", "auth", as[framework.Interceptor](nil)))),
		refused("a nil pointer in an interface", server(tagged("Auth", "auth", as[framework.Interceptor]((*Auth)(nil))))),
		refused("a nil function", server(tagged("Auth", "auth", framework.InterceptorFunc(nil)))),
		refused("a nil interceptor of grpc's own", server(tagged("Auth", "auth", grpc.UnaryServerInterceptor(nil)))),
		refused("a nil pointer to a struct inside", server(tagged("Inner", "inner", (*struct {
			Cache *Cache `grpc:"cache"`
		})(nil)))),
		refused("an optional that is neither", server(field{"Auth", `grpc:"auth" optional:"maybe"`, &Auth{}})),
		refused("a field that is not optional", server(field{"Auth", `grpc:"auth" optional:"false"`, (*Auth)(nil)})),
		refused("a question mark on one link", server(tagged("Auth", "?auth", &Auth{}))),
		refused("no interceptor", server(tagged("Name", "name", "text"))),
		refused("any value", server(tagged("Auth", "auth", as[any](&Auth{})))),
		refused("a value where a pointer is an interceptor", server(tagged("Limit", "limit", byPointer{}))),
		refused("a function of another type", server(tagged("Auth", "auth", func() {}))),
		refused("a struct that holds nothing", server(tagged("Inner", "inner", struct{}{}))),
		refused("a pointer to what is no struct", server(tagged("Name", "name", new(string)))),
		refused("a struct inside with a line", server(tagged("Inner", "inner", structOf("chain=server", cache)))),
		refused("a struct inside with mistakes", server(tagged("Inner", "inner,on=a//b", structOf("",
			tagged("Auth", "auth,stge=x", &Auth{}), field{name: "Audit", value: &Audit{}}, tagged("Cache", "cache", (*Cache)(nil)),
			field{"Log", `grpc: "log"`, &Logging{}}, tagged("Deep", "deep,except=/", structOf("", cache, tagged("More", "more", &Cache{}))),
		)))),
		refused("a struct that holds itself", server(tagged("Selfish", "selfish", &selfish{Cache: &Cache{}}))),
		refused("a struct of links that is one itself", server(tagged("Company", "company", company{&Cache{}, &Audit{}}))),
		refused("an empty slice", server(tagged("Extra", "extra", []framework.Interceptor{}))),
		refused("a nil in a slice", server(tagged("Extra", "extra", []framework.Interceptor{&Auth{}, nil}))),
		refused("a soft group", server(field{"Extra", `grpc:"extra" group:"extra,soft"`, []framework.Interceptor{&Auth{}}})),
		refused("a group that is no slice", server(field{"Extra", `grpc:"extra" group:"extra"`, &Auth{}})),
		refused("an optional group", server(field{"Extra", `grpc:"extra" group:"extra" optional:"true"`, []framework.Interceptor{&Auth{}}})),
		refused("two of one name in a group", server(field{"Extra", `grpc:"extra" group:"extra"`, []framework.Interceptor{&Auth{}, &Audit{}}})),
		refused("options on the second half of a pair", server(
			tagged("Unary", "company", grpc.UnaryServerInterceptor(rawUnary)), tagged("Stream", "company,on=*", rawStream))),
		refused("the same half twice", server(
			tagged("Unary", "company", rawUnary), tagged("Again", "company", rawUnary))),
		refused("halves of two sides", server(
			tagged("Unary", "company,on=DummyService/Execute", rawUnary), tagged("Client", "company", rawClientStream))),
		refused("half a pair", server(tagged("Unary", "company", rawUnary))),
		refused("the other half of a pair", server(tagged("Stream", "company", rawStream))),
		refused("the other half of a pair, for unary methods", server(tagged("Stream", "company,unary", rawStream))),
		refused("half a pair on streams", server(tagged("Unary", "company,on=DummyService/Execute*", rawUnary))),
		refused("a client's pair on a server", server(tagged("Unary", "company", rawClientUnary), tagged("Stream", "company", rawClientStream))),
		refused("an unknown stage", server(cache, tagged("Auth", "auth,stage=authn", &Auth{}))),
		refused("a client's stage on a server", server(tagged("Auth", "auth,stage=retry", &Auth{}))),
		refused("a stage of an interceptor's own that is none", server(tagged("Own", "own", at{Stage: "authn"}))),
		refused("a stage above that is inside", server(cache, tagged("Log", "log", &Logging{}))),
		refused("a stage above that is inside, in a struct inside", server(
			cache, tagged("Inner", "inner", structOf("", tagged("Log", "log", &Logging{}))))),
		refused("an interceptor twice", server(cache, tagged("Again", "again,on=DummyService/Execute", twice), tagged("More", "more", twice))),
		refused("a name twice", server(cache, tagged("Again", "cache", &Cache{}))),
		{name: "a name twice, in a struct and in code", parts: []framework.Part{server(cache), use(framework.Name("cache"))}},
		refused("before an unknown name", server(tagged("Audit", "audit,before=cahce", &Audit{}), cache)),
		refused("after an unknown name", server(cache, tagged("Audit", "audit,after=nobody", &Audit{}))),
		refused("before what is above", server(cache, tagged("Audit", "audit,before=cache", &Audit{}))),
		refused("before itself", server(tagged("Audit", "audit,before=audit", &Audit{}))),
		refused("before an earlier stage", server(tagged("Log", "log", &Logging{}), tagged("Audit", "audit,stage=app,before=log", &Audit{}))),
		refused("a malformed pattern", server(tagged("Audit", "audit,on=DummyService/*/x,except=/DummyService/Execute", &Audit{}))),
		refused("a pattern that matches nothing", server(tagged("Audit", "audit,on=DummyService/Exicute grpc.health.*", &Audit{}))),
		refused("an except that matches nothing", server(tagged("Audit", "audit,except=acme.Orders/*", &Audit{}))),
		refused("a pattern of a struct inside that matches nothing", server(tagged("Inner", "inner,on=DummyService/Exicute",
			structOf("", cache, tagged("Audit", "audit", &Audit{}))))),
		{name: "a short pattern of two services", services: twoOrders(), parts: []framework.Part{server(tagged("Audit", "audit,on=Orders/Get", &Audit{}))}},
		{name: "mistakes of a server with a name", parts: []framework.Part{
			server(tagged("Audit", "audit,on=DummyService/Exicute", &Audit{}), tagged("Unary", "company,on=DummyService/*", rawUnary)),
			framework.Target("public"),
		}},
		{name: "a client's pattern that matches nothing", client: true, parts: []framework.Part{
			framework.Struct(structOf("chain=client", tagged("Cache", "cache,on=acme.shop.v1.Orders/Gte", &Cache{}))),
		}},
		{name: "a client's stream uncovered", client: true, parts: []framework.Part{
			framework.Struct(structOf("chain=client", tagged("Unary", "company,on=DummyService/*", rawClientUnary))),
		}},
	}
}

func rawClientStream(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return streamer(ctx, desc, cc, method, opts...)
}

// twoOrders are two services that end alike.
func twoOrders() map[string]grpc.ServiceInfo {
	get := grpc.ServiceInfo{Methods: []grpc.MethodInfo{{Name: "Get"}}}
	return map[string]grpc.ServiceInfo{"a.Orders": get, "b.Orders": get}
}
