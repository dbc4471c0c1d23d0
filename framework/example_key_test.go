package framework_test

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// MaxInput is a rule key: how long an input may be.
var MaxInput = framework.NewKey("max.input", func(value string) (int, error) {
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("%q is not a number of bytes; write one from 1 up", value)
	}
	return n, nil
})

// A Limiter refuses requests that are longer than the method's rule allows.
type Limiter struct{}

// Placement lists the key: rules that say it are for this interceptor.
func (Limiter) Placement() framework.Placement {
	return framework.Placement{Name: "limiter", Stage: framework.StageAdmit, Keys: []framework.AnyKey{MaxInput}}
}

// Bind reads the rule once for each method, and leaves alone those without one.
func (Limiter) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	most, ok := MaxInput.Of(m)
	if !ok {
		return nil, nil
	}
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnRequest(func(_ context.Context, msg any) (any, error) {
			if r, ok := msg.(*dummypb.DummyRequest); ok && len(r.GetInput()) > most {
				return nil, status.Errorf(codes.InvalidArgument, "input is longer than %d bytes", most)
			}
			return msg, nil
		})
		return next(ctx, call)
	}), nil
}

// Intercept is for methods that Bind was not asked about: there are none.
func (Limiter) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// A whole interceptor with a rule of its own, which policies set by tag or by option.
func ExampleKey() {
	type DummyPolicy struct {
		_       struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All     framework.Rule `grpc:"*,max.input=100"`
		Execute framework.Rule `grpc:"Execute,max.input=3"`
	}
	client, stop := serve([]framework.Part{framework.Use(Limiter{}), framework.Policy(DummyPolicy{})}, nil)
	defer stop()
	for _, input := range []string{"foo", "long"} {
		out, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: input})
		fmt.Println(out.GetOutput(), err)
	}
	// Output:
	// foo <nil>
	//  rpc error: code = InvalidArgument desc = input is longer than 3 bytes
}

// A key that can write its values shows what Set was given as a tag would say it, and refuses what a tag could not.
func ExampleKey_WithText() {
	key := MaxInput.WithText(strconv.Itoa)
	fmt.Println(key.Set(100))
	limiter := framework.InterceptorFunc(passThrough)
	_, err := framework.NewServerChain(
		framework.DeclaredAt("main.go:7", framework.Rules("*", key.Set(-1))),
		framework.Use(placed{limiter, framework.Placement{Name: "limiter", Keys: []framework.AnyKey{key}}}))
	fmt.Println(err)
	// Output:
	// max.input=100
	// framework: Rules (main.go:7): max.input: "-1" is not a number of bytes; write one from 1 up
}

// placed is an interceptor with a placement.
type placed struct {
	framework.Interceptor
	placement framework.Placement
}

func (p placed) Placement() framework.Placement { return p.placement }

// picky is a Limiter for methods that stream nothing.
type picky struct{ Limiter }

func (picky) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	if _, ok := MaxInput.Of(m); ok && m.Kind != framework.Unary {
		return nil, MaxInput.Errorf(m, "it is for unary methods; name them in the rule")
	}
	return Limiter{}, nil
}

// What Bind finds wrong with a rule is said where the rule stands.
func ExampleKey_Errorf() {
	chain, err := framework.NewServerChain(framework.Use(picky{}),
		framework.DeclaredAt("main.go:7", framework.Rules("DummyService/ExecuteServerStream", MaxInput.Set(100))))
	if err == nil {
		err = chain.Bind(dummyServices())
	}
	fmt.Println(err)
	// Output:
	// framework: Rules (main.go:7): max.input of /sluice.testing.v1.DummyService/ExecuteServerStream: it is for unary methods; name them in the rule
}
