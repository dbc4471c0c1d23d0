package breaker_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/breaker"
	"github.com/sluice-go/sluice/modules/retry"
)

// Five failures in a row open a circuit, half a minute later one call probes it, and when that succeeds it is closed.
func TestCircuit(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{})
		r.fail(4)
		r.want(codes.OK)
		r.fail(4)
		r.wantState(gobreaker.StateClosed)
		r.fail(1)
		r.wantState(gobreaker.StateOpen)
		r.wantRefused(breaker.ReasonOpen)
		time.Sleep(30 * time.Second)
		r.wantRefused(breaker.ReasonOpen) // gobreaker is still open at the very end
		time.Sleep(time.Nanosecond)
		r.fail(1)
		r.wantRefused(breaker.ReasonOpen)
		time.Sleep(30*time.Second + 1)
		r.want(codes.OK)
		r.wantState(gobreaker.StateClosed)
	})
}

// A caller reads why, and when there will be a probe: who comes then is not refused.
func TestRefusal(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{})
		r.fail(5)
		time.Sleep(10 * time.Second)
		err := r.call(t.Context(), "x")
		const text = "the circuit to " + service + " is open after failures, so the call was not sent; try again in 20.001s"
		if s := status.Convert(err); s.Message() != text {
			t.Errorf("%q", s.Message())
		}
		reason, domain := errmap.ReasonOf(err)
		delay, ok := errmap.RetryDelay(err)
		if reason != breaker.ReasonOpen || domain != breaker.Domain || !ok || delay != 20001*time.Millisecond {
			t.Errorf("%s %s %v %v", reason, domain, delay, ok)
		}
		time.Sleep(delay)
		r.want(codes.OK)
	})
}

// A link outside knows the state of a circuit that refused.
func TestAnnotation(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got string
		r := newRig(t, framework.Unary, breaker.Options{}, framework.Use(framework.InterceptorFunc(
			func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				err := next(ctx, call)
				v, _ := call.Annotation(breaker.AnnotationState)
				got = v.String()
				return err
			}), framework.At(framework.StageObserve)))
		r.fail(5)
		r.wantRefused(breaker.ReasonOpen)
		if got != "open" {
			t.Errorf("%q", got)
		}
	})
}

// A stream that has answered counts when it ends, as what it ends with.
func TestStreamCountsAtItsEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, framework.BidiStream, breaker.Options{Failures: 1})
		stream, err := r.client.ExecuteClientServerStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range []string{"a", "x"} {
			r.wantState(gobreaker.StateClosed)
			r.says(codes.Internal)
			if err := stream.Send(request(input)); err != nil {
				t.Fatal(err)
			}
			_, err = stream.Recv()
		}
		if status.Code(err) != codes.Internal {
			t.Error(err)
		}
		r.wantState(gobreaker.StateOpen)
	})
}

// Attempts count, not what is made of them.
func TestRetriesCount(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		again, err := retry.New(retry.Options{})
		if err != nil {
			t.Fatal(err)
		}
		r := newRig(t, framework.Unary, breaker.Options{Failures: 2, OpenFor: time.Second}, framework.Use(again),
			framework.Rules("DummyService/Execute", retry.Attempts.Set(3), retry.Idempotent.Set(true)))
		r.says(codes.Unavailable)
		if err := r.call(t.Context(), "x"); reasonOf(err) != breaker.ReasonOpen || r.calls.Load() != 2 {
			t.Errorf("%d calls, %v", r.calls.Load(), err)
		}
		r.wantState(gobreaker.StateOpen)
		r.says(codes.OK)
		begin := time.Now()
		r.want(codes.OK) // refused, and tried again when the refusal says
		if waited := time.Since(begin); waited > 2*time.Second {
			t.Errorf("after %s", waited)
		}
	})
}

// OnChange may ask for the states, and is told all changes in order.
func TestOnChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		var i *breaker.Interceptor
		var mu sync.Mutex
		var told []string
		i = newBreaker(t, breaker.Options{Failures: 1, OnChange: func(p breaker.Place, from, to gobreaker.State) {
			mu.Lock()
			defer mu.Unlock()
			told = append(told, p.Target+" "+p.Service+" "+p.Method+" "+from.String()+" "+to.String()+" "+i.States()[0].State.String())
		}})
		r := &rig{server: newServer(), t: t, i: i, kind: kind}
		r.client = frameworktest.DummyClient(t, r.option(), frameworktest.ClientParts(framework.Use(i), framework.Target("orders")))
		r.fail(1)
		time.Sleep(31 * time.Second)
		r.want(codes.OK)
		const place = "orders " + service + "  "
		want := []string{place + "closed open open", place + "open half-open half-open", place + "half-open closed closed"}
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(told, want) {
			t.Errorf("%q", told)
		}
	})
}

// An OnChange that panics leaves no slot taken.
func TestOnChangePanics(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		times := 0
		r := newRig(t, framework.Unary, breaker.Options{OnChange: func(_ breaker.Place, _, to gobreaker.State) {
			if to == gobreaker.StateHalfOpen && times == 0 {
				times++
				panic("told")
			}
		}})
		r.fail(5)
		time.Sleep(31 * time.Second)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			_ = r.call(t.Context(), "x")
		}()
		r.want(codes.OK)
	})
}

// A circuit is for a service, for a method, or there is none, as rules and options say, and one for each target.
func TestPlaces(t *testing.T) {
	t.Parallel()
	i := newBreaker(t, breaker.Options{})
	for _, target := range []string{"b", "a"} {
		_, err := framework.NewClientChain(framework.Use(i), framework.Target(target),
			framework.Rules("DummyService/ExecuteServerStream", breaker.Key.Set(breaker.PerMethod)),
			framework.Rules("DummyService/ExecuteClientStream", breaker.Key.Set(breaker.None)))
		if err != nil {
			t.Fatal(err)
		}
	}
	var got []breaker.Place
	for _, c := range i.States() {
		got = append(got, c.Place)
	}
	want := []breaker.Place{{"a", service, "ExecuteServerStream"}, {"b", service, "ExecuteServerStream"}}
	for _, p := range want {
		if !slices.Contains(got, p) {
			t.Errorf("%+v", got)
		}
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newBreaker(t, breaker.Options{}).Placement()
	if p.Name != "breaker" || p.Stage != framework.StageAdmit || !slices.Equal(p.Sides, []framework.Side{framework.ClientSide}) ||
		len(p.Keys) != 1 || p.Keys[0].Name() != "breaker" {
		t.Errorf("%+v", p)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]breaker.Options{
		"defaults": {},
		"method":   {Per: breaker.PerMethod, Ratio: 0.9},
		"none":     {Per: breaker.None},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			frameworktest.TestInterceptor(t, func() framework.Interceptor { return newBreaker(t, o) })
		})
	}
}
