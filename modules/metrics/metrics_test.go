package metrics_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/common/expfmt"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

// What one RPC leaves, on both sides.
func TestOneRPC(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		client := frameworktest.DummyClient(t, both(i)...)
		outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"foo", "bar"})
		if err != nil {
			t.Fatal(err)
		}
		requests := 1
		if kind.StreamsRequests() {
			requests = 2
		}
		want := numbers{}
		for _, side := range sides {
			maps.Copy(want, ended(side, kind, codes.OK, 1).passed(side, kind, float64(requests), float64(len(outputs))))
		}
		read(t, i.Registry()).want(t, want)
	})
}

// The gauge goes up and down, whatever becomes of the RPC.
func TestInFlight(t *testing.T) {
	t.Parallel()
	for _, end := range []error{nil, errmap.NotFound, errOdd{}} {
		t.Run(fmt.Sprint(end), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				i, goOn := newMetrics(t, metrics.Options{}), make(chan struct{})
				client := frameworktest.DummyClient(t, both(i, doing(func(context.Context) error { <-goOn; return end }))...)
				done := make(chan struct{})
				go func() {
					defer close(done)
					_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				}()
				synctest.Wait()
				during := read(t, i.Registry())
				for _, side := range sides {
					if got := during[fmt.Sprintf("%s in_flight_rpcs %s %s", side, kind, methods[kind])]; got != 1 {
						t.Errorf("%s: %v in flight", side, got)
					}
				}
				close(goOn)
				<-done
				synctest.Wait()
				for name := range read(t, i.Registry()) {
					if strings.Contains(name, "in_flight") {
						t.Errorf("%s is left", name)
					}
				}
			})
		})
	}
}

// How long an RPC takes is until its end, also where that is told by the stats handler.
func TestDuration(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		client := frameworktest.DummyClient(t, both(i, doing(func(context.Context) error { time.Sleep(3 * time.Second); return nil }))...)
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		families, err := i.Registry().Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				if h := m.GetHistogram(); h.GetSampleCount() > 0 && h.GetSampleSum() != 3 {
					t.Errorf("%s: %v s", f.GetName(), h.GetSampleSum())
				}
			}
		}
	})
}

// What Prometheus reads, to the letter.
func TestText(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newMetrics(t, metrics.Options{NoHistogram: true})
		conn := frameworktest.Conn(t, dummy(onlyExecute{}), on(framework.ServerSide, framework.Use(i, framework.On("DummyService/Execute"))))
		client := dummypb.NewDummyServiceClient(conn)
		for _, input := range []string{"a", "b", "x"} {
			_, _ = client.Execute(t.Context(), &dummypb.DummyRequest{Input: input})
		}
		const labels = `grpc_method="Execute",grpc_service="sluice.testing.v1.DummyService",grpc_type="unary"`
		want := `# HELP grpc_server_handled_total Total number of RPCs completed on the server, regardless of success or failure.
# TYPE grpc_server_handled_total counter
grpc_server_handled_total{grpc_code="NotFound",` + labels + `} 1
grpc_server_handled_total{grpc_code="OK",` + labels + `} 2
# HELP grpc_server_in_flight_rpcs Number of RPCs that the server has started and that have not ended.
# TYPE grpc_server_in_flight_rpcs gauge
grpc_server_in_flight_rpcs{` + labels + `} 0
# HELP grpc_server_msg_received_total Total number of RPC stream messages received on the server.
# TYPE grpc_server_msg_received_total counter
grpc_server_msg_received_total{` + labels + `} 3
# HELP grpc_server_msg_sent_total Total number of gRPC stream messages sent by the server.
# TYPE grpc_server_msg_sent_total counter
grpc_server_msg_sent_total{` + labels + `} 2
# HELP grpc_server_started_total Total number of RPCs started on the server.
# TYPE grpc_server_started_total counter
grpc_server_started_total{` + labels + `} 3
`
		if got := text(t, i); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	})
}

// text is what an HTTP handler would write.
func text(t *testing.T, i *metrics.Interceptor) string {
	t.Helper()
	families, err := i.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	for _, f := range families {
		if _, err := expfmt.MetricFamilyToText(&b, f); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

type onlyExecute struct {
	dummypb.UnimplementedDummyServiceServer
}

func (onlyExecute) Execute(_ context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	if r.GetInput() == "x" {
		return nil, errmap.NotFound
	}
	return &dummypb.DummyResponse{}, nil
}

// A call that a handler makes is no part of the handler's own RPC.
func TestCallInACall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		var inner dummypb.DummyServiceClient
		outer := frameworktest.DummyClient(t, both(i, doing(func(ctx context.Context) error {
			_, err := frameworktest.Execute(ctx, inner, kind, []string{"z"})
			return err
		}))...)
		inner = frameworktest.DummyClient(t, both(i)...)
		if _, err := frameworktest.Execute(t.Context(), outer, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		want := numbers{}
		for _, side := range sides {
			maps.Copy(want, ended(side, kind, codes.OK, 2).passed(side, kind, 2, 2))
		}
		read(t, i.Registry()).want(t, want)
	})
}

// A link outside that calls next again makes one call of each, of which the last is answered.
func TestAgain(t *testing.T) {
	t.Parallel()
	again := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.KeepRequests(1)
		if call.Kind() == framework.Unary { // which may be sent again after a success
			_ = next(ctx, call)
		}
		if err := next(ctx, call); err == nil {
			return nil
		}
		return next(ctx, call)
	})
	for _, side := range sides {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				i, calls := newMetrics(t, metrics.Options{}), 0
				first := 1 // that fails
				if kind == framework.Unary {
					first = 2
				}
				client := frameworktest.DummyClient(t, on(side, framework.Use(again, framework.At(framework.StageObserve)), framework.Use(i)),
					doing(func(context.Context) error {
						if calls++; calls == first {
							return errmap.Unavailable
						}
						return nil
					}))
				if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
					t.Fatal(err)
				}
				handled := fmt.Sprintf("%s handled %s %s ", side, kind, methods[kind])
				got := read(t, i.Registry())
				got.of(side.String()+" handled").want(t, numbers{handled + "OK": float64(first), handled + "Unavailable": 1})
				got.of(side.String()+" in_flight").want(t, numbers{})
			})
		})
	}
}

// Without its stats handler, and without Bind, an Interceptor counts what reaches it.
func TestUnbound(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				i := newMetrics(t, metrics.Options{})
				client := frameworktest.DummyClient(t, raises(errmap.NotFound), on(side, framework.Use(framework.InterceptorFunc(i.Intercept))))
				for _, input := range []string{"x", "y"} {
					_, _ = frameworktest.Execute(t.Context(), client, kind, []string{input})
				}
				want := ended(side, kind, codes.OK, 1)
				maps.Copy(want, ended(side, kind, codes.NotFound, 1))
				for _, what := range []string{"started", "handling"} {
					want[fmt.Sprintf("%s %s %s %s", side, what, kind, methods[kind])] = 2
				}
				read(t, i.Registry()).without("msg").want(t, want)
			})
		})
	}
}

// Several interceptors on one chain have each their own numbers.
func TestTwoInterceptors(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		a, b := newMetrics(t, metrics.Options{}), newMetrics(t, metrics.Options{})
		second := framework.Use(b, framework.Name("second"))
		client := frameworktest.DummyClient(t, both(a, on(framework.ServerSide, second), on(framework.ClientSide, second))...)
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"foo"}); err != nil {
			t.Fatal(err)
		}
		got := read(t, a.Registry())
		got.want(t, read(t, b.Registry()))
		if len(got) == 0 {
			t.Error("nothing")
		}
	})
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newMetrics(t, metrics.Options{}).Placement()
	if p.Name != "metrics" || p.Stage != framework.StageObserve || len(p.Sides)+len(p.Keys) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor {
		return newMetrics(t, metrics.Options{Exemplar: metrics.TraceID})
	})
}
