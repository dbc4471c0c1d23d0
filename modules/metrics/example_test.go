package metrics_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

type shop struct {
	dummypb.UnimplementedDummyServiceServer
}

func (shop) Execute(_ context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	if r.GetInput() == "pears" {
		return nil, errmap.FailedPrecondition.New("sold out")
	}
	return &dummypb.DummyResponse{Output: "ordered"}, nil
}

// A server's RPCs are counted by how they ended, those of methods that it does not have as well.
func Example() {
	interceptor, err := metrics.New(metrics.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, stop := serve(framework.Use(interceptor))
	client := dummypb.NewDummyServiceClient(conn)
	for _, article := range []string{"apples", "pears", "quinces"} {
		_, _ = client.Execute(context.Background(), &dummypb.DummyRequest{Input: article})
	}
	_ = conn.Invoke(context.Background(), "/admin.Console/Login", &dummypb.DummyRequest{}, &dummypb.DummyResponse{})
	stop()

	show(promhttp.HandlerFor(interceptor.Registry(), promhttp.HandlerOpts{}), "grpc_server_handled_total")

	// Output:
	// grpc_server_handled_total{grpc_code="FailedPrecondition",grpc_method="Execute",grpc_service="sluice.testing.v1.DummyService",grpc_type="unary"} 1
	// grpc_server_handled_total{grpc_code="OK",grpc_method="Execute",grpc_service="sluice.testing.v1.DummyService",grpc_type="unary"} 2
	// grpc_server_handled_total{grpc_code="Unimplemented",grpc_method="unknown",grpc_service="unknown",grpc_type="unknown"} 1
}

// Metrics go into a registry that is there, once, with go-grpc-middleware's options.
func ExampleOptions_registerer() {
	registry := prometheus.NewRegistry()
	options := metrics.Options{
		Registerer:  registry,
		Counters:    []ggm.CounterOption{ggm.WithNamespace("acme"), ggm.WithConstLabels(prometheus.Labels{"server": "public"})},
		NoHistogram: true,
	}
	interceptor, err := metrics.New(options)
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, stop := serve(framework.Use(interceptor, framework.On("DummyService/Execute")))
	_, _ = dummypb.NewDummyServiceClient(conn).Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	stop()

	show(promhttp.HandlerFor(registry, promhttp.HandlerOpts{}), "acme_grpc_server_started_total")

	_, err = metrics.New(options)
	fmt.Println(err)

	// Output:
	// acme_grpc_server_started_total{grpc_method="Execute",grpc_service="sluice.testing.v1.DummyService",grpc_type="unary",server="public"} 1
	// metrics: Options.Registerer has the metrics of another Interceptor; let servers and clients share one, or give each constant labels of its own: duplicate metrics collector registration attempted
}

// With a MeterProvider alone there are OpenTelemetry's metrics, and none for Prometheus.
func ExampleOptions_meterProvider() {
	reader := sdk.NewManualReader()
	interceptor, err := metrics.New(metrics.Options{MeterProvider: sdk.NewMeterProvider(sdk.WithReader(reader))})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, stop := serve(framework.Use(interceptor))
	_, _ = dummypb.NewDummyServiceClient(conn).Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	stop()

	var all metricdata.ResourceMetrics
	if err := reader.Collect(context.Background(), &all); err != nil {
		fmt.Println(err)
		return
	}
	measured := all.ScopeMetrics[0].Metrics[0]
	point := measured.Data.(metricdata.Histogram[float64]).DataPoints[0]
	fmt.Println(measured.Name, point.Count)
	for _, a := range point.Attributes.ToSlice() {
		fmt.Println(a.Key, a.Value.AsString())
	}

	// Output:
	// rpc.server.call.duration 1
	// rpc.method sluice.testing.v1.DummyService/Execute
	// rpc.response.status_code OK
	// rpc.system.name grpc
}

// Exemplars lead from a number to a trace. Which it is the link of modules/tracing says, here another.
func ExampleTraceID() {
	traced := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.Annotate(slog.String(framework.AnnotationTraceID, "4bf92f3577b34da6a3ce929d0e0e4736"))
		return next(ctx, call)
	})
	interceptor, err := metrics.New(metrics.Options{Exemplar: metrics.TraceID})
	if err != nil {
		fmt.Println(err)
		return
	}
	conn, stop := serve(framework.Use(interceptor), framework.Use(traced, framework.Name("traced")))
	_, _ = dummypb.NewDummyServiceClient(conn).Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	stop()

	families, err := interceptor.Registry().Gather()
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, f := range families {
		if f.GetName() == "grpc_server_handled_total" {
			fmt.Println(f.GetMetric()[0].GetCounter().GetExemplar().GetLabel()[0].GetValue())
		}
	}

	// Output:
	// 4bf92f3577b34da6a3ce929d0e0e4736
}

// show prints those of a handler's lines that begin so.
func show(h http.Handler, prefix string) {
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), prefix) {
			fmt.Println(lines.Text())
		}
	}
}

// serve runs a server with a chain in memory, and gives a connection to it and what ends both.
func serve(parts ...framework.Part) (*grpc.ClientConn, func()) {
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, shop{})
	if err := chain.Bind(server.GetServiceInfo()); err != nil {
		panic(err)
	}
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		panic(err)
	}
	return conn, func() { server.GracefulStop(); _ = conn.Close() }
}
