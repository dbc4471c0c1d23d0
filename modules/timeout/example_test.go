package timeout_test

import (
	"context"
	"fmt"
	"net"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/timeout"
)

// warehouse is a service that waits for what it does not have.
type warehouse struct {
	dummypb.UnimplementedDummyServiceServer
}

func (warehouse) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	if r.GetInput() == "pears" {
		<-ctx.Done()
		return nil, fmt.Errorf("waiting for the lorry of 10.0.0.3: %w", ctx.Err())
	}
	return &dummypb.DummyResponse{Output: r.GetInput() + " on their way"}, nil
}

// The server has no more than 20ms for an RPC. The client gives no deadline, and would have waited for a minute.
func Example() {
	servers, err := timeout.New(timeout.Options{Default: 20 * time.Millisecond})
	if err != nil {
		fmt.Println(err)
		return
	}
	clients, err := timeout.New(timeout.Options{Default: time.Minute})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop, err := serve([]framework.Part{framework.Use(servers)}, []framework.Part{framework.Use(clients)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	for _, article := range []string{"apples", "pears"} {
		response, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: article})
		fmt.Println(response.GetOutput(), err)
	}

	// Output:
	// apples on their way <nil>
	//  rpc error: code = DeadlineExceeded desc = the server's limit of 20ms for this method has passed
}

// Rules say what methods need, the most specific one for each. Without a limit no link stands on a method.
func ExampleKey() {
	interceptor, err := timeout.New(timeout.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(
		framework.Use(interceptor),
		framework.Rules("DummyService/*", timeout.Key.Set(2*time.Second)),
		framework.Rules("DummyService/Execute", timeout.Key.Set(300*time.Millisecond)),
		framework.Rules("DummyService/ExecuteServerStream", timeout.Key.Set(timeout.None)), // a watch
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, method := range []string{"Execute", "ExecuteClientStream", "ExecuteServerStream"} {
		e := chain.Explain("/sluice.testing.v1.DummyService/" + method)
		if len(e.Links) == 0 {
			fmt.Println(method, "has no limit, by", e.Rules[0].Pattern)
			continue
		}
		fmt.Println(method, "has", e.Rules[0].Value, "by", e.Rules[0].Pattern)
	}

	// Output:
	// Execute has 300ms by DummyService/Execute
	// ExecuteClientStream has 2s by DummyService/*
	// ExecuteServerStream has no limit, by DummyService/ExecuteServerStream
}

// serve runs a warehouse in memory with a chain on each side, and gives a client of it, and what ends both.
func serve(server, client []framework.Part) (dummypb.DummyServiceClient, func(), error) {
	serverChain, err := framework.NewServerChain(server...)
	if err != nil {
		return nil, nil, err
	}
	clientChain, err := framework.NewClientChain(client...)
	if err != nil {
		return nil, nil, err
	}
	s := grpc.NewServer(serverChain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(s, warehouse{})
	if err := serverChain.Bind(s.GetServiceInfo()); err != nil {
		return nil, nil, err
	}
	listener := bufconn.Listen(1 << 16)
	go func() { _ = s.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory", append(clientChain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); s.Stop() }, err
}
