package metrics_test

import (
	"context"
	"testing"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/" + service + "/Execute"}
	errBench          = status.Error(codes.NotFound, "nf")
	benchOutcome  any
	benchErr      error
)

func answers(context.Context, any) (any, error)   { return benchResponse, nil }
func complains(context.Context, any) (any, error) { return nil, errBench }

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

func chainOf(t testing.TB, i framework.Interceptor) grpc.UnaryServerInterceptor {
	t.Helper()
	chain, err := framework.NewServerChain(framework.Use(framework.InterceptorFunc(through)), framework.Use(i, framework.Name("tested")))
	if err != nil {
		t.Fatal(err)
	}
	return chain.Unary()
}

// theirsFor is ggm's interceptor, with the histogram that is ours by default.
func theirsFor(o ...ggm.Option) grpc.UnaryServerInterceptor {
	return ggm.NewServerMetrics(ggm.WithServerHandlingTimeHistogram()).UnaryServerInterceptor(o...)
}

// BenchmarkUnary measures what a server's RPC pays in the chain for being counted, beside ggm's own interceptor and a chain
// with a link that does nothing.
func BenchmarkUnary(b *testing.B) {
	exemplar := func(context.Context) prometheus.Labels {
		return prometheus.Labels{"trace_id": "4bf92f3577b34da6a3ce929d0e0e4736"}
	}
	meters := sdk.NewMeterProvider(sdk.WithReader(sdk.NewManualReader()))
	for _, bb := range []struct {
		name string
		i    grpc.UnaryServerInterceptor
	}{
		{"nothing", chainOf(b, framework.InterceptorFunc(through))},
		{"sluice", chainOf(b, newMetrics(b, metrics.Options{}))},
		{"ggm", theirsFor()},
		{"exemplar/sluice", chainOf(b, newMetrics(b, metrics.Options{Exemplar: exemplar}))},
		{"exemplar/ggm", theirsFor(ggm.WithExemplarFromContext(exemplar))},
		{"opentelemetry/sluice", chainOf(b, newMetrics(b, metrics.Options{MeterProvider: meters}))},
	} {
		for name, handler := range map[string]grpc.UnaryHandler{"success": answers, "failure": complains} {
			b.Run(bb.name+"/"+name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					benchOutcome, benchErr = bb.i(b.Context(), benchRequest, benchInfo, handler)
				}
			})
		}
	}
}

// BenchmarkRPC measures a whole RPC in memory, counted on both sides. On the server the stats handler has a part in it: grpc
// tells it of headers and messages, and copies metadata for it.
func BenchmarkRPC(b *testing.B) {
	_, ggms := theirs(b)
	nothing := framework.Use(framework.InterceptorFunc(through))
	for _, bb := range []struct {
		name string
		o    []frameworktest.Option
	}{
		{"nothing", []frameworktest.Option{on(framework.ServerSide, nothing), on(framework.ClientSide, nothing)}},
		{"sluice", both(newMetrics(b, metrics.Options{}))},
		{"ggm", ggms},
	} {
		client := frameworktest.DummyClient(b, bb.o...)
		for _, kind := range kinds {
			b.Run(bb.name+"/"+kind.String(), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := frameworktest.Execute(b.Context(), client, kind, []string{"f"}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
