package breaker_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/breaker"
)

// Of many calls at once exactly as many probe as may, and no other reaches the server.
func TestHalfOpenIsExact(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		const probes = 3
		r := newRig(t, kind, breaker.Options{HalfOpen: probes})
		r.toHalfOpen()
		errs := make(chan error, 64)
		for range cap(errs) {
			go func() { errs <- r.call(t.Context(), "hold") }()
		}
		synctest.Wait()
		if r.held.Load() != probes || len(errs) != cap(errs)-probes {
			t.Errorf("%d probes, %d refused", r.held.Load(), len(errs))
		}
		for range len(errs) {
			if err := <-errs; reasonOf(err) != breaker.ReasonHalfOpen {
				t.Error(err)
			}
		}
		for range probes {
			r.free <- nil
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
		r.wantState(gobreaker.StateClosed)
	})
}

// A probe that says nothing gives its place to the next one, however it ends.
func TestSlotIsReleased(t *testing.T) {
	t.Parallel()
	errLocal := status.Error(codes.Unavailable, "no token")
	for name, end := range map[string]func() error{
		"panic":   func() error { panic("a bug") },
		"goexit":  func() error { runtime.Goexit(); return nil },
		"refusal": func() error { return errLocal },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				bad := false
				r := newRig(t, kind, breaker.Options{}, framework.Use(framework.InterceptorFunc(
					func(ctx context.Context, call *framework.Call, next framework.Handler) error {
						if bad {
							return end()
						}
						return next(ctx, call)
					}), framework.At(framework.StageAuthenticate)))
				r.toHalfOpen()
				bad = true
				for range 3 {
					done := make(chan struct{})
					go func() {
						defer close(done)
						defer func() { _ = recover() }()
						_ = r.call(t.Context(), "x")
					}()
					<-done
				}
				bad = false
				r.wantState(gobreaker.StateHalfOpen)
				r.want(codes.OK)
				r.wantState(gobreaker.StateClosed)
			})
		})
	}
}

// A caller that goes, and a stream that is left as it is until its context ends, give the slot back too.
func TestSlotOfACallerThatWent(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{})
		r.toHalfOpen()
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- r.call(ctx, "hold") }()
		synctest.Wait()
		r.wantRefused(breaker.ReasonHalfOpen)
		cancel()
		if err := <-ended; status.Code(err) != codes.Canceled {
			t.Error(err)
		}
		synctest.Wait()
		r.wantState(gobreaker.StateHalfOpen)

		ctx, cancel = context.WithCancel(t.Context())
		stream, err := r.client.ExecuteClientServerStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		r.wantRefused(breaker.ReasonHalfOpen)
		cancel()
		synctest.Wait()
		r.want(codes.OK)
		_ = stream
	})
}

// A probe that goes on and on gives its place to another when the circuit would have been open for so long.
func TestProbeThatHangs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{})
		r.toHalfOpen()
		ended := make(chan error, 1)
		go func() { ended <- r.call(t.Context(), "hold") }()
		time.Sleep(29 * time.Second)
		r.wantRefused(breaker.ReasonHalfOpen)
		time.Sleep(time.Second)
		synctest.Wait()
		r.want(codes.OK)
		r.wantState(gobreaker.StateClosed)
		r.free <- status.Error(codes.Unavailable, "late")
		if err := <-ended; status.Code(err) != codes.Unavailable {
			t.Error(err)
		}
		if n := r.i.States()[0].Counts; n.TotalFailures != 0 {
			t.Errorf("it counts twice: %+v", n)
		}
	})
}

// The first message of a stream that probes is the answer: it may go on for ever.
func TestProbeThatStreams(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, framework.BidiStream, breaker.Options{})
		r.toHalfOpen()
		stream, err := r.client.ExecuteClientServerStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if err := stream.Send(request("a")); err != nil {
			t.Fatal(err)
		}
		if _, err := stream.Recv(); err != nil {
			t.Fatal(err)
		}
		r.wantState(gobreaker.StateClosed)
		if err := stream.CloseSend(); err != nil {
			t.Error(err)
		}
		_, _ = stream.Recv()
	})
}

// gobreaker's Execute leaves the slot of a probe taken that ended by Goexit, for good.
func TestGoexitOfGobreaker(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		raw := gobreaker.NewCircuitBreaker[int](gobreaker.Settings{ReadyToTrip: func(gobreaker.Counts) bool { return true }})
		_, _ = raw.Execute(func() (int, error) { return 0, errors.New("down") })
		time.Sleep(time.Minute + 1)
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = raw.Execute(func() (int, error) { runtime.Goexit(); return 0, nil })
		}()
		<-done
		time.Sleep(time.Hour)
		if _, err := raw.Execute(func() (int, error) { return 0, nil }); !errors.Is(err, gobreaker.ErrTooManyRequests) {
			t.Errorf("%v: the reason for TestSlotIsReleased is gone", err)
		}
	})
}
