package tracing_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel"
	otelcodes "go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric/noop"
	meters "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/tracing"
)

// plain is a connection without a chain, which would refuse a method that is none.
func plain(t *testing.T, o ...grpc.ServerOption) *grpc.ClientConn {
	t.Helper()
	server := grpc.NewServer(append(o, grpc.WaitForHandlers(true))...)
	dummypb.RegisterDummyServiceServer(server, &frameworktest.DummyService{})
	l := bufconn.Listen(1 << 16)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	conn, err := grpc.NewClient("passthrough:memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-served
	})
	return conn
}

// The span of a method that the server does not have ends, with a name that is not the client's. otelgrpc begins one and
// never ends it, so nobody ever sees it.
func TestUnknownMethod(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"/a.B/C", "/" + service + "/Nope", "//", "/" + strings.Repeat("x", 5000) + "/M", "/a.B/" + strings.Repeat("ä", 200)} {
		t.Run(fmt.Sprintf("%.20s", method), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ours, theirs := newSpans(), newSpans()
				chain, err := framework.NewServerChain(framework.Use(newTracing(t, tracing.Options{TracerProvider: ours.provider})))
				if err != nil {
					t.Fatal(err)
				}
				its := grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(theirs.provider)))
				for _, o := range [][]grpc.ServerOption{chain.ServerOptions(), {its}} {
					if err := invoke(t.Context(), plain(t, o...), method); status.Code(err) != codes.Unimplemented {
						t.Error(err)
					}
				}
				synctest.Wait()
				if began, ended := len(theirs.Started()), len(theirs.Ended()); began != 1 || ended != 0 {
					t.Errorf("otelgrpc's: %d began, %d ended", began, ended)
				}
				span := ours.only(t, trace.SpanKindServer)
				if span.Name() != "unknown" || span.Status().Code != otelcodes.Error || span.Status().Description != "unknown method" {
					t.Errorf("%s %v", span.Name(), span.Status())
				}
				for key, want := range map[string]string{"rpc.method": "_OTHER", "rpc.response.status_code": "UNIMPLEMENTED", "rpc.system.name": "grpc"} {
					if got := attributeOf(span, key); got != want {
						t.Errorf("%s is %q, want %q", key, got, want)
					}
				}
				if original := attributeOf(span, "rpc.method_original"); len(original) > 256+2 || !utf8.ValidString(original) || !strings.HasPrefix(method, "/"+original[:1]) {
					t.Errorf("rpc.method_original is %q", original)
				}
			})
		})
	}
}

// Another handler that traces, further in, has a span of its own, which is its own to end.
func TestBesideAnother(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := newSpans(), newSpans()
		chain, err := framework.NewServerChain(framework.Use(newTracing(t, tracing.Options{TracerProvider: ours.provider})))
		if err != nil {
			t.Fatal(err)
		}
		its := grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(theirs.provider)))
		if err := invoke(t.Context(), plain(t, append(chain.ServerOptions(), its)...), "/a.B/C"); status.Code(err) != codes.Unimplemented {
			t.Error(err)
		}
		synctest.Wait()
		if name := ours.only(t, trace.SpanKindServer).Name(); name != "unknown" || len(theirs.Ended()) != 0 {
			t.Errorf("%q ended, and %d of its", name, len(theirs.Ended()))
		}
	})
}

// What has no method's name at all, and an unknown method that is filtered, have no span.
func TestNoSpan(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpans()
		chain, err := framework.NewServerChain(framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider})))
		if err != nil {
			t.Fatal(err)
		}
		conn := plain(t, chain.ServerOptions()...)
		for _, method := range []string{"nope", "", "/grpc.health.v1.Health/Check"} {
			if err := invoke(t.Context(), conn, method); status.Code(err) != codes.Unimplemented {
				t.Errorf("%q: %v", method, err)
			}
		}
		synctest.Wait()
		if n := len(s.Started()); n != 0 {
			t.Errorf("%d spans", n)
		}
	})
}

// otelgrpc uses the process's propagators, of which there are none unless somebody sets some: a trace ends with the client.
func TestPropagatorsOfOtelgrpc(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpans()
		client := frameworktest.DummyClient(t,
			frameworktest.ServerOptions(grpc.StatsHandler(otelgrpc.NewServerHandler(otelgrpc.WithTracerProvider(s.provider)))),
			frameworktest.DialOptions(grpc.WithStatsHandler(otelgrpc.NewClientHandler(otelgrpc.WithTracerProvider(s.provider)))))
		if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"y"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if got, want := tree(s.ended(t)), "client Execute\nserver Execute\n"; got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
	})
}

// otelgrpc gives its metrics to the process's meters, beside those of modules/metrics, which have the same names. It is the
// process's, so this one runs alone.
func TestMetersOfTheProcess(t *testing.T) {
	reader := meters.NewManualReader()
	otel.SetMeterProvider(meters.NewMeterProvider(meters.WithReader(reader)))
	defer otel.SetMeterProvider(noop.NewMeterProvider())
	count := func(o ...frameworktest.Option) (n int) {
		client := frameworktest.DummyClient(t, o...)
		if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"y"}); err != nil {
			t.Fatal(err)
		}
		var all metricdata.ResourceMetrics
		if err := reader.Collect(t.Context(), &all); err != nil {
			t.Fatal(err)
		}
		for _, scope := range all.ScopeMetrics {
			n += len(scope.Metrics)
		}
		return n
	}
	if n := count(on(framework.ClientSide, framework.Use(newTracing(t, tracing.Options{})))); n != 0 {
		t.Errorf("%d metrics", n)
	}
	if n := count(frameworktest.DialOptions(grpc.WithStatsHandler(otelgrpc.NewClientHandler()))); n != 1 {
		t.Errorf("otelgrpc has %d metrics", n)
	}
}
