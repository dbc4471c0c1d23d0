package tracing_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/mem"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/tracing"
)

const service = "sluice.testing.v1.DummyService"

var (
	kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}
	sides = []framework.Side{framework.ServerSide, framework.ClientSide}
)

var methods = map[framework.Kind]string{
	framework.Unary:        "Execute",
	framework.ClientStream: "ExecuteClientStream",
	framework.ServerStream: "ExecuteServerStream",
	framework.BidiStream:   "ExecuteClientServerStream",
}

// spans keep those that were begun, and those that ended.
type spans struct {
	*tracetest.SpanRecorder
	provider *sdk.TracerProvider
}

func newSpans(o ...sdk.TracerProviderOption) *spans {
	r := tracetest.NewSpanRecorder()
	return &spans{r, sdk.NewTracerProvider(append(o, sdk.WithSpanProcessor(r))...)}
}

// ended are the spans that ended, in the order in which they began, a client's before a server's. All that began
// have.
func (s *spans) ended(t testing.TB) []sdk.ReadOnlySpan {
	t.Helper()
	ended := s.Ended()
	if began := s.Started(); len(began) != len(ended) {
		t.Errorf("of %d spans %d have ended", len(began), len(ended))
	}
	slices.SortStableFunc(ended, func(a, b sdk.ReadOnlySpan) int {
		return cmp.Or(a.StartTime().Compare(b.StartTime()), -cmp.Compare(a.SpanKind(), b.SpanKind()))
	})
	return ended
}

// only is the one span of a kind.
func (s *spans) only(t testing.TB, kind trace.SpanKind) sdk.ReadOnlySpan {
	t.Helper()
	of := slices.DeleteFunc(s.ended(t), func(s sdk.ReadOnlySpan) bool { return s.SpanKind() != kind })
	if len(of) != 1 {
		t.Fatalf("%d spans of a %s", len(of), kind)
	}
	return of[0]
}

func attributeOf(s sdk.ReadOnlySpan, key string) string {
	for _, a := range s.Attributes() {
		if a.Key == attribute.Key(key) {
			return a.Value.String()
		}
	}
	return ""
}

func spanKind(side framework.Side) trace.SpanKind {
	if side == framework.ClientSide {
		return trace.SpanKindClient
	}
	return trace.SpanKindServer
}

func newTracing(t testing.TB, o tracing.Options) *tracing.Interceptor {
	t.Helper()
	i, err := tracing.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// on gives parts to a side.
func on(side framework.Side, parts ...framework.Part) frameworktest.Option {
	if side == framework.ClientSide {
		return frameworktest.ClientParts(parts...)
	}
	return frameworktest.ServerParts(parts...)
}

// both has parts on both sides.
func both(parts ...framework.Part) []frameworktest.Option {
	return []frameworktest.Option{on(framework.ServerSide, parts...), on(framework.ClientSide, parts...)}
}

// doing has the service do something on the input "x", to which it answers "y".
func doing(do func(ctx context.Context) error) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(ctx context.Context, _ string) (string, error) { return "y", do(ctx) },
	})
}

// each runs f for all four kinds, each in a bubble of its own, in which synctest.Wait waits for what a server does when
// its client has the answer already.
func each(t *testing.T, f func(t *testing.T, kind framework.Kind)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, kind) })
		})
	}
}

// traceOf is what an RPC was annotated with.
func traceOf(into *string) framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		if v, ok := call.Annotation(framework.AnnotationTraceID); ok {
			*into = v.String()
		}
		return err
	}), framework.At(framework.StageObserve), framework.Name("trace-of"), framework.Before("?tracing"))
}

// garbage is a codec that writes what no message is.
type garbage struct{}

func (garbage) Marshal(any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer("\xff\xff")}, nil
}
func (garbage) Unmarshal(mem.BufferSlice, any) error { return nil }
func (garbage) Name() string                         { return "proto" }

func invoke(ctx context.Context, conn *grpc.ClientConn, method string, o ...grpc.CallOption) error {
	return conn.Invoke(ctx, method, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}, o...)
}

// tree draws spans below their parents, by side and name.
func tree(all []sdk.ReadOnlySpan) string {
	var b strings.Builder
	var draw func(parent trace.SpanID, indent string)
	draw = func(parent trace.SpanID, indent string) {
		for _, s := range all {
			if s.Parent().SpanID() == parent {
				fmt.Fprintf(&b, "%s%s %s\n", indent, s.SpanKind(), strings.TrimPrefix(s.Name(), service+"/"))
				draw(s.SpanContext().SpanID(), indent+"  ")
			}
		}
	}
	draw(trace.SpanID{}, "")
	return b.String()
}
