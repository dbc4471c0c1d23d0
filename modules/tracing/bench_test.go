package tracing_test

import (
	"context"
	"testing"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/propagation"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/tracing"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/" + service + "/Execute"}
	benchOutcome  any
	benchErr      error
)

func benchHandler(context.Context, any) (any, error) { return benchResponse, nil }

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// BenchmarkRPC measures a whole RPC in memory, of which there are spans on both sides that go nowhere, beside otelgrpc's own
// handlers. What is not sampled has no span that costs anything.
func BenchmarkRPC(b *testing.B) {
	nothing := framework.Use(framework.InterceptorFunc(through))
	for name, sampler := range map[string]sdk.Sampler{"all": sdk.AlwaysSample(), "none": sdk.NeverSample()} {
		provider := sdk.NewTracerProvider(sdk.WithSampler(sampler))
		raw := []otelgrpc.Option{otelgrpc.WithTracerProvider(provider), otelgrpc.WithPropagators(propagation.TraceContext{})}
		for _, bb := range []struct {
			name string
			o    []frameworktest.Option
		}{
			{"nothing", both(nothing)},
			{"sluice", both(framework.Use(newTracing(b, tracing.Options{TracerProvider: provider})))},
			{"otelgrpc", append(both(nothing),
				frameworktest.ServerOptions(grpc.StatsHandler(otelgrpc.NewServerHandler(raw...))),
				frameworktest.DialOptions(grpc.WithStatsHandler(otelgrpc.NewClientHandler(raw...))))},
		} {
			client := frameworktest.DummyClient(b, bb.o...)
			for _, kind := range kinds {
				b.Run("sampled-"+name+"/"+bb.name+"/"+kind.String(), func(b *testing.B) {
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
}

// BenchmarkAnnotate measures what the link itself costs, without its stats handlers: nothing where there is no trace, and the
// annotation where there is one.
func BenchmarkAnnotate(b *testing.B) {
	traced := trace.ContextWithSpanContext(b.Context(), trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}}))
	for _, bb := range []struct {
		name string
		ctx  context.Context
		i    framework.Interceptor
	}{
		{"nothing", traced, framework.InterceptorFunc(through)},
		{"no-trace", b.Context(), newTracing(b, tracing.Options{})},
		{"trace", traced, newTracing(b, tracing.Options{})},
	} {
		b.Run(bb.name, func(b *testing.B) {
			chain, err := framework.NewServerChain(framework.Use(framework.InterceptorFunc(bb.i.Intercept)))
			if err != nil {
				b.Fatal(err)
			}
			unary := chain.Unary()
			b.ReportAllocs()
			for b.Loop() {
				benchOutcome, benchErr = unary(bb.ctx, benchRequest, benchInfo, benchHandler)
			}
		})
	}
}
