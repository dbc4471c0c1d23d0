package tracing_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc/filters"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	meters "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
	"google.golang.org/grpc"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/tracing"
)

// What can't be is told when it is made, all of it.
func TestWrongOptions(t *testing.T) {
	t.Parallel()
	i, err := tracing.New(tracing.Options{
		TracerProvider: (*sdk.TracerProvider)(nil),
		MeterProvider:  (*meters.MeterProvider)(nil),
		Propagators:    (*propagation.TraceContext)(nil),
		Handlers:       []otelgrpc.Option{otelgrpc.WithPublicEndpoint(), nil},
	})
	want := `tracing: Options.TracerProvider is a nil *trace.TracerProvider; set one that was made, or nothing
tracing: Options.Propagators is a nil *propagation.TraceContext; set one that was made, or nothing
tracing: Options.MeterProvider is a nil *metric.MeterProvider; set one that was made, or nothing
tracing: Options.Handlers[1] is nil; leave it out`
	if i != nil || err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// incoming makes an RPC with metadata, and gives the server's span of it.
func incoming(t *testing.T, o tracing.Options, pairs ...string) sdk.ReadOnlySpan {
	t.Helper()
	s := newSpans()
	o.TracerProvider = s.provider
	client := frameworktest.DummyClient(t, on(framework.ServerSide, framework.Use(newTracing(t, o))))
	if _, err := frameworktest.Execute(metadata.AppendToOutgoingContext(t.Context(), pairs...), client, framework.Unary, []string{"y"}); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
	return s.only(t, trace.SpanKindServer)
}

const (
	w3c  = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
	w3cs = "4bf92f3577b34da6a3ce929d0e0e4736"
)

// A trace is read as W3C writes it, and what is no trace begins none.
func TestTraceContext(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		pairs  []string
		parent bool
	}{
		{"trace", []string{"traceparent", w3c}, true},
		{"none", nil, false},
		{"garbage", []string{"traceparent", "00-zz"}, false},
		{"zero", []string{"traceparent", "00-00000000000000000000000000000000-00f067aa0ba902b7-01"}, false},
		{"long", []string{"traceparent", strings.Repeat(w3c, 100)}, false},
		{"with a state that is none", []string{"traceparent", w3c, "tracestate", strings.Repeat("=,", 4000)}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				span := incoming(t, tracing.Options{}, tt.pairs...)
				if got := span.SpanContext().TraceID().String() == w3cs; got != tt.parent || span.Parent().IsValid() != tt.parent {
					t.Errorf("%s below %v", span.SpanContext().TraceID(), span.Parent())
				}
			})
		})
	}
}

// Baggage of a peer's is not taken, unless a propagator for it is asked for.
func TestBaggage(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]int{"default": 0, "asked for": 1} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var o tracing.Options
				if want > 0 {
					o.Propagators = propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
				}
				members := -1
				client := frameworktest.DummyClient(t, on(framework.ServerSide, framework.Use(newTracing(t, o))), doing(func(ctx context.Context) error {
					members = baggage.FromContext(ctx).Len()
					return nil
				}))
				_, _ = frameworktest.Execute(metadata.AppendToOutgoingContext(t.Context(), "baggage", "role=admin"), client, framework.Unary, []string{"x"})
				if members != want {
					t.Errorf("%d members, want %d", members, want)
				}
			})
		})
	}
}

// upper is a propagator of somebody's own.
type upper struct{}

func (upper) Fields() []string { return []string{"x-trace"} }

func (upper) Inject(ctx context.Context, to propagation.TextMapCarrier) {
	to.Set("x-trace", trace.SpanContextFromContext(ctx).TraceID().String())
}

func (upper) Extract(ctx context.Context, from propagation.TextMapCarrier) context.Context {
	id, _ := trace.TraceIDFromHex(from.Get("x-trace"))
	return trace.ContextWithRemoteSpanContext(ctx, trace.NewSpanContext(trace.SpanContextConfig{TraceID: id, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled}))
}

// What the process has set counts where the options say nothing; propagators also where they were set later. It is the
// process's, so this one runs alone.
func TestGlobals(t *testing.T) {
	var id string
	s := newSpans()
	otel.SetTracerProvider(s.provider) // later is as good, the first time in a process
	defer otel.SetTracerProvider(noop.NewTracerProvider())
	link := framework.Use(newTracing(t, tracing.Options{}))
	otel.SetTextMapPropagator(upper{})
	defer otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())
	ended := make(chan struct{})
	client := frameworktest.DummyClient(t, on(framework.ServerSide, link, traceOf(&id)), frameworktest.ServerOptions(grpc.StatsHandler(ends{ended})))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-trace", w3cs, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-00f067aa0ba902b7-01")
	if _, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"y"}); err != nil {
		t.Fatal(err)
	}
	<-ended
	if got := s.only(t, trace.SpanKindServer).SpanContext().TraceID().String(); got != w3cs || id != w3cs {
		t.Errorf("a span of the trace %s, an annotation of %s", got, id)
	}
}

// ends tells that an RPC has ended, to all stats handlers before it.
type ends struct{ ended chan struct{} }

func (ends) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context   { return ctx }
func (ends) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (ends) HandleConn(context.Context, stats.ConnStats)                       {}
func (e ends) HandleRPC(_ context.Context, s stats.RPCStats) {
	if _, ok := s.(*stats.End); ok {
		close(e.ended)
	}
}

// Health checks have no spans, unless a filter says so. They belong to the trace that they came with.
func TestFilter(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		filter otelgrpc.Filter
		want   string
	}{
		{"default", nil, "client Execute\n  server Execute\n"},
		{"all", func(*stats.RPCTagInfo) bool { return true }, "client grpc.health.v1.Health/Check\n  server grpc.health.v1.Health/Check\nclient Execute\n  server Execute\n"},
		{"health alone", filters.HealthCheck(), "client grpc.health.v1.Health/Check\n  server grpc.health.v1.Health/Check\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newSpans()
				link := framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider, Filter: tt.filter}))
				var id string
				conn := frameworktest.Conn(t, func(r grpc.ServiceRegistrar) {
					dummypb.RegisterDummyServiceServer(r, &frameworktest.DummyService{})
					healthpb.RegisterHealthServer(r, health.NewServer())
				}, on(framework.ServerSide, link, traceOf(&id)), on(framework.ClientSide, link))
				if _, err := healthpb.NewHealthClient(conn).Check(metadata.AppendToOutgoingContext(t.Context(), "traceparent", w3c), &healthpb.HealthCheckRequest{}); err != nil {
					t.Fatal(err)
				}
				if tt.filter == nil && id != w3cs {
					t.Errorf("the check is of the trace %q", id)
				}
				if err := invoke(t.Context(), conn, "/"+service+"/Execute"); err != nil {
					t.Fatal(err)
				}
				synctest.Wait()
				if got := tree(s.ended(t)); got != tt.want {
					t.Errorf("got\n%swant\n%s", got, tt.want)
				}
			})
		})
	}
}

// A server whose callers are not trusted begins traces of its own, which are linked to theirs.
func TestPublicEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		span := incoming(t, tracing.Options{Handlers: []otelgrpc.Option{otelgrpc.WithPublicEndpoint()}}, "traceparent", w3c)
		if span.Parent().IsValid() || len(span.Links()) != 1 || span.Links()[0].SpanContext.TraceID().String() != w3cs {
			t.Errorf("below %v, linked to %v", span.Parent(), span.Links())
		}
	})
}

// otelgrpc's metrics are there when they are asked for.
func TestMeterProvider(t *testing.T) {
	t.Parallel()
	for _, asked := range []bool{true, false} {
		synctest.Test(t, func(t *testing.T) {
			reader := meters.NewManualReader()
			var o tracing.Options
			if asked {
				o.MeterProvider = meters.NewMeterProvider(meters.WithReader(reader))
			}
			incoming(t, o)
			var all metricdata.ResourceMetrics
			if err := reader.Collect(t.Context(), &all); (err == nil) != asked || len(all.ScopeMetrics) > 0 != asked {
				t.Errorf("asked %t: %v, %v", asked, err, all)
			}
		})
	}
}
