package logging_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/logging"
)

type shop struct {
	dummypb.UnimplementedDummyServiceServer
}

func (shop) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	if call, ok := framework.CallFrom(ctx); ok {
		call.Annotate(slog.String("article", r.GetInput()))
	}
	if r.GetInput() == "pears" {
		return nil, errmap.FailedPrecondition.New("sold out")
	}
	return &dummypb.DummyResponse{Output: "ordered"}, nil
}

// Each RPC is a line, with what the handler said of it.
func Example() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: same}))
	interceptor, err := logging.New(logging.Options{Logger: logger})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, shop{})
	client, closeClient := serve(server)
	defer closeClient()

	for _, article := range []string{"apples", "pears"} {
		_, _ = client.Execute(context.Background(), &dummypb.DummyRequest{Input: article})
	}

	// Output:
	// level=INFO msg="finished call" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.code=OK grpc.requests=1 grpc.responses=1 article=apples
	// level=WARN msg="finished call" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.code=FailedPrecondition grpc.requests=1 grpc.responses=0 grpc.error="sold out" article=pears
}

// Messages are logged on request, for a while or for some calls.
func ExampleOptions_payloads() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: same}))
	interceptor, err := logging.New(logging.Options{
		Logger: logger,
		Payloads: func(_ context.Context, call *framework.Call) bool {
			return call.Method().Name == "Execute"
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, shop{})
	client, closeClient := serve(server)
	defer closeClient()

	_, _ = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})

	// Output:
	// level=INFO msg="request received" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.request.content="{\"input\":\"apples\"}"
	// level=INFO msg="response sent" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.response.content="{\"output\":\"ordered\"}" article=apples
	// level=INFO msg="finished call" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.code=OK grpc.requests=1 grpc.responses=1 article=apples
}

// same leaves out of a log what is not the same every time, and what all these lines share.
func same(_ []string, a slog.Attr) slog.Attr {
	if slices.Contains([]string{slog.TimeKey, "protocol", "grpc.service", "grpc.start_time", "grpc.time_ms", "peer.address"}, a.Key) {
		return slog.Attr{}
	}
	return a
}

// serve runs a server in memory and gives a client of it, and what ends both.
func serve(server *grpc.Server) (dummypb.DummyServiceClient, func()) {
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		panic(err)
	}
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); server.Stop() }
}

// One of two calls of a method has a line, at the level of debugging; those that fail have theirs as ever.
func ExampleKey() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: same, Level: slog.LevelDebug}))
	interceptor, err := logging.New(logging.Options{Logger: logger})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor),
		framework.Rules("DummyService/Execute", logging.Key.Set(logging.Lines{Level: slog.LevelDebug, Every: 2})))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, shop{})
	client, closeClient := serve(server)
	defer closeClient()

	for _, article := range []string{"apples", "plums", "cherries", "pears"} {
		_, _ = client.Execute(context.Background(), &dummypb.DummyRequest{Input: article})
	}

	// Output:
	// level=DEBUG msg="finished call" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.code=OK grpc.requests=1 grpc.responses=1 article=apples
	// level=DEBUG msg="finished call" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.code=OK grpc.requests=1 grpc.responses=1 article=cherries
	// level=WARN msg="finished call" grpc.component=server grpc.method=Execute grpc.method_type=unary grpc.code=FailedPrecondition grpc.requests=1 grpc.responses=0 grpc.error="sold out" article=pears
}
