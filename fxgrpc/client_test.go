package fxgrpc_test

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// TestClient has stubs by name and without, of two services on one connection, with links of their own.
func TestClient(t *testing.T) {
	t.Parallel()
	j := &journal{}
	var stubs struct {
		fx.In
		Dummy     dummypb.DummyServiceClient
		Named     dummypb.DummyServiceClient `name:"a"`
		B         dummypb.DummyServiceClient `name:"b"`
		Health    healthpb.HealthClient
		HealthToo healthpb.HealthClient    `name:"a"`
		Conn      grpc.ClientConnInterface `name:"a"`
	}
	rawUnary := func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, o ...grpc.CallOption) error {
		j.note("raw")
		return invoke(ctx, method, req, reply, cc, o...)
	}
	rawStream := func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, open grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
		return open(ctx, desc, cc, method, o...)
	}
	fxgrpctest.New(t, quiet, fx.Supply(j), served(fxgrpc.Defaults()),
		fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///a:443"), fxgrpc.Insecure()),
		fxgrpc.Stub("a", healthpb.NewHealthClient),
		fxgrpc.Client("b", dummypb.NewDummyServiceClient, fxgrpc.Address("b:443"), fxgrpc.Insecure(), fxgrpc.NamedOnly()),
		fxgrpc.Provide(newAudit, fxgrpc.OnClients("a")),
		fxgrpc.Parts(fxgrpc.OnClients("b"), framework.UseClient(rawUnary, rawStream)),
		fx.Populate(&stubs),
	)
	for _, tt := range []struct {
		name string
		call func(context.Context) error
		want []string
	}{
		{"unnamed", func(ctx context.Context) error {
			_, err := stubs.Dummy.Execute(ctx, &dummypb.DummyRequest{})
			return err
		}, []string{"audit"}},
		{"named", func(ctx context.Context) error {
			_, err := stubs.Named.Execute(ctx, &dummypb.DummyRequest{})
			return err
		}, []string{"audit"}},
		{"another client", func(ctx context.Context) error { _, err := stubs.B.Execute(ctx, &dummypb.DummyRequest{}); return err }, []string{"raw"}},
		{"another service", func(ctx context.Context) error {
			_, err := stubs.Health.Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		}, []string{"audit"}},
		{"another service, named", func(ctx context.Context) error {
			_, err := stubs.HealthToo.Check(ctx, &healthpb.HealthCheckRequest{})
			return err
		}, []string{"audit"}},
		{"the connection", func(ctx context.Context) error {
			return stubs.Conn.Invoke(ctx, execute, &dummypb.DummyRequest{}, &dummypb.DummyResponse{})
		}, []string{"audit"}},
		{"a stream", func(ctx context.Context) error {
			stream, err := stubs.Dummy.ExecuteClientStream(ctx)
			if err != nil {
				return err
			}
			_, err = stream.CloseAndRecv()
			return err
		}, []string{"audit"}},
	} {
		if err := tt.call(t.Context()); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if got := j.take(); !slices.Equal(got, tt.want) {
			t.Errorf("%s: the links noted %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestClientIsLazy dials at the first call, and is closed once, after those that have the stub.
func TestClientIsLazy(t *testing.T) {
	t.Parallel()
	j := &journal{}
	var stub dummypb.DummyServiceClient
	dialled := errors.New("dialled")
	dial := grpc.WithContextDialer(func(context.Context, string) (net.Conn, error) {
		j.note("dialled")
		return nil, dialled
	})
	app := fxtest.New(t, quiet, fxgrpc.Module,
		fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("passthrough:///a"), fxgrpc.Insecure(), fxgrpc.DialOptions(dial)),
		fx.Invoke(func(s dummypb.DummyServiceClient, lc fx.Lifecycle) {
			stub = s
			lc.Append(fx.StopHook(func(ctx context.Context) {
				_, err := s.Execute(ctx, &dummypb.DummyRequest{})
				j.note("the user: " + status.Code(err).String())
			}))
		}))
	app.RequireStart()
	if got := j.take(); len(got) > 0 {
		t.Errorf("before the first call: %q", got)
	}
	if _, err := stub.Execute(t.Context(), &dummypb.DummyRequest{}); status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "dialled") {
		t.Errorf("got %v", err)
	}
	app.RequireStop()
	if got := j.take(); !slices.Contains(got, "the user: Unavailable") {
		t.Errorf("the stub was closed before its user stopped: %q", got)
	}
	if _, err := stub.Execute(t.Context(), &dummypb.DummyRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("after the app: %v", err)
	}
}

// TestClientNeverUsed is stopped without having been dialled.
func TestClientNeverUsed(t *testing.T) {
	t.Parallel()
	var stub dummypb.DummyServiceClient
	fxtest.New(t, quiet, fxgrpc.Module, fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1")), fx.Populate(&stub)).
		RequireStart().RequireStop()
	if _, err := stub.Execute(t.Context(), &dummypb.DummyRequest{}); status.Code(err) != codes.Canceled {
		t.Errorf("unary: %v", err)
	}
	if _, err := stub.ExecuteClientStream(t.Context()); status.Code(err) != codes.Canceled {
		t.Errorf("stream: %v", err)
	}
}
