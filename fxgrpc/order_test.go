package fxgrpc_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

// A numbered interceptor has a type of its own for every N.
type numbered[N any] struct{}

func newNumbered[N any]() *numbered[N] { return &numbered[N]{} }

func (*numbered[N]) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

func rawUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func rawStream(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, s)
}

// TestOrder starts an app again and again, whose groups fx shuffles and whose options the test does.
func TestOrder(t *testing.T) {
	t.Parallel()
	opts := []fx.Option{
		fxgrpc.Provide(newNumbered[int8], framework.Name("delta")),
		fxgrpc.Provide(newNumbered[int16], framework.Name("bravo"), framework.After("hotel")),
		fxgrpc.Provide(newNumbered[int32], fxgrpc.As("echo")),
		fxgrpc.Provide(newNumbered[int64], framework.At(framework.StageObserve), framework.Name("zulu")),
		fxgrpc.Provide(newNumbered[int]),
		fxgrpc.Provide(newNumbered[uint], fxgrpc.OnServers("default")),
		fxgrpc.Use(passing, framework.Name("alpha")),
		fxgrpc.Parts(framework.UseServer(rawUnary, rawStream, framework.Name("hotel")), framework.UseServer(rawUnary, rawStream, framework.Name("golf"))),
	}
	want := []string{"zulu", "alpha", "delta", "echo", "fxgrpc_test", "fxgrpc_test#2", "golf", "hotel", "bravo"}
	places := ""
	for range shuffles {
		rand.Shuffle(len(opts), func(i, j int) { opts[i], opts[j] = opts[j], opts[i] })
		chain := startAndStop(t, served(opts...)).ServerChain("default")
		if got := chain.Explain(execute).Names(); !slices.Equal(got, want) {
			t.Fatalf("the links are %q, want %q", got, want)
		}
		if places == "" {
			places = chain.String()
		}
		if got := chain.String(); got != places {
			t.Fatalf("the chain is\n%swas\n%s", got, places)
		}
	}
}

// startAndStop is the Plan of an app that was started, and is stopped.
func startAndStop(t *testing.T, opts ...fx.Option) *fxgrpc.Plan {
	t.Helper()
	var p *fxgrpc.Plan
	app := fx.New(quiet, fx.Options(opts...), fx.Populate(&p))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// TestOrderUnknown has links that nothing tells apart.
func TestOrderUnknown(t *testing.T) {
	t.Parallel()
	var opts []fx.Option
	for range 2 {
		opts = append(opts, fxgrpc.Use(passing))
	}
	err := build(served(opts...))
	if err == nil || !strings.Contains(err.Error(), `two links declared here are called "func"`) || !strings.Contains(err.Error(), "order_test.go:") {
		t.Errorf("got %v", err)
	}
}

// TestStub has a service and an interceptor that call other services, by stubs of the same app.
func TestStub(t *testing.T) {
	t.Parallel()
	type caller struct {
		framework.Interceptor
		stub dummypb.DummyServiceClient
	}
	p := plan(t,
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func(stub dummypb.DummyServiceClient) dummypb.DummyServiceServer {
			return newDummy()
		})),
		fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1")),
		fxgrpc.Client("b", dummypb.NewDummyServiceClient, fxgrpc.Address("b:1"), fxgrpc.NamedOnly()),
		fxgrpc.Provide(func(stub dummypb.DummyServiceClient) *caller { return &caller{passing, stub} }, framework.Name("inbound")),
		fxgrpc.Provide(func(p struct {
			fx.In
			Stub dummypb.DummyServiceClient `name:"a"`
		},
		) *numbered[int] {
			return newNumbered[int]()
		}, fxgrpc.OnClients("b"), framework.Name("outbound")),
		fxgrpc.Defaults(),
	)
	for _, tt := range []struct {
		chain interface {
			Explain(string) framework.Explanation
		}
		want []string
	}{
		{p.ServerChain("default"), []string{"requestid", "logging", "translate", "recovery", "inbound"}},
		{p.ClientChain("a"), []string{"requestid", "logging", "translate"}},
		{p.ClientChain("b"), []string{"outbound", "requestid", "logging", "translate"}},
	} {
		if got := tt.chain.Explain(execute).Names(); !slices.Equal(got, tt.want) {
			t.Errorf("the links are %q, want %q", got, tt.want)
		}
	}
}
