// Quickstart is a server and a client in one fx app, over a real connection: four kinds of RPC, one that fails with a
// domain error, one that panics, and an interceptor of ten lines on both sides of all of them.
//
//	go run ./examples/quickstart
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/examples/quickstart/greetpb"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/fxgrpc"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run starts the app, makes the calls, and stops it.
func run(ctx context.Context, out io.Writer) error {
	lis, err := net.Listen("tcp", "127.0.0.1:0") // the client must know the port
	if err != nil {
		return err
	}
	var client greetpb.GreeterClient
	var plan *fxgrpc.Plan
	// region app
	app := fx.New(
		fxgrpc.Module,
		fxgrpc.Defaults(), // requestid, logging, translate, recovery, health
		fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listener(lis)),
		fxgrpc.Service(greetpb.RegisterGreeterServer, fxgrpc.From(NewGreeter)),
		fxgrpc.Client("greeter", greetpb.NewGreeterClient, fxgrpc.Insecure(), fxgrpc.Address(lis.Addr().String())),
		fxgrpc.Provide(NewCounter, framework.Name("counter"), fxgrpc.OnServers(), fxgrpc.OnClients("greeter")),
		fxgrpc.Errors(errmap.On(ErrStranger, errmap.NotFound, errmap.Reason("STRANGER"), errmap.Domain("greet.example.com"))),
		fx.Provide(func() io.Writer { return out }, NewLogger),
		fx.Populate(&client, &plan),
		fx.NopLogger,
	)
	// endregion
	if err := app.Start(ctx); err != nil {
		return err
	}
	explain(out, plan)
	tour(ctx, out, client)
	return app.Stop(ctx)
}

// explain prints which links an RPC passes on the server, and on the client.
func explain(out io.Writer, plan *fxgrpc.Plan) {
	const method = "/sluice.examples.greet.v1.Greeter/Greet"
	fmt.Fprintf(out, `
A server and a client in one fx app, talking over TCP on this machine. Lines with "level=" are the log.
An RPC passes these links, first is outermost:

%v
%v`, plan.ServerChain(fxgrpc.DefaultServer).Explain(method), plan.ClientChain("greeter").Explain(method))
}

// NewLogger makes the logger of everything, without what differs from run to run.
func NewLogger(out io.Writer) *slog.Logger {
	differs := map[string]bool{
		slog.TimeKey: true, "grpc.start_time": true, "grpc.time_ms": true, "peer.address": true,
		"address": true, "stack": true, "plan": true, "protocol": true, "grpc.service": true, "request.id": true,
	}
	return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if differs[a.Key] {
			return slog.Attr{}
		}
		return a
	}}))
}
