package fxgrpctest_test

import (
	"context"
	"testing"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// greeting is what the app greets with.
type greeting string

// app is the app that is tested.
var app = fx.Options(
	fxgrpc.Module,
	fxgrpc.Defaults(),
	fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listen("tcp", ":8443")),
	fx.Supply(greeting("hello ")),
	fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func(g greeting) *frameworktest.DummyService {
		return &frameworktest.DummyService{SpecialCases: map[string]func(context.Context, string) (string, error){
			"world": func(_ context.Context, input string) (string, error) { return string(g) + input, nil },
		}}
	})),
	fxgrpc.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		return next(ctx, call)
	}), framework.Name("audit"), framework.Except("grpc.health.v1.Health/*")),
)

// TestApp is how an app is tested: built, its chains, and an answer with something replaced.
func TestApp(t *testing.T) {
	fxgrpctest.Validate(t, app)

	running := fxgrpctest.New(t, fx.NopLogger, app, fx.Replace(greeting("goodbye ")))
	fxgrpctest.AssertChain(t, running, execute, "requestid", "logging", "translate", "recovery", "audit")
	fxgrpctest.AssertChain(t, running, "/grpc.health.v1.Health/Check", "requestid", "logging", "translate", "recovery")

	answer, err := dummypb.NewDummyServiceClient(running.Conn(t, "default")).Execute(t.Context(), &dummypb.DummyRequest{Input: "world"})
	if err != nil || answer.GetOutput() != "goodbye world" {
		t.Errorf("got %v, %v", answer, err)
	}
}
