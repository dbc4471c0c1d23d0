package fxgrpctest

import (
	"context"
	"net"
	"slices"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sluice-go/sluice/fxgrpc"
)

// An App is an app that runs. What it embeds starts and stops it; New has started it, and stops it when the test ends.
type App struct {
	*fxtest.App
	Plan   *fxgrpc.Plan
	memory *memory
}

// New starts an app of the options, which are those of the app itself and what the test replaces. Every server listens
// in memory, but for one that was given a Listener. A client of the app reaches the server that listens on its address,
// else the one of its name, else the app's only one; where there is none its calls are UNAVAILABLE and say so. A mistake
// in the options fails the test.
func New(t testing.TB, opts ...fx.Option) *App {
	t.Helper()
	app := &App{memory: &memory{servers: map[string]listening{}}}
	app.App = fxtest.New(t, fx.Options(opts...),
		fx.Replace(fxgrpc.Network{Listen: app.memory.listen, Dial: app.memory.dial}),
		fx.Populate(&app.Plan))
	app.RequireStart()
	t.Cleanup(func() { app.RequireStop() })
	return app
}

// Conn is a connection to a server, by its name, "default" for the one without. It is in plaintext unless an option has
// other credentials, and is closed when the test ends. A name that no server has fails the test.
func (a *App) Conn(t testing.TB, server string, o ...grpc.DialOption) *grpc.ClientConn {
	t.Helper()
	if !slices.Contains(a.Plan.Servers(), server) {
		t.Fatalf("fxgrpctest: the app has no server %q; there are %q", server, a.Plan.Servers())
	}
	target, options := a.dial(server)
	options = append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, options...)
	conn, err := grpc.NewClient(target, append(options, o...)...)
	if err != nil {
		t.Fatalf("fxgrpctest: server %q: %v", server, err)
	}
	t.Cleanup(func() { _ = conn.Close() }) // the test may have closed it
	return conn
}

// dial is how to reach a server: in memory, or where its own listener is.
func (a *App) dial(server string) (string, []grpc.DialOption) {
	l := a.memory.of(server)
	if l == nil {
		return "passthrough:///" + a.Plan.Addr(server).String(), nil
	}
	dialer := func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }
	return "passthrough:///" + server, []grpc.DialOption{grpc.WithContextDialer(dialer)}
}
