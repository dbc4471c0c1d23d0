package framework_test

import (
	"errors"
	"fmt"
	"reflect"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// A condition may come from wherever the app's configuration does.
func ExampleWhen() {
	for _, production := range []bool{true, false} {
		chain, err := framework.NewServerChain(
			framework.When("production", production),
			framework.Use(&Audit{}, framework.Name("audit"), framework.If("production")),
		)
		fmt.Println(production, chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	}
	// Output:
	// true [audit] <nil>
	// false [] <nil>
}

// A condition that nobody declares is an error, so that no link is lost to a misspelt one.
func ExampleIf() {
	_, err := framework.NewServerChain(
		framework.When("production", true),
		framework.DeclaredAt("main.go:41", framework.Use(&Audit{}, framework.Name("audit"), framework.If("prodcution"))),
	)
	fmt.Println(err)
	// Output: framework: link "audit" (main.go:41): unknown condition "prodcution" (did you mean "production"?); declare it with When
}

// The link is inside of all those of the whole chain, on the services alone.
func ExampleForService() {
	chain, err := framework.NewServerChain(
		framework.Use(&Cache{}, framework.Name("cache"), framework.ForService("acme.shop.v1.Orders")),
		framework.Use(&Audit{}, framework.Name("audit")),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/Execute").Names())
	// Output:
	// [audit cache] <nil>
	// [audit]
}

// A service may have its links among those of the whole chain, or in their place.
func ExampleInherit() {
	for _, how := range []framework.Inheritance{framework.InheritOuter, framework.InheritStage, framework.InheritNone} {
		chain, err := framework.NewServerChain(
			framework.Use(&Auth{}, framework.Name("auth")),
			framework.Use(&Cache{}, framework.Name("cache"), framework.At(framework.StageAdmit),
				framework.ForService("acme.shop.v1.Orders"), framework.Inherit(how)),
		)
		fmt.Println(how, chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	}
	// Output:
	// outer [auth cache] <nil>
	// stage [cache auth] <nil>
	// none [cache] <nil>
}

func ExampleWithoutLinks() {
	chain, err := framework.NewServerChain(
		framework.Use(&Logging{}, framework.Name("logging")),
		framework.Use(&Auth{}, framework.Name("auth")),
		framework.Use(&Cache{}, framework.Name("cache"), framework.ForService("acme.shop.v1.Orders"), framework.WithoutLinks("auth")),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Names(), err)
	// Output: [logging cache] <nil>
}

// A package that makes parts for its users has errors and Explain tell of their files, not of its own.
func ExampleDeclaredAt() {
	_, err := framework.NewServerChain(framework.DeclaredAt("app.yaml:7", framework.Use(nil, framework.Name("audit"))))
	fmt.Println(err)
	// Output: framework: link "audit" (app.yaml:7): the interceptor is nil; pass one, or leave the part out
}

func ExamplePartLinks() {
	type ServerChain struct {
		_     struct{} `grpc:"chain=server"`
		Auth  *Auth    `grpc:"auth"`
		Audit *Audit   `grpc:"audit"`
	}
	for _, l := range framework.PartLinks(framework.Struct(ServerChain{Auth: &Auth{}, Audit: &Audit{}})) {
		fmt.Printf("%s %T %s\n", l.Name, l.Interceptor, l.Field)
	}
	// Output:
	// auth *framework_test.Auth framework_test.ServerChain.Auth
	// audit *framework_test.Audit framework_test.ServerChain.Audit
}

// Tags are checked without values, in a test for instance.
func ExampleCheckTags() {
	type ServerChain struct {
		_    struct{} `grpc:"chain=server"`
		Auth *Auth    `grpc:"auth,stage=authn"`
	}
	fmt.Println(framework.CheckTags(reflect.TypeFor[ServerChain](), "chain.go:9"))
	// Output:
	// sluice: 1 problem in framework_test.ServerChain (chain.go:9)
	//   Auth: unknown stage "authn" (did you mean "authenticate"?)
	//     grpc:"auth,stage=authn"
	//                      ^
}

// A tool can have each mistake in its parts.
func ExampleTagError() {
	type ServerChain struct {
		_    struct{} `grpc:"chain=server"`
		Auth *Auth    `grpc:"auth,stge=authenticate"`
	}
	err := framework.CheckTags(reflect.TypeFor[ServerChain](), "chain.go:9")
	var mistake *framework.TagError
	if errors.As(err, &mistake) {
		fmt.Println(mistake.Type, mistake.Field, mistake.Place)
		fmt.Println(mistake.Tag, mistake.Offset)
		fmt.Println(mistake.Problem)
	}
	// Output:
	// framework_test.ServerChain Auth chain.go:9
	// auth,stge=authenticate 5
	// unknown option "stge" (did you mean "stage"?)
}

// An interceptor that needs to know who calls refuses to stand where nobody has asked.
func ExampleMethodInfo_Outside() {
	tenants := &Reader{
		placement: framework.Placement{Name: "tenants", Stage: framework.StageAdmit},
		read: func(m framework.MethodInfo) error {
			if !m.Outside(framework.StageAuthenticate) {
				return errors.New("callers are counted by name, and are not identified yet; put it after auth, with stage=authorize")
			}
			return nil
		},
	}
	for _, stage := range []framework.Stage{framework.StageAdmit, framework.StageAuthorize} {
		chain, err := framework.NewServerChain(
			framework.DeclaredAt("main.go:41", framework.Use(tenants, framework.At(stage), framework.On("Orders/Get"))),
			framework.Use(&Auth{}, framework.Name("auth")),
		)
		if err == nil {
			err = chain.Bind(shopServices())
		}
		fmt.Println(err)
	}
	// Output:
	// framework: link "tenants" (main.go:41): Bind of /acme.shop.v1.Orders/Get: callers are counted by name, and are not identified yet; put it after auth, with stage=authorize
	// <nil>
}

// One chain's parts are for two servers, each with a service: a pattern has to match on one of them.
func ExampleServerChain_BindMatched() {
	chain, err := framework.NewServerChain(framework.DeclaredAt("main.go:41", framework.Use(&Audit{}, framework.Name("audit"),
		framework.On("Orders/Create", "DummyService/Exicute"))))
	if err != nil {
		fmt.Println(err)
	}
	server := grpc.NewServer()
	registerShop(server)
	matches, err := chain.BindMatched(server.GetServiceInfo())
	for _, m := range matches {
		fmt.Println(m.Pattern, m.Err == nil)
	}
	fmt.Println(err)
	// Output:
	// Orders/Create true
	// DummyService/Exicute false
	// <nil>
}
