package fxgrpc_test

import (
	"encoding/json"
	"fmt"
	"strings"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/modules/timeout"
)

// stamps is a chain whose fields fx fills.
type stamps struct {
	fx.In `grpc:"chain=server"`
	Stamp *stamp `grpc:"stamp,when=stamping"`
}

// patience is a policy.
type patience struct {
	_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
	All framework.Rule `grpc:"*,timeout=2s"`
	One framework.Rule `grpc:"Execute,timeout=300ms"`
}

func ExampleInterceptors() {
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "Ada") },
		fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Interceptors[stamps](), fx.Provide(newStamp),
		fxgrpc.Parts(framework.When("stamping", true)),
		fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("memory")),
		fx.Populate(&stub))
	// Output:
	// stamped Execute
	// hello Ada
}

func ExamplePolicy() {
	var plan *fxgrpc.Plan
	run(func() { fmt.Print(plan) },
		fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Policy[patience](), fxgrpc.Provide(timeout.New),
		fx.Populate(&plan))
	// Output:
	// server "default"
	//   /sluice.testing.v1.DummyService/Execute  timeout  [timeout=300ms, default=allow]
	//   /sluice.testing.v1.DummyService/ExecuteClientServerStream  timeout  [timeout=2s, default=allow]
	//   /sluice.testing.v1.DummyService/ExecuteClientStream  timeout  [timeout=2s, default=allow]
	//   /sluice.testing.v1.DummyService/ExecuteServerStream  timeout  [timeout=2s, default=allow]
}

// Whether a link stands can be up to the app's configuration.
func ExamplePartsFrom() {
	type config struct{ Stamps bool }
	var plan *fxgrpc.Plan
	run(func() {
		for _, l := range plan.ServerChain(fxgrpc.DefaultServer).Links() {
			fmt.Println(l.Name, l.Why)
		}
	},
		fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Interceptors[stamps](), fx.Provide(newStamp),
		fxgrpc.PartsFrom(func(c config) framework.Part { return framework.When("stamping", c.Stamps) }), fx.Supply(config{}),
		fx.Populate(&plan))
	// Output:
	// stamp condition "stamping" is off
}

// planOf is the plan of an app with a link.
func planOf(o ...fx.Option) (plan *fxgrpc.Plan) {
	run(func() {}, fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()), fxgrpc.Use(newStamp(), framework.Name("stamp"), framework.On("DummyService/Execute")),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)), fx.Options(o...), fx.Populate(&plan))
	return plan
}

func ExamplePlan_MarshalJSON() {
	text, err := json.Marshal(planOf())
	fmt.Println(string(text[:strings.Index(string(text), `,"place"`)]), err)
	// Output:
	// {"servers":[{"name":"default","methods":[{"method":"/sluice.testing.v1.DummyService/Execute","side":"server","target":"default","kind":"unary","known":true,"links":[{"name":"stamp","stage":"app","type":"*fxgrpc_test.stamp" <nil>
}

func ExamplePlan_Mermaid() {
	fmt.Print(planOf().Mermaid())
	// Output:
	// flowchart LR
	//   subgraph s0["server #quot;default#quot;"]
	//     s0r0["/sluice.testing.v1.DummyService/Execute"] --> s0r0l0["stamp"] --> s0r0end(["handler"])
	//     s0r1["/sluice.testing.v1.DummyService/ExecuteClientServerStream<br/>/sluice.testing.v1.DummyService/ExecuteClientStream<br/>/sluice.testing.v1.DummyService/ExecuteServerStream"] --> s0r1end(["handler"])
	//   end
}

// A test that starts nothing sees what the app registered itself, too.
func ExamplePlan_Check() {
	var plan *fxgrpc.Plan
	app := fx.New(example(), fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Use(newStamp(), framework.Name("stamp"), framework.On("grpc.health.v1.Health/*")), fx.Populate(&plan))
	err := plan.Check()
	fmt.Println(app.Err(), strings.Contains(err.Error(), `pattern "grpc.health.v1.Health/*" matches no method of the server's services`))
	// Output: <nil> true
}
