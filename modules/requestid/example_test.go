package requestid_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/requestid"
)

// orders is a service that calls another one.
type orders struct {
	dummypb.UnimplementedDummyServiceServer
	stock dummypb.DummyServiceClient
}

func (o orders) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	return o.stock.Execute(ctx, r)
}

type stock struct {
	dummypb.UnimplementedDummyServiceServer
}

func (stock) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	id, _ := requestid.FromContext(ctx)
	return &dummypb.DummyResponse{Output: r.GetInput() + " reserved for " + id}, nil
}

// A browser's gateway sends an id. It is in the log lines of both servers, and of the client between them.
func Example() {
	interceptor, err := requestid.New(requestid.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	lines, err := logging.New(logging.Options{Logger: logger()})
	if err != nil {
		fmt.Println(err)
		return
	}
	parts := []framework.Part{framework.Use(interceptor), framework.Use(lines)}

	stocks, closeStocks := serve(stock{}, parts, parts)
	defer closeStocks()
	gateway, closeOrders := serve(orders{stock: stocks}, parts, nil)
	defer closeOrders()

	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-request-id", "click-4711")
	var trailer metadata.MD
	response, err := gateway.Execute(ctx, &dummypb.DummyRequest{Input: "apples"}, grpc.Trailer(&trailer))
	fmt.Println(response.GetOutput(), err)
	fmt.Println(trailer.Get("x-request-id"))

	// Output:
	// level=INFO msg="finished call" grpc.component=server grpc.code=OK request.id=click-4711
	// level=DEBUG msg="finished call" grpc.component=client grpc.code=OK request.id=click-4711
	// level=INFO msg="finished call" grpc.component=server grpc.code=OK request.id=click-4711
	// apples reserved for click-4711 <nil>
	// [click-4711]
}

// A job has one id for all its calls.
func ExampleNewContext() {
	interceptor, err := requestid.New(requestid.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	parts := []framework.Part{framework.Use(interceptor)}
	client, closeClient := serve(stock{}, parts, parts)
	defer closeClient()

	ctx := requestid.NewContext(context.Background(), "restock-2026-11-21")
	for _, fruit := range []string{"apples", "pears"} {
		response, err := client.Execute(ctx, &dummypb.DummyRequest{Input: fruit})
		fmt.Println(response.GetOutput(), err)
	}

	// Output:
	// apples reserved for restock-2026-11-21 <nil>
	// pears reserved for restock-2026-11-21 <nil>
}

// identified is a slog.Handler that writes the id of the RPC in whose context a line is logged.
type identified struct{ slog.Handler }

func (h identified) Handle(ctx context.Context, r slog.Record) error {
	if id, ok := requestid.FromContext(ctx); ok {
		r.AddAttrs(slog.String(framework.AnnotationRequestID, id))
	}
	return h.Handler.Handle(ctx, r)
}

// A handler's own log lines have the id by its context.
func ExampleFromContext() {
	log := slog.New(identified{logger().Handler()})

	handle := func(ctx context.Context) { log.InfoContext(ctx, "reserved") }
	handle(requestid.NewContext(context.Background(), "click-4711"))

	// Output:
	// level=INFO msg=reserved request.id=click-4711
}

// A server on the internet believes no ids, and makes its own.
func ExampleOptions() {
	var n atomic.Int64
	interceptor, err := requestid.New(requestid.Options{
		Header:       "x-correlation-id",
		IgnoreCaller: true,
		Generate:     func() string { return fmt.Sprintf("edge-%d", n.Add(1)) },
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, closeClient := serve(stock{}, []framework.Part{framework.Use(interceptor)}, nil)
	defer closeClient()

	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-correlation-id", "mine")
	response, err := client.Execute(ctx, &dummypb.DummyRequest{Input: "apples"})
	fmt.Println(response.GetOutput(), err)

	// Output:
	// apples reserved for edge-2 <nil>
}

// logger is one whose lines are the same every time.
func logger() *slog.Logger {
	keep := map[string]bool{"level": true, "msg": true, "grpc.component": true, "grpc.code": true, "request.id": true}
	return slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{
		Level: slog.LevelDebug,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if !keep[a.Key] {
				return slog.Attr{}
			}
			return a
		},
	}))
}

// serve runs a service with a chain in memory, and gives a client of it with another, and what ends both.
func serve(service dummypb.DummyServiceServer, server, client []framework.Part) (dummypb.DummyServiceClient, func()) {
	chain, err := framework.NewServerChain(server...)
	if err != nil {
		panic(err)
	}
	clientChain, err := framework.NewClientChain(client...)
	if err != nil {
		panic(err)
	}
	s := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(s, service)
	listener := bufconn.Listen(1 << 16)
	go func() { _ = s.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory", append(clientChain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		panic(err)
	}
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); s.Stop() }
}
