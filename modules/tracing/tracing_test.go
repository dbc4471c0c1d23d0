package tracing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	otelcodes "go.opentelemetry.io/otel/codes"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/tracing"
	"github.com/sluice-go/sluice/modules/translate"
)

// A trace goes from a client to a server, whose handler calls another, and all RPCs know which it is.
func TestTrace(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s := newSpans()
		link := framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider}))
		var ids [4]string
		second := frameworktest.DummyClient(t, on(framework.ClientSide, link, traceOf(&ids[2])), on(framework.ServerSide, link, traceOf(&ids[3])))
		first := frameworktest.DummyClient(t, on(framework.ClientSide, link, traceOf(&ids[0])), on(framework.ServerSide, link, traceOf(&ids[1])),
			doing(func(ctx context.Context) error {
				_, err := frameworktest.Execute(ctx, second, kind, []string{"inner"})
				return err
			}))
		if _, err := frameworktest.Execute(t.Context(), first, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		all := s.ended(t)
		want := strings.ReplaceAll("client M\n  server M\n    client M\n      server M\n", "M", methods[kind])
		if got := tree(all); got != want {
			t.Errorf("got\n%swant\n%s", got, want)
		}
		for _, id := range ids {
			if id == "" || id != all[0].SpanContext().TraceID().String() {
				t.Errorf("%q is the trace of an RPC", id)
			}
		}
	})
}

// errOdd is an error that says it is none.
type errOdd struct{}

func (errOdd) Error() string { return "odd" }

func (errOdd) GRPCStatus() *status.Status { return status.New(codes.OK, "") }

var errSentinel = errors.New("pw=hunter2")

// A span has the code that the client gets, is marked as an error where the side is at fault, and has of an error what the
// client may know.
func TestStatus(t *testing.T) {
	t.Parallel()
	const unset, failed = otelcodes.Unset, otelcodes.Error
	for _, tt := range []struct {
		name string
		do   func() error
		code string
		text string // of the client's span; the server's has it where it is marked
		want [2]otelcodes.Code
	}{
		{"success", func() error { return nil }, "OK", "", [2]otelcodes.Code{unset, unset}},
		{"caller's fault", func() error { return errmap.NotFound.New("nf") }, "NOT_FOUND", "nf", [2]otelcodes.Code{unset, failed}},
		{"server's fault", func() error { return status.Error(codes.DataLoss, "dl") }, "DATA_LOSS", "dl", [2]otelcodes.Code{failed, failed}},
		{"mapped", func() error { return fmt.Errorf("w: %w", errSentinel) }, "FAILED_PRECONDITION", "not now", [2]otelcodes.Code{unset, failed}},
		{"plain", func() error { return errors.New("pw=hunter2") }, "UNKNOWN", errmap.Unknown.Error(), [2]otelcodes.Code{failed, failed}},
		{"context", func() error { return context.DeadlineExceeded }, "DEADLINE_EXCEEDED", errmap.DeadlineExceeded.Error(), [2]otelcodes.Code{failed, failed}},
		{"says OK", func() error { return errOdd{} }, "INTERNAL", errmap.Internal.Error(), [2]otelcodes.Code{failed, failed}},
		{"panic", func() error { panic("pw=hunter2") }, "INTERNAL", errmap.Internal.Error(), [2]otelcodes.Code{failed, failed}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				s := newSpans()
				link := framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider}))
				client := frameworktest.DummyClient(t, append(append(both(link), mapping(t)...), doing(func(context.Context) error { return tt.do() }))...)
				_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				synctest.Wait()
				for _, side := range sides {
					span := s.only(t, spanKind(side))
					if got := attributeOf(span, "rpc.response.status_code"); got != tt.code {
						t.Errorf("%s: code %s", side, got)
					}
					want := sdk.Status{Code: tt.want[side]}
					if want.Code == failed {
						want.Description = tt.text
					}
					if got := span.Status(); got != want {
						t.Errorf("%s: %v, want %v", side, got, want)
					}
					if strings.Contains(fmt.Sprintf("%+v %+v", span.Attributes(), span.Events()), "hunter2") {
						t.Errorf("%s: it leaked", side)
					}
				}
			})
		})
	}
}

// mapping are translate on both sides and recovery.
func mapping(t testing.TB) []frameworktest.Option {
	t.Helper()
	mapper, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}},
		errmap.On(errSentinel, errmap.FailedPrecondition, errmap.Message("not now")))
	if err != nil {
		t.Fatal(err)
	}
	errors, err := translate.New(translate.Options{Mapper: mapper})
	if err != nil {
		t.Fatal(err)
	}
	panics, err := recovery.New(recovery.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return []frameworktest.Option{
		on(framework.ServerSide, framework.Use(errors), framework.Use(panics)), on(framework.ClientSide, framework.Use(errors)),
	}
}

// A panic that nothing recovers from ends a span as well.
func TestPanic(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s := newSpans()
		client := frameworktest.DummyClient(t, append(both(framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider}))),
			doing(func(context.Context) error { panic("p") }))...)
		_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		synctest.Wait()
		for _, side := range sides {
			if got := s.only(t, spanKind(side)).Status(); got.Code != otelcodes.Error || got.Description != "internal error" {
				t.Errorf("%s: %v", side, got)
			}
		}
	})
}

// A stream that its caller leaves has ended, on both sides.
func TestAbandoned(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s := newSpans()
		ctx, cancel := context.WithCancel(t.Context())
		client := frameworktest.DummyClient(t, append(both(framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider}))),
			doing(func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }))...)
		_, _ = frameworktest.Execute(ctx, client, kind, []string{"x"})
		if kind != framework.Unary {
			conn := frameworktest.DummyConn(t, both(framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider})))...)
			ctx, leave := context.WithCancel(t.Context())
			desc := &grpc.StreamDesc{ClientStreams: kind.StreamsRequests(), ServerStreams: kind.StreamsResponses()}
			if _, err := conn.NewStream(ctx, desc, "/"+service+"/"+methods[kind]); err != nil {
				t.Error(err)
			}
			leave()
		}
		synctest.Wait()
		for _, span := range s.ended(t) {
			if got := attributeOf(span, "rpc.response.status_code"); got != "CANCELLED" {
				t.Errorf("%s %s: %s", span.SpanKind(), span.Name(), got)
			}
		}
	})
}

// A span of the caller's is the parent of the call's, and its trace is known also where a call does not leave the client.
func TestCallersSpan(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s := newSpans()
		var id string
		refusing := framework.Use(framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error { return errmap.Unavailable }),
			framework.At(framework.StageAdmit))
		client := frameworktest.DummyClient(t, on(framework.ClientSide, framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider})), refusing, traceOf(&id)))
		ctx, span := s.provider.Tracer("test").Start(t.Context(), "caller")
		_, err := frameworktest.Execute(ctx, client, kind, []string{"y"})
		span.End()
		if status.Code(err) != codes.Unavailable || id != span.SpanContext().TraceID().String() {
			t.Errorf("%v, of the trace %q", err, id)
		}
		if got := tree(s.ended(t)); got != "internal caller\n" {
			t.Error(got)
		}
	})
}

// Attempts are spans below that of the caller. Without one they are traces of their own, of which the RPC has the last.
func TestAttempts(t *testing.T) {
	t.Parallel()
	again := framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.KeepRequests(1)
		_ = next(ctx, call)
		return next(ctx, call)
	}), framework.At(framework.StageRetry))
	each(t, func(t *testing.T, kind framework.Kind) {
		for _, caller := range []bool{true, false} {
			s := newSpans()
			var id string
			client := frameworktest.DummyClient(t, doing(func(context.Context) error { return errmap.Unavailable }),
				on(framework.ClientSide, framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider})), again, traceOf(&id)))
			ctx, end := t.Context(), func() {}
			if caller {
				callers, span := s.provider.Tracer("test").Start(ctx, "caller")
				ctx, end = callers, func() { span.End() }
			}
			_, _ = frameworktest.Execute(ctx, client, kind, []string{"x"})
			end()
			synctest.Wait()
			want := strings.ReplaceAll("client M\nclient M\n", "M", methods[kind])
			if caller {
				want = strings.ReplaceAll("internal caller\n  client M\n  client M\n", "M", methods[kind])
			}
			all := s.ended(t)
			if got := tree(all); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			if last := all[len(all)-1].SpanContext().TraceID().String(); id != last {
				t.Errorf("trace %s, want %s", id, last)
			}
		}
	})
}

// Without a TracerProvider, and without a trace in the request, there is none.
func TestNone(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		var ids [2]string
		link := framework.Use(newTracing(t, tracing.Options{}))
		client := frameworktest.DummyClient(t, on(framework.ServerSide, link, traceOf(&ids[0])), on(framework.ClientSide, link, traceOf(&ids[1])))
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"y"}); err != nil {
			t.Error(err)
		}
		if ids != [2]string{} {
			t.Errorf("%q", ids)
		}
	})
}

// What ends before it reaches an interceptor has a span as well.
func TestWithoutInterceptor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSpans()
		conn := frameworktest.DummyConn(t, on(framework.ServerSide, framework.Use(newTracing(t, tracing.Options{TracerProvider: s.provider}))))
		if err := invoke(t.Context(), conn, "/"+service+"/Execute", grpc.ForceCodecV2(garbage{})); status.Code(err) != codes.Internal {
			t.Error(err)
		}
		synctest.Wait()
		span := s.only(t, trace.SpanKindServer)
		if span.Name() != service+"/Execute" || span.Status().Code != otelcodes.Error || attributeOf(span, "rpc.response.status_code") != "INTERNAL" {
			t.Errorf("%s: %v %v", span.Name(), span.Status(), span.Attributes())
		}
	})
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newTracing(t, tracing.Options{}).Placement()
	if p.Name != "tracing" || p.Stage != framework.StageObserve || len(p.Sides)+len(p.Keys) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor {
		return newTracing(t, tracing.Options{TracerProvider: newSpans().provider})
	})
}
