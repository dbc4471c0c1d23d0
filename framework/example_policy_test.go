package framework_test

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// bound makes a server's chain of interceptors that read the keys timeout, rate, allow, require, anonymous and deny, and
// of parts, and prints what is wrong with it.
func bound(parts ...framework.Part) *framework.ServerChain {
	chain, err := framework.NewServerChain(append([]framework.Part{
		framework.Use(reader("limits", framework.StageAdmit, timeoutKey, rateKey)), framework.Use(guard()),
	}, parts...)...)
	if err == nil {
		err = chain.Bind(shopServices())
	}
	if err != nil {
		fmt.Println(err)
	}
	return chain
}

// rules prints the rules that count for a method.
func rules(chain *framework.ServerChain, full string) {
	for _, r := range chain.Explain(full).Rules {
		if r.Why == "" {
			fmt.Println(full, r.Key, r.Value)
		}
	}
}

// A whole policy. The most specific rule wins, key by key.
func ExamplePolicy() {
	type OrdersPolicy struct {
		_      struct{}       `grpc:"service=acme.shop.v1.Orders,default=deny"`
		All    framework.Rule `grpc:"*,timeout=2s,deny"`
		Get    framework.Rule `grpc:"Get,timeout=300ms,allow=role:reader role:admin"`
		Put    framework.Rule `grpc:"Put,allow=role:admin,require=scope:orders.write,rate=100/s"`
		Create framework.Rule `grpc:"Create,anonymous"`
	}
	chain := bound(framework.DeclaredAt("policy.go:12", framework.Policy(OrdersPolicy{})))
	for _, r := range chain.Explain("/acme.shop.v1.Orders/Get").Rules {
		if r.Why == "" {
			fmt.Println(r, "in", r.Place)
		} else {
			fmt.Printf("not %s: %s\n", r, r.Why)
		}
	}
	// Output:
	// timeout=300ms in framework_test.OrdersPolicy.Get (policy.go:12)
	// allow=role:reader role:admin in framework_test.OrdersPolicy.Get (policy.go:12)
	// default=deny in framework_test.OrdersPolicy (policy.go:12)
	// not timeout=2s: Get says timeout=300ms
	// not deny: Get says allow=role:reader role:admin
}

// The policy is for one service or several, or with * for all of the server, and then the rules name theirs.
func ExamplePolicy_service() {
	type Policy struct {
		_    struct{}       `grpc:"service=*,default=allow"`
		Shop framework.Rule `grpc:"acme.shop.*,rate=100/s"`
		Get  framework.Rule `grpc:"Orders/Get,rate=10/s"`
	}
	chain := bound(framework.Policy(Policy{}))
	rules(chain, "/acme.shop.v1.Orders/Get")
	rules(chain, "/acme.shop.v1.Orders/Put")
	// Output:
	// /acme.shop.v1.Orders/Get rate 10/s
	// /acme.shop.v1.Orders/Get default allow
	// /acme.shop.v1.Orders/Put rate 100/s
	// /acme.shop.v1.Orders/Put default allow
}

// A method that nobody says who may call fails the start, unless the policy says default=allow.
func ExamplePolicy_default() {
	type OrdersPolicy struct {
		_   struct{}       `grpc:"service=acme.shop.v1.Orders"`
		All framework.Rule `grpc:"*,timeout=2s"`
		Get framework.Rule `grpc:"Get,anonymous"`
		Put framework.Rule `grpc:"Put,deny"`
	}
	bound(framework.DeclaredAt("policy.go:12", framework.Policy(OrdersPolicy{})))
	// Output:
	// sluice: 1 problem in framework_test.OrdersPolicy (policy.go:12)
	//   _: /acme.shop.v1.Orders/Create has no rule that says who may call it: none of [allow require anonymous deny] applies; add one, or say default=allow
	//     grpc:"service=acme.shop.v1.Orders"
	//                   ^
}

// A rule is for a method, for those that begin alike, or for all.
func ExamplePolicy_method() {
	type OrdersPolicy struct {
		_    struct{}       `grpc:"service=acme.shop.v1.Orders,default=allow"`
		All  framework.Rule `grpc:"*,timeout=2s"`
		P    framework.Rule `grpc:"P*,timeout=1s"`
		Get  framework.Rule `grpc:"Get,timeout=300ms"`
		Drop framework.Rule `grpc:"?Drop,timeout=10s"` // where there is such a method
	}
	chain := bound(framework.Policy(OrdersPolicy{}))
	for _, method := range []string{"Create", "Put", "Get"} {
		fmt.Println(method, chain.Explain("/acme.shop.v1.Orders/" + method).Rules[0].Value)
	}
	// Output:
	// Create 2s
	// Put 1s
	// Get 300ms
}

// A policy may be for some servers, whose names Target says.
func ExamplePolicy_servers() {
	type PublicPolicy struct {
		_   struct{}       `grpc:"service=acme.shop.v1.Orders,default=allow,servers=public"`
		All framework.Rule `grpc:"*,rate=10/s"`
	}
	for _, server := range []string{"public", "admin"} {
		chain := bound(framework.Target(server), framework.Policy(PublicPolicy{}))
		fmt.Printf("%s: %q\n", server, chain.Explain("/acme.shop.v1.Orders/Get").Rules[0].Why)
	}
	// Output:
	// public: ""
	// admin: "it is for server public"
}

// A policy is for clients, too; who may call is the server's to say.
func ExamplePolicy_clients() {
	type OrdersCalls struct {
		_   struct{}       `grpc:"service=acme.shop.v1.Orders,clients=orders"`
		All framework.Rule `grpc:"*,timeout=2s"`
		Get framework.Rule `grpc:"Get,timeout=300ms"`
	}
	chain, err := framework.NewClientChain(
		framework.Target("orders"), framework.Policy(OrdersCalls{}),
		framework.Use(reader("timeout", framework.StageAdmit, timeoutKey)),
	)
	fmt.Println(chain.Explain("/acme.shop.v1.Orders/Get").Rules[0].Value, err)
	// Output: 300ms <nil>
}

// A field that is a function checks each request.
func ExamplePolicy_check() {
	type DummyPolicy struct {
		_       struct{}                                           `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		Execute func(context.Context, *dummypb.DummyRequest) error `grpc:"Execute"`
	}
	client, stop := serve([]framework.Part{framework.Policy(DummyPolicy{
		Execute: func(_ context.Context, r *dummypb.DummyRequest) error {
			if r.GetInput() == "" {
				return status.Error(codes.InvalidArgument, "say something")
			}
			return nil
		},
	})}, nil)
	defer stop()
	for _, input := range []string{"hello", ""} {
		_, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: input})
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// rpc error: code = InvalidArgument desc = say something
}

// What the fields of a policy struct say, in code.
func ExampleRules() {
	chain := bound(
		framework.Rules("*", timeoutKey.Set(2*time.Second)),
		framework.Rules("acme.shop.v1.Orders/Get", timeoutKey.Set(300*time.Millisecond), rateKey.Set("100/s")),
	)
	rules(chain, "/acme.shop.v1.Orders/Get")
	rules(chain, "/acme.shop.v1.Orders/Put")
	// Output:
	// /acme.shop.v1.Orders/Get timeout 300ms
	// /acme.shop.v1.Orders/Get rate 100/s
	// /acme.shop.v1.Orders/Put timeout 2s
}

func ExampleKey_Set() {
	fmt.Println(MaxInput.Set(100))
	// Output: max.input=100
}

// What a file of rules says reads as a tag does.
func ExampleKey_Parse() {
	s, err := MaxInput.Parse("100")
	fmt.Println(s, err)
	_, err = MaxInput.Parse("many")
	fmt.Println(err)
	// Output:
	// max.input=100 <nil>
	// max.input: "many" is not a number of bytes; write one from 1 up
}

// Two links read the key; each has a rule of its own. In a tag: `grpc:"Get,limits.rate=100/s,tenants.rate=10/s"`.
func ExampleSetting_For() {
	chain := bound(
		framework.Use(reader("tenants", framework.StageAdmit, rateKey)),
		framework.Rules("acme.shop.v1.Orders/Get", rateKey.Set("100/s").For("limits"), rateKey.Set("10/s").For("tenants")),
	)
	rules(chain, "/acme.shop.v1.Orders/Get")
	// Output:
	// /acme.shop.v1.Orders/Get limits.rate 100/s
	// /acme.shop.v1.Orders/Get tenants.rate 10/s
}

// The protos say which methods have no side effects; those may be called more often. A tag, or Rules, would win.
func ExamplePolicyFrom() {
	chain := bound(framework.PolicyFrom(func(d protoreflect.MethodDescriptor) ([]framework.Setting, error) {
		o, _ := d.Options().(*descriptorpb.MethodOptions)
		if o.GetIdempotencyLevel() == descriptorpb.MethodOptions_NO_SIDE_EFFECTS {
			return []framework.Setting{rateKey.Set("1000/s")}, nil
		}
		return []framework.Setting{rateKey.Set("10/s")}, nil
	}))
	rules(chain, "/acme.shop.v1.Orders/Get")
	rules(chain, "/acme.shop.v1.Orders/Create")
	// Output:
	// /acme.shop.v1.Orders/Get rate 1000/s
	// /acme.shop.v1.Orders/Create rate 10/s
}
