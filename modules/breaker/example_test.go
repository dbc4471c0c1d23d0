package breaker_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/breaker"
)

// warehouse is a service that is in trouble, and counts who asks nevertheless.
type warehouse struct {
	dummypb.UnimplementedDummyServiceServer
	asked atomic.Int64
}

func (w *warehouse) Execute(context.Context, *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	w.asked.Add(1)
	return nil, errmap.Unavailable.New("no power")
}

// Two failures open the circuit, and then the server is left alone.
func Example() {
	type policy struct {
		_     struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		Stock framework.Rule `grpc:"Execute,breaker=method"`
	}
	interceptor, err := breaker.New(breaker.Options{
		Failures: 2,
		OpenFor:  time.Minute,
		OnChange: func(p breaker.Place, from, to gobreaker.State) { fmt.Println(p.Method, "is", to, "and was", from) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := &warehouse{}
	client, stop, err := dial(w, framework.Use(interceptor), framework.Policy(policy{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	for range 4 {
		_, err = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
		reason, _ := errmap.ReasonOf(err)
		fmt.Printf("%s %q\n", status.Code(err), reason)
	}
	fmt.Println("asked", w.asked.Load(), "times")

	// Output:
	// Unavailable ""
	// Execute is open and was closed
	// Unavailable ""
	// Unavailable "CIRCUIT_OPEN"
	// Unavailable "CIRCUIT_OPEN"
	// asked 2 times
}

// A rule leaves a method out of what its service has.
func ExampleKey() {
	interceptor, err := breaker.New(breaker.Options{Failures: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	w := &warehouse{}
	client, stop, err := dial(w, framework.Use(interceptor), framework.Rules("DummyService/Execute", breaker.Key.Set(breaker.None)))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	for range 3 {
		_, err = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	}
	fmt.Println(err)
	fmt.Println("asked", w.asked.Load(), "times")

	// Output:
	// rpc error: code = Unavailable desc = no power
	// asked 3 times
}

// States are for health pages and metrics.
func ExampleInterceptor_States() {
	interceptor, err := breaker.New(breaker.Options{Failures: 3})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop, err := dial(&warehouse{}, framework.Use(interceptor), framework.Target("warehouse"))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	for range 3 {
		_, _ = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
		for _, c := range interceptor.States() {
			fmt.Println(c.Target, c.Service, c.State, c.Counts.ConsecutiveFailures)
		}
	}

	// Output:
	// warehouse sluice.testing.v1.DummyService closed 1
	// warehouse sluice.testing.v1.DummyService closed 2
	// warehouse sluice.testing.v1.DummyService open 0
}

// dial runs a server in memory and gives a client of it with a chain, and what ends both.
func dial(w *warehouse, parts ...framework.Part) (dummypb.DummyServiceClient, func(), error) {
	chain, err := framework.NewClientChain(parts...)
	if err != nil {
		return nil, nil, err
	}
	server := grpc.NewServer()
	dummypb.RegisterDummyServiceServer(server, w)
	listener := bufconn.Listen(1 << 16)
	conn, err := grpc.NewClient("passthrough:memory", append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		return nil, nil, err
	}
	go func() { _ = server.Serve(listener) }()
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); server.Stop() }, nil
}
