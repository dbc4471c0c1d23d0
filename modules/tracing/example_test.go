package tracing_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync/atomic"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/tracing"
)

// shop asks the stock for what it sells.
type shop struct {
	dummypb.UnimplementedDummyServiceServer
	stock dummypb.DummyServiceClient
}

func (s shop) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	return s.stock.Execute(ctx, r)
}

type stock struct {
	dummypb.UnimplementedDummyServiceServer
}

func (stock) Execute(context.Context, *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	return nil, errmap.Unavailable.New("stocktaking")
}

// A trace goes through two servers, and what is logged on the way says which it is.
func Example() {
	spans := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans), sdk.WithIDGenerator(&counting{}))
	interceptor, err := tracing.New(tracing.Options{TracerProvider: provider})
	if err != nil {
		fmt.Println(err)
		return
	}
	lines, err := logging.New(logging.Options{Logger: slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: same}))})
	if err != nil {
		fmt.Println(err)
		return
	}
	parts := []framework.Part{framework.Use(lines), framework.Use(interceptor)}
	toStock, stopStock := serve(stock{}, parts...)
	toShop, stopShop := serve(shop{stock: toStock}, parts...)

	_, _ = toShop.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	stopShop()
	stopStock()

	all := spans.GetSpans()
	slices.SortFunc(all, func(a, b tracetest.SpanStub) int {
		return strings.Compare(a.SpanContext.SpanID().String(), b.SpanContext.SpanID().String())
	})
	for _, s := range all {
		fmt.Println(s.SpanKind, s.SpanContext.SpanID(), "below", s.Parent.SpanID(), "is", s.Status.Code, s.Status.Description)
	}

	// Output:
	// level=WARN msg="finished call" grpc.component=server grpc.code=Unavailable trace.id=00000000000000000000000000000001
	// level=WARN msg="finished call" grpc.component=client grpc.code=Unavailable trace.id=00000000000000000000000000000001
	// level=WARN msg="finished call" grpc.component=server grpc.code=Unavailable trace.id=00000000000000000000000000000001
	// level=WARN msg="finished call" grpc.component=client grpc.code=Unavailable trace.id=00000000000000000000000000000001
	// client 0000000000000001 below 0000000000000000 is Error stocktaking
	// server 0000000000000002 below 0000000000000001 is Error stocktaking
	// client 0000000000000003 below 0000000000000002 is Error stocktaking
	// server 0000000000000004 below 0000000000000003 is Error stocktaking
}

// A server whose callers may be anybody begins traces of its own.
func ExampleOptions_handlers() {
	spans := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(sdk.WithSyncer(spans), sdk.WithIDGenerator(&counting{}))
	interceptor, err := tracing.New(tracing.Options{
		TracerProvider: provider,
		Handlers:       []otelgrpc.Option{otelgrpc.WithPublicEndpoint()},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop := serve(stock{}, framework.Use(interceptor))
	_, _ = client.Execute(context.Background(), &dummypb.DummyRequest{})
	stop()

	for _, s := range spans.GetSpans() {
		if s.SpanKind == trace.SpanKindServer {
			fmt.Println(s.SpanContext.TraceID(), "linked to", s.Links[0].SpanContext.TraceID())
		}
	}
	// Output:
	// 00000000000000000000000000000002 linked to 00000000000000000000000000000001
}

// counting makes ids that are the same every time.
type counting struct{ traces, spans atomic.Uint64 }

func (c *counting) NewIDs(ctx context.Context) (id trace.TraceID, _ trace.SpanID) {
	binary.BigEndian.PutUint64(id[8:], c.traces.Add(1))
	return id, c.NewSpanID(ctx, id)
}

func (c *counting) NewSpanID(context.Context, trace.TraceID) (id trace.SpanID) {
	binary.BigEndian.PutUint64(id[:], c.spans.Add(1))
	return id
}

// same leaves of a line what is the same every time, and what is of interest here.
func same(_ []string, a slog.Attr) slog.Attr {
	if slices.Contains([]string{slog.LevelKey, slog.MessageKey, "grpc.component", "grpc.code", framework.AnnotationTraceID}, a.Key) {
		return a
	}
	return slog.Attr{}
}

// serve runs a server with a chain in memory, and gives a client with one and what ends both.
func serve(s dummypb.DummyServiceServer, parts ...framework.Part) (dummypb.DummyServiceClient, func()) {
	inside, err := framework.NewServerChain(parts...)
	if err != nil {
		panic(err)
	}
	outside, err := framework.NewClientChain(parts...)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(inside.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, s)
	if err := inside.Bind(server.GetServiceInfo()); err != nil {
		panic(err)
	}
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory", append(outside.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		panic(err)
	}
	return dummypb.NewDummyServiceClient(conn), func() { server.GracefulStop(); _ = conn.Close() }
}
