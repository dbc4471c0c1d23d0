package framework_test

import (
	"fmt"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// A whole chain: the order of the fields is the order of the calls.
func ExampleStruct() {
	type ServerChain struct {
		_       struct{}              `grpc:"chain=server"`
		Logging *Logging              `grpc:"logging,except=DummyService/ExecuteServerStream"`
		Auth    *Auth                 `grpc:"auth"`
		Audit   *Audit                `grpc:"audit,on=acme.shop.v1.Orders/* DummyService/Execute,when=audit"`
		Extra   framework.Interceptor `grpc:"extra" optional:"true"`
	}
	chain, err := framework.NewServerChain(
		framework.DeclaredAt("main.go:41", framework.Struct(ServerChain{Logging: &Logging{}, Auth: &Auth{}, Audit: &Audit{}})),
		framework.When("audit", true),
	)
	if err != nil {
		fmt.Println(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	registerShop(server)
	fmt.Println(chain.Bind(server.GetServiceInfo()))
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/ExecuteServerStream"))
	// Output:
	// <nil>
	// /sluice.testing.v1.DummyService/ExecuteServerStream (server_stream, server)
	//   1  auth     authenticate  *framework_test.Auth     framework_test.ServerChain.Auth (main.go:41)
	//   -  logging  observe       *framework_test.Logging  framework_test.ServerChain.Logging (main.go:41)  (its patterns do not match)
	//   -  audit    authenticate  *framework_test.Audit    framework_test.ServerChain.Audit (main.go:41)    (its patterns do not match)
	//   -  extra    app           framework.Interceptor    framework_test.ServerChain.Extra (main.go:41)    (its field is nil, which may be)
}

// All mistakes are told at once, each with the place in the tag.
func ExampleStruct_mistakes() {
	type ServerChain struct {
		_     struct{} `grpc:"chain=server"`
		Auth  *Auth    `grpc:"auth,stge=authenticate"`
		Audit *Audit   `gprc:"audit"`
	}
	_, err := framework.NewServerChain(framework.DeclaredAt("main.go:41", framework.Struct(ServerChain{})))
	fmt.Println(err)
	// Output:
	// sluice: 2 problems in framework_test.ServerChain (main.go:41)
	//   Audit: no grpc tag, but one with the key "gprc" (did you mean "grpc"?); write one, or grpc:"-" to leave the field out
	//   Auth: unknown option "stge" (did you mean "stage"?)
	//     grpc:"auth,stge=authenticate"
	//                ^
}

// The struct's own line says which side it is for.
func ExampleStruct_chain() {
	type ClientChain struct {
		_     struct{} `grpc:"chain=client"`
		Cache *Cache   `grpc:"cache"`
	}
	chain, err := framework.NewClientChain(framework.Struct(ClientChain{Cache: &Cache{}}))
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	// Output: [cache] <nil>
}

// The first item is the link's name, for neighbours, Explain and errors. A pair of grpc's own interceptors is two fields
// of one name; the elements of a slice are called after the field and themselves.
func ExampleStruct_name() {
	type ServerChain struct {
		_       struct{}                     `grpc:"chain=server"`
		Unary   grpc.UnaryServerInterceptor  `grpc:"company"`
		Stream  grpc.StreamServerInterceptor `grpc:"company"`
		Plugins []framework.Interceptor      `grpc:"plugins"`
		None    []framework.Interceptor      `grpc:"?none"` // may be empty
		Inside  struct {
			Audit *Audit `grpc:"audit"`
		} `grpc:"inside"`
	}
	v := ServerChain{Unary: rawUnary, Stream: rawStream, Plugins: []framework.Interceptor{&Cache{}, &Cache{}}}
	v.Inside.Audit = &Audit{}
	chain, err := framework.NewServerChain(framework.Struct(v))
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	// Output: [company plugins.framework_test plugins.framework_test#2 audit] <nil>
}

// A stage says where the links stand among those of other structs and parts. A field without one has its type's own, or
// else that of the field above.
func ExampleStruct_stage() {
	type ServerChain struct {
		_     struct{} `grpc:"chain=server"`
		Cache *Cache   `grpc:"cache,stage=admit"`
		Audit *Audit   `grpc:"audit"` // admit, too
	}
	chain, err := framework.NewServerChain(
		framework.Use(&Auth{}, framework.Name("auth")), // stage authenticate, as Auth says itself
		framework.Struct(ServerChain{Cache: &Cache{}, Audit: &Audit{}}),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	// Output: [cache audit auth] <nil>
}

func ExampleStruct_on() {
	type ServerChain struct {
		_     struct{} `grpc:"chain=server"`
		Audit *Audit   `grpc:"audit,on=Orders/Create acme.shop.v1.Orders/P*"`
	}
	chain, err := framework.NewServerChain(framework.Struct(ServerChain{Audit: &Audit{}}))
	for _, method := range []string{"Create", "Put", "Get"} {
		fmt.Println(method, chain.Explain("/acme.shop.v1.Orders/"+method).Names(), err)
	}
	// Output:
	// Create [audit] <nil>
	// Put [audit] <nil>
	// Get [] <nil>
}

// A pattern that matches nothing is an error, unless there is a "?" in front.
func ExampleStruct_except() {
	type ServerChain struct {
		_    struct{} `grpc:"chain=server"`
		Auth *Auth    `grpc:"auth,except=Orders/Get ?grpc.health.v1.Health/*"`
	}
	chain, err := framework.NewServerChain(framework.Struct(ServerChain{Auth: &Auth{}}))
	for _, method := range []string{"Create", "Get"} {
		fmt.Println(method, chain.Explain("/acme.shop.v1.Orders/"+method).Names(), err)
	}
	// Output:
	// Create [auth] <nil>
	// Get [] <nil>
}

// Neighbours are links of other parts; among the fields the order is that of the struct.
func ExampleStruct_before() {
	type ServerChain struct {
		_     struct{} `grpc:"chain=server"`
		Audit *Audit   `grpc:"audit,before=cache ?metrics"`
	}
	chain, err := framework.NewServerChain(
		framework.Use(&Cache{}, framework.Name("cache")),
		framework.Struct(ServerChain{Audit: &Audit{}}),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	// Output: [audit cache] <nil>
}

func ExampleStruct_after() {
	type ServerChain struct {
		_     struct{} `grpc:"chain=server"`
		Audit *Audit   `grpc:"audit,after=cache"`
	}
	chain, err := framework.NewServerChain(
		framework.Struct(ServerChain{Audit: &Audit{}}),
		framework.Use(&Cache{}, framework.Name("cache")),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	// Output: [cache audit] <nil>
}

// A condition is declared by When, and asked once.
func ExampleStruct_when() {
	type ServerChain struct {
		_     struct{} `grpc:"chain=server"`
		Audit *Audit   `grpc:"audit,when=production"`
		Cache *Cache   `grpc:"cache"`
	}
	for _, production := range []bool{true, false} {
		chain, err := framework.NewServerChain(
			framework.Struct(ServerChain{Audit: &Audit{}, Cache: &Cache{}}),
			framework.When("production", production),
		)
		fmt.Println(production, chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	}
	// Output:
	// true [audit cache] <nil>
	// false [cache] <nil>
}

// Half a pair of grpc's own would leave streams uncovered, which has to be said.
func ExampleStruct_unary() {
	type ServerChain struct {
		_     struct{}                    `grpc:"chain=server"`
		Quota grpc.UnaryServerInterceptor `grpc:"quota,unary"`
	}
	chain, err := framework.NewServerChain(framework.Struct(ServerChain{Quota: rawUnary}))
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/Execute").Names(), err)
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/ExecuteServerStream").Names())
	// Output:
	// [quota] <nil>
	// []
}

// The links of a service stand inside of those of the whole chain.
func ExampleStruct_service() {
	type OrdersChain struct {
		_     struct{} `grpc:"chain=server,service=acme.shop.v1.Orders"`
		Cache *Cache   `grpc:"cache"`
	}
	chain, err := framework.NewServerChain(
		framework.Struct(OrdersChain{Cache: &Cache{}}),
		framework.Use(&Audit{}, framework.Name("audit")),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/Execute").Names())
	// Output:
	// [audit cache] <nil>
	// [audit]
}

// With inherit=stage the links of a service stand among the others, with inherit=none in their place.
func ExampleStruct_inherit() {
	type OrdersChain struct {
		_     struct{} `grpc:"chain=server,service=acme.shop.v1.Orders,inherit=stage"`
		Cache *Cache   `grpc:"cache,stage=admit"`
	}
	type DummyChain struct {
		_     struct{} `grpc:"chain=server,service=DummyService,inherit=none"`
		Cache *Cache   `grpc:"cache"`
	}
	chain, err := framework.NewServerChain(
		framework.Use(&Auth{}, framework.Name("auth")),
		framework.Struct(OrdersChain{Cache: &Cache{}}),
		framework.Struct(DummyChain{Cache: &Cache{}}),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/Execute").Names())
	// Output:
	// [cache auth] <nil>
	// [cache]
}

func ExampleStruct_without() {
	type OrdersChain struct {
		_     struct{} `grpc:"chain=server,service=acme.shop.v1.Orders,without=auth"`
		Cache *Cache   `grpc:"cache"`
	}
	chain, err := framework.NewServerChain(
		framework.Use(&Logging{}, framework.Name("logging")),
		framework.Use(&Auth{}, framework.Name("auth")),
		framework.Struct(OrdersChain{Cache: &Cache{}}),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	// Output: [logging cache] <nil>
}

// A struct may be for some servers, whose names Target says.
func ExampleStruct_servers() {
	type PublicChain struct {
		_    struct{} `grpc:"chain=server,servers=public partners"`
		Auth *Auth    `grpc:"auth"`
	}
	for _, server := range []string{"public", "admin"} {
		chain, err := framework.NewServerChain(framework.Target(server), framework.Struct(PublicChain{Auth: &Auth{}}))
		fmt.Println(server, chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	}
	// Output:
	// public [auth] <nil>
	// admin [] <nil>
}

func ExampleStruct_clients() {
	type OrdersClient struct {
		_     struct{} `grpc:"chain=client,clients=orders"`
		Cache *Cache   `grpc:"cache"`
	}
	for _, client := range []string{"orders", "carts"} {
		chain, err := framework.NewClientChain(framework.Target(client), framework.Struct(OrdersClient{Cache: &Cache{}}))
		fmt.Println(client, chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	}
	// Output:
	// orders [cache] <nil>
	// carts [] <nil>
}
