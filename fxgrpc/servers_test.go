package fxgrpc_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// TestServers has two servers with links of their own beside shared ones, and services on one or both.
func TestServers(t *testing.T) {
	t.Parallel()
	j := &journal{}
	type adminOnly struct{ audit }
	app := fxgrpctest.New(t, quiet, fx.Supply(j), fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Named("public"), fxgrpc.Insecure()),
		fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()),
		dummies(),
		fxgrpc.Service(healthpb.RegisterHealthServer, fxgrpc.From(health.NewServer), fxgrpc.OnServers("admin")),
		fxgrpc.Provide(newAudit, framework.Name("shared")),
		fxgrpc.Provide(newGuard, fxgrpc.With(Options{"public"}), fxgrpc.As("public"), fxgrpc.OnServers("public")),
		fxgrpc.Provide(newGuard, fxgrpc.With(Options{"admin"}), fxgrpc.As("admin"), fxgrpc.OnServers("admin"), framework.On("sluice.testing.v1.*")),
		fxgrpc.Provide(func(j *journal) *adminOnly { return &adminOnly{audit{j, "admin only"}} }, fxgrpc.OnServers("admin"), framework.Before("shared")),
		fxgrpc.Parts(fxgrpc.OnServers("admin"), framework.UseServer(rawUnary, rawStream, framework.Name("company"))),
	)
	for server, want := range map[string][]string{
		"public": {"guard of public", "audit"},
		"admin":  {"guard of admin", "admin only", "audit"},
	} {
		if _, err := dummypb.NewDummyServiceClient(app.Conn(t, server)).Execute(t.Context(), &dummypb.DummyRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := j.take(); !slices.Equal(got, want) {
			t.Errorf("on %s the links noted %q, want %q", server, got, want)
		}
	}
	if got := app.Plan.Servers(); !slices.Equal(got, []string{"admin", "public"}) {
		t.Errorf("the servers are %q", got)
	}
	want := `server "admin"
  /grpc.health.v1.Health/Check  company fxgrpc_test shared
  /grpc.health.v1.Health/List  company fxgrpc_test shared
  /grpc.health.v1.Health/Watch  company fxgrpc_test shared
  /sluice.testing.v1.DummyService/Execute  admin company fxgrpc_test shared
  /sluice.testing.v1.DummyService/ExecuteClientServerStream  admin company fxgrpc_test shared
  /sluice.testing.v1.DummyService/ExecuteClientStream  admin company fxgrpc_test shared
  /sluice.testing.v1.DummyService/ExecuteServerStream  admin company fxgrpc_test shared
server "public"
  /sluice.testing.v1.DummyService/Execute  public shared
  /sluice.testing.v1.DummyService/ExecuteClientServerStream  public shared
  /sluice.testing.v1.DummyService/ExecuteClientStream  public shared
  /sluice.testing.v1.DummyService/ExecuteServerStream  public shared
`
	if got := app.Plan.String(); got != want {
		t.Errorf("the Plan is\n%swant\n%s", got, want)
	}
}

// TestImplementations has a service with an implementation of its own on each server.
func TestImplementations(t *testing.T) {
	t.Parallel()
	answers := func(text string) func() dummypb.DummyServiceServer {
		return func() dummypb.DummyServiceServer {
			s := newDummy()
			s.SpecialCases = map[string]func(context.Context, string) (string, error){"who": func(context.Context, string) (string, error) { return text, nil }}
			return s
		}
	}
	app := fxgrpctest.New(t, quiet, fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()),
		fx.Provide(answers("default"), fx.Annotate(answers("graph"), fx.ResultTags(`name:"graph"`))),
		fxgrpc.Server(fxgrpc.Named("third"), fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.OnServers("default")),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.OnServers("admin"), fxgrpc.From(answers("admin")), fxgrpc.As("admin")),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.OnServers("third"), fxgrpc.As("graph")),
	)
	for server, want := range map[string]string{"default": "default", "admin": "admin", "third": "graph"} {
		got, err := dummypb.NewDummyServiceClient(app.Conn(t, server)).Execute(t.Context(), &dummypb.DummyRequest{Input: "who"})
		if err != nil || got.GetOutput() != want {
			t.Errorf("%s answers %v, %v", server, got, err)
		}
	}
}

// TestImplementationReplaced has a test's own implementation, of the type that From makes.
func TestImplementationReplaced(t *testing.T) {
	t.Parallel()
	fake := newDummy()
	fake.SpecialCases = map[string]func(context.Context, string) (string, error){"who": func(context.Context, string) (string, error) { return "fake", nil }}
	app := fxgrpctest.New(t, quiet, served(), fx.Replace(fake))
	got, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).Execute(t.Context(), &dummypb.DummyRequest{Input: "who"})
	if err != nil || got.GetOutput() != "fake" {
		t.Errorf("got %v, %v", got, err)
	}
}

// TestGRPCServer has what the app registers itself, on servers of the graph, checked when it starts.
func TestGRPCServer(t *testing.T) {
	t.Parallel()
	type servers struct {
		fx.In
		Default *grpc.Server
		Admin   *grpc.Server `name:"admin"`
	}
	itself := fx.Invoke(func(s servers) {
		healthpb.RegisterHealthServer(s.Default, health.NewServer())
		healthpb.RegisterHealthServer(s.Admin, health.NewServer())
	})
	admin := fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure())

	app := fxgrpctest.New(t, quiet, itself, served(), admin, fxgrpc.Defaults())
	fxgrpctest.AssertChain(t, app, check, "requestid", "logging", "translate", "recovery")

	err := fx.New(quiet, served(), admin, itself, fxgrpc.Use(passing, fxgrpc.OnServers("admin"), framework.On("x.Y/*"))).Start(t.Context())
	if err == nil || !strings.Contains(err.Error(), "servers_test.go:") {
		t.Errorf("a pattern that matches nothing the app registered: %v", err)
	}
	err = build(itself, served(), admin, fxgrpc.Service(healthpb.RegisterHealthServer, fxgrpc.From(health.NewServer)))
	if err == nil || !strings.Contains(err.Error(), "the app registered it itself") {
		t.Errorf("a service that the app registered itself: %v", err)
	}
}

// TestLimits has headers that are too long, and an option of the app's that allows them.
func TestLimits(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts []fxgrpc.ServerOption
		want codes.Code
	}{
		{"16 KiB", nil, codes.Internal},
		{"the app's", []fxgrpc.ServerOption{fxgrpc.ServerOptions(grpc.MaxHeaderListSize(1 << 20))}, codes.OK},
	} {
		app := fxgrpctest.New(t, quiet, fxgrpc.Module, dummies(), fxgrpc.Server(append(tt.opts, fxgrpc.Insecure())...))
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-long", strings.Repeat("x", 17<<10))
		_, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).Execute(ctx, &dummypb.DummyRequest{})
		if status.Code(err) != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, err, tt.want)
		}
	}
}

// TestMessageLimit has a message of more than 4 MiB, each way.
func TestMessageLimit(t *testing.T) {
	t.Parallel()
	app := fxgrpctest.New(t, quiet, served())
	client := dummypb.NewDummyServiceClient(app.Conn(t, "default", grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(1<<30))))
	_, err := client.Execute(t.Context(), &dummypb.DummyRequest{Input: strings.Repeat("x", 4<<20)})
	if status.Code(err) != codes.ResourceExhausted {
		t.Errorf("got %v", err)
	}
}
