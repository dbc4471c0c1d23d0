package concurrency_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/concurrency"
)

// exporter is a service whose exports take as long as somebody wants them to.
type exporter struct {
	dummypb.UnimplementedDummyServiceServer
}

func (exporter) ExecuteServerStream(r *dummypb.DummyRequest, stream grpc.ServerStreamingServer[dummypb.DummyResponse]) error {
	if err := stream.Send(&dummypb.DummyResponse{Output: "the first row of " + r.GetInput()}); err != nil {
		return err
	}
	<-stream.Context().Done()
	return stream.Context().Err()
}

// Two exports run. A third one is refused at once, and does not wait for one of them to end.
func Example() {
	interceptor, err := concurrency.New(concurrency.Options{Limit: 2})
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
	dummypb.RegisterDummyServiceServer(server, exporter{})
	client, closeClient := serve(server)
	defer closeClient()

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for _, table := range []string{"orders", "customers", "articles"} {
		stream, err := client.ExecuteServerStream(ctx, &dummypb.DummyRequest{Input: table})
		if err != nil {
			fmt.Println(err)
			return
		}
		response, err := stream.Recv()
		fmt.Println(response.GetOutput(), err)
	}

	// Output:
	// the first row of orders <nil>
	// the first row of customers <nil>
	//  rpc error: code = ResourceExhausted desc = the server's limit of 2 concurrent RPCs of this method is reached; try again later
}

// Rules say how many RPCs of a method there may be at once, the most specific one for each.
func ExampleKey() {
	interceptor, err := concurrency.New(concurrency.Options{Total: 1000})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(
		framework.Use(interceptor),
		framework.Rules("DummyService/*", concurrency.Key.Set(200)), // of each
		framework.Rules("DummyService/ExecuteServerStream", concurrency.Key.Set(2)),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, method := range []string{"Execute", "ExecuteServerStream"} {
		rule := chain.Explain("/sluice.testing.v1.DummyService/" + method).Rules[0]
		fmt.Println(method, "has", rule.Value, "by", rule.Pattern)
	}

	// Output:
	// Execute has 200 by DummyService/*
	// ExecuteServerStream has 2 by DummyService/ExecuteServerStream
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
