package fxgrpc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/modules/logging"
)

// greeter answers "hello".
type greeter struct {
	dummypb.UnimplementedDummyServiceServer
}

func newGreeter() *greeter { return &greeter{} }

func (*greeter) Execute(_ context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	if r.GetInput() == "" {
		return nil, errNobody
	}
	return &dummypb.DummyResponse{Output: "hello " + r.GetInput()}, nil
}

var errNobody = errors.New("nobody to greet")

// stamp prints the method of every RPC that it is around.
type stamp struct{ text string }

func newStamp() *stamp { return &stamp{"stamped"} }

func (s *stamp) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	fmt.Println(s.text, call.Method().Name)
	return next(ctx, call)
}

// example is what the examples have beside what they show: no logs, and a network in memory.
func example() fx.Option {
	l := bufconn.Listen(1 << 16)
	return fx.Options(fx.NopLogger, fx.Supply(slog.New(slog.DiscardHandler), fxgrpc.Network{
		Listen: func(context.Context, string, string, string) (net.Listener, error) { return l, nil },
		Dial: func(string, string) (string, []grpc.DialOption) {
			return "passthrough:///memory", []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) })}
		},
	}))
}

// run starts an app, and stops it when f has returned.
func run(f func(), opts ...fx.Option) {
	app := fx.New(example(), fx.Options(opts...))
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	f()
	if err := app.Stop(context.Background()); err != nil {
		fmt.Println(err)
	}
}

func greet(stub dummypb.DummyServiceClient, name string) {
	answer, err := stub.Execute(context.Background(), &dummypb.DummyRequest{Input: name})
	if err != nil {
		fmt.Println(status.Code(err), status.Convert(err).Message())
		return
	}
	fmt.Println(answer.GetOutput())
}

// A whole app: a server with a service, an interceptor, and a client.
func Example() {
	app := fx.New(
		example(), // without logs, and with a network in memory
		fxgrpc.Module,
		fxgrpc.Defaults(),
		fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listen("tcp", "127.0.0.1:8443")),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Provide(newStamp, framework.Name("stamp"), framework.Except("grpc.health.v1.Health/*")),
		fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("127.0.0.1:8443")),
		fx.Invoke(func(lc fx.Lifecycle, stub dummypb.DummyServiceClient, p *fxgrpc.Plan) {
			lc.Append(fx.StartHook(func() {
				fmt.Println(p.ServerChain("default").Explain("/sluice.testing.v1.DummyService/Execute").Names())
				greet(stub, "world")
			}))
		}),
	)
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		fmt.Println(err)
	}
	// Output:
	// [requestid logging translate recovery stamp]
	// stamped Execute
	// hello world
}

func ExampleServer() {
	var p *fxgrpc.Plan
	run(func() { fmt.Println(p) },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter), fxgrpc.OnServers("default")),
		fxgrpc.Provide(newStamp, framework.Name("stamp")),
		fx.Populate(&p))
	// Output:
	// server "admin"
	// server "default"
	//   /sluice.testing.v1.DummyService/Execute  stamp
	//   /sluice.testing.v1.DummyService/ExecuteClientServerStream  stamp
	//   /sluice.testing.v1.DummyService/ExecuteClientStream  stamp
	//   /sluice.testing.v1.DummyService/ExecuteServerStream  stamp
}

func ExampleNamed() {
	type servers struct {
		fx.In
		Admin *grpc.Server `name:"admin"`
	}
	run(func() {},
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()),
		fx.Invoke(func(s servers) {
			dummypb.RegisterDummyServiceServer(s.Admin, newGreeter()) // the app's own way
			fmt.Println(len(s.Admin.GetServiceInfo()))
		}))
	// Output: 1
}

func ExampleListen() {
	var p *fxgrpc.Plan
	app := fx.New(fx.NopLogger, fx.Supply(slog.New(slog.DiscardHandler)),
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listen("tcp", "127.0.0.1:0")),
		fx.Populate(&p))
	_ = app.Start(context.Background())
	fmt.Println(p.Addr("default").(*net.TCPAddr).Port > 0)
	_ = app.Stop(context.Background())
	// Output: true
}

func ExampleListener() {
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	var p *fxgrpc.Plan
	run(func() { fmt.Println(p.Addr("default") == l.Addr()) },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listener(l)),
		fx.Populate(&p))
	// Output: true
}

func ExampleServerOptions() {
	server := fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.ServerOptions(
		grpc.MaxConcurrentStreams(1000),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionAge: time.Hour}),
	))
	fmt.Println(fx.ValidateApp(fx.NopLogger, fxgrpc.Module, server))
	// Output: <nil>
}

func ExampleDrain() {
	// Time for a load balancer to see NOT_SERVING, then for calls to end.
	server := fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Drain(5*time.Second, 30*time.Second))
	fmt.Println(fx.ValidateApp(fx.NopLogger, fxgrpc.Module, server, fx.StopTimeout(time.Minute)))
	// Output: <nil>
}

// ticker has a stream that ends only because the server does.
type ticker struct {
	dummypb.UnimplementedDummyServiceServer
}

func (*ticker) ExecuteServerStream(_ *dummypb.DummyRequest, stream grpc.ServerStreamingServer[dummypb.DummyResponse]) error {
	if err := stream.Send(&dummypb.DummyResponse{Output: "tick"}); err != nil {
		return err
	}
	select {
	case <-fxgrpc.Draining(stream.Context()):
		return errmap.Unavailable.New("come back to another server")
	case <-stream.Context().Done():
		return stream.Context().Err()
	}
}

func ExampleDraining() {
	var stub dummypb.DummyServiceClient
	var stream grpc.ServerStreamingClient[dummypb.DummyResponse]
	run(func() {
		stream, _ = stub.ExecuteServerStream(context.Background(), &dummypb.DummyRequest{})
		tick, _ := stream.Recv()
		fmt.Println(tick.GetOutput())
	},
		fxgrpc.Module,
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *ticker { return &ticker{} })))
	_, err := stream.Recv()
	fmt.Println(status.Code(err), status.Convert(err).Message())
	// Output:
	// tick
	// Unavailable come back to another server
}

func ExampleEndStreams() {
	var stub dummypb.DummyServiceClient
	var stream grpc.BidiStreamingClient[dummypb.DummyRequest, dummypb.DummyResponse]
	run(func() {
		stream, _ = stub.ExecuteClientServerStream(context.Background())
		_, _ = stream.Header() // it is open
	},
		fxgrpc.Module,
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub),
		fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.EndStreams(0)),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *waiter { return &waiter{} })))
	_, err := stream.Recv()
	fmt.Println(status.Code(err), status.Convert(err).Message())
	// Output: Unavailable the server is draining
}

// waiter has a stream that waits for a message and looks at nothing else.
type waiter struct {
	dummypb.UnimplementedDummyServiceServer
}

func (*waiter) ExecuteClientServerStream(stream grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	if err := stream.SendHeader(nil); err != nil {
		return err
	}
	_, err := stream.Recv()
	return err
}

func ExampleWaitReady() {
	client := fxgrpc.Client("orders", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///orders:443"), fxgrpc.WaitReady())
	fmt.Println(fx.ValidateApp(fx.NopLogger, fxgrpc.Module, client))
	// Output: <nil>
}

func ExampleInsecure() {
	fmt.Println(fx.ValidateApp(fx.NopLogger, fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure())))
	// Output: <nil>
}

func ExampleTLS() {
	server := fxgrpc.Server(fxgrpc.TLS(&tls.Config{
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return nil, errors.New("not in an example") },
	}))
	client := fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///greeter:443"),
		fxgrpc.TLS(&tls.Config{ServerName: "greeter.example.com"}))
	fmt.Println(fx.ValidateApp(fx.NopLogger, fxgrpc.Module, server, client))
	// Output: <nil>
}

func ExampleTLSFiles() {
	server := fxgrpc.Server(fxgrpc.TLSFiles("/etc/greeter/tls.crt", "/etc/greeter/tls.key", ""))
	fmt.Println(fx.ValidateApp(fx.NopLogger, fxgrpc.Module, server)) // reads no file; fx.New does
	// Output: <nil>
}

func ExampleService() {
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "graph") },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fx.Provide(func() dummypb.DummyServiceServer { return newGreeter() }),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output: hello graph
}

func ExampleFrom() {
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "constructor") },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output: hello constructor
}

func ExampleClient() {
	run(func() {},
		fxgrpc.Module,
		fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///greeter:443")),
		fx.Invoke(func(stub dummypb.DummyServiceClient) { fmt.Println(stub != nil) }))
	// Output: true
}

func ExampleDialOptions() {
	client := fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///greeter:443"),
		fxgrpc.DialOptions(grpc.WithUserAgent("example"), grpc.WithDefaultServiceConfig(`{"loadBalancingConfig":[{"round_robin":{}}]}`)))
	fmt.Println(fx.New(fx.NopLogger, fxgrpc.Module, client).Err())
	// Output: <nil>
}

func ExampleNamedOnly() {
	type stubs struct {
		fx.In
		East dummypb.DummyServiceClient `name:"east"`
		West dummypb.DummyServiceClient `name:"west"`
	}
	run(func() {},
		fxgrpc.Module,
		fxgrpc.Client("east", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///east:443"), fxgrpc.NamedOnly()),
		fxgrpc.Client("west", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///west:443"), fxgrpc.NamedOnly()),
		fx.Invoke(func(s stubs) { fmt.Println(s.East != s.West) }))
	// Output: true
}

func ExampleStub() {
	run(func() {},
		fxgrpc.Module,
		fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.Address("dns:///greeter:443")),
		fxgrpc.Stub("greeter", healthpb.NewHealthClient),
		fx.Invoke(func(_ dummypb.DummyServiceClient, h healthpb.HealthClient) { fmt.Println(h != nil) }))
	// Output: true
}

func ExampleProvide() {
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "chain") },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Provide(newStamp, framework.On("sluice.testing.v1.DummyService/*")),
		fx.Decorate(func(s *stamp) *stamp { return &stamp{s.text + " and decorated"} }),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output:
	// stamped and decorated Execute
	// hello chain
}

func ExampleWith() {
	var p *fxgrpc.Plan
	run(func() { fmt.Println(p.ServerChain("default").Explain(execute).Names()) },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Provide(logging.New, fxgrpc.With(logging.Options{StartLine: true})),
		fx.Populate(&p))
	// Output: [logging]
}

func ExampleAs() {
	named := func(text string) func() *stamp { return func() *stamp { return &stamp{text} } }
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "twice") },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Provide(named("one"), fxgrpc.As("one")),
		fxgrpc.Provide(named("two"), fxgrpc.As("two")),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output:
	// one Execute
	// two Execute
	// hello twice
}

func ExampleUse() {
	polite := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		defer fmt.Println("thanks")
		return next(ctx, call)
	})
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "you") },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Use(polite, framework.Name("polite")),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output:
	// thanks
	// hello you
}

func ExampleParts() {
	company := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		fmt.Println("the company's", info.FullMethod)
		return handler(ctx, req)
	}
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "company") },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Parts(fxgrpc.OnServers("default"), framework.UseServer(company, nil, framework.UnaryOnly())),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output:
	// the company's /sluice.testing.v1.DummyService/Execute
	// hello company
}

func ExampleOnServers() {
	var p *fxgrpc.Plan
	run(func() {
		for _, server := range p.Servers() {
			fmt.Println(server, p.ServerChain(server).Explain(execute).Names())
		}
	},
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()),
		fxgrpc.Server(fxgrpc.Named("public"), fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter), fxgrpc.OnServers("public", "admin")),
		fxgrpc.Provide(newStamp, framework.Name("stamp"), fxgrpc.OnServers("public")),
		fx.Populate(&p))
	// Output:
	// admin []
	// public [stamp]
}

func ExampleOnClients() {
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "from a client") },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fxgrpc.Provide(newStamp, fxgrpc.OnClients("me")),
		fx.Populate(&stub))
	// Output:
	// stamped Execute
	// hello from a client
}

func ExampleErrors() {
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "") },
		fxgrpc.Module,
		fxgrpc.Defaults(),
		fxgrpc.Errors(errmap.On(errNobody, errmap.InvalidArgument)),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output: InvalidArgument nobody to greet
}

func ExampleErrorsFrom() {
	rules := func(p struct {
		fx.In
		Text string `name:"nobody"`
	},
	) errmap.Rule {
		return errmap.On(errNobody, errmap.NotFound, errmap.Message(p.Text))
	}
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "") },
		fxgrpc.Module,
		fxgrpc.Defaults(),
		fxgrpc.ErrorsFrom(rules),
		fx.Provide(fx.Annotate(func() string { return "who?" }, fx.ResultTags(`name:"nobody"`))),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&stub))
	// Output: NotFound who?
}

func ExampleDefaults() {
	var p *fxgrpc.Plan
	run(func() {
		fmt.Println(p.ServerChain("default").Explain(execute).Names())
		fmt.Println(slices.Contains(p.Methods("default"), "/grpc.health.v1.Health/Check"))
		fmt.Println(p.ClientChain("me").Explain(execute).Names())
	},
		fxgrpc.Module,
		fxgrpc.Defaults(),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&p))
	// Output:
	// [requestid logging translate recovery]
	// true
	// [requestid logging translate]
}

func ExampleWithout() {
	var p *fxgrpc.Plan
	run(func() { fmt.Println(p.ServerChain("default").Explain(execute).Names()) },
		fxgrpc.Module,
		fxgrpc.Defaults(fxgrpc.Without("logging", "health")),
		fxgrpc.Server(fxgrpc.Insecure()),
		fx.Populate(&p))
	// Output: [requestid translate recovery]
}

func ExamplePlan() {
	var p *fxgrpc.Plan
	run(func() {
		fmt.Println(p.Servers(), p.Clients(), p.Addr("default"), p.Err())
		fmt.Println(p.Methods("default")[0])
	},
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Client("me", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("me")),
		fx.Populate(&p))
	// Output:
	// [default] [me] bufconn <nil>
	// /sluice.testing.v1.DummyService/Execute
}

func ExampleNetwork() {
	network := fxgrpc.Network{Listen: func(_ context.Context, server, network, address string) (net.Listener, error) {
		fmt.Println(server, network, address)
		return bufconn.Listen(1), nil
	}}
	app := fx.New(fx.NopLogger, fx.Supply(network, slog.New(slog.DiscardHandler)),
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listen("mesh", "greeter")))
	_ = app.Start(context.Background())
	_ = app.Stop(context.Background())
	// Output: default mesh greeter
}
