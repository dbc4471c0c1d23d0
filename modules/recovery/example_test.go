package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"runtime"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/recovery"
)

// careless is a service with a bug.
type careless struct {
	dummypb.UnimplementedDummyServiceServer
	stock map[string]int
}

func (c careless) Execute(_ context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	c.stock[r.GetInput()]++
	return &dummypb.DummyResponse{Output: "reserved"}, nil
}

// A nil map is written to. The client learns nothing of it, the log everything, and the server goes on.
func Example() {
	logger := slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: without(slog.TimeKey, "stack")}))
	interceptor, err := recovery.New(recovery.Options{Logger: logger})
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
	dummypb.RegisterDummyServiceServer(server, careless{})
	client, closeClient := serve(server)
	defer closeClient()

	_, err = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apple"})
	fmt.Println(err)

	// Output:
	// level=ERROR msg="recovery: panic in an RPC" grpc.service=sluice.testing.v1.DummyService grpc.method=Execute grpc.method_type=unary panic="assignment to entry in nil map"
	// rpc error: code = Internal desc = internal error
}

// A Handler makes the error: here a bug is for another server to try, anything else INTERNAL as without it.
func ExampleOptions_handler() {
	interceptor, err := recovery.New(recovery.Options{
		Logger: slog.New(slog.DiscardHandler),
		Handler: func(_ context.Context, p any) error {
			if err, ok := p.(error); ok && errors.As(err, new(runtime.Error)) {
				return status.Error(codes.Unavailable, "try another server")
			}
			return nil
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
	dummypb.RegisterDummyServiceServer(server, careless{})
	client, closeClient := serve(server)
	defer closeClient()

	_, err = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apple"})
	fmt.Println(err)

	// Output:
	// rpc error: code = Unavailable desc = try another server
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

// without leaves attributes out of a log that are not the same every time.
func without(keys ...string) func([]string, slog.Attr) slog.Attr {
	return func(_ []string, a slog.Attr) slog.Attr {
		if slices.Contains(keys, a.Key) {
			return slog.Attr{}
		}
		return a
	}
}
