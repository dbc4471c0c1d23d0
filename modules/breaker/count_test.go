package breaker_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/breaker"
)

func request(input string) *dummypb.DummyRequest { return &dummypb.DummyRequest{Input: input} }

// Of what a server answers three codes are failures, or those of the options. Any other is a success.
func TestCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		for _, own := range []bool{false, true} {
			for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
				o := breaker.Options{Failures: 1}
				fails := code == codes.Unavailable || code == codes.DeadlineExceeded || code == codes.Internal
				if own {
					o.Codes = []errmap.Code{errmap.ResourceExhausted, errmap.Canceled}
					fails = code == codes.ResourceExhausted || code == codes.Canceled
				}
				r := newRig(t, kind, o)
				r.says(code)
				r.want(code)
				n := r.i.States()[0]
				if fails != (n.State == gobreaker.StateOpen) || !fails && n.Counts.TotalSuccesses != 1 {
					t.Errorf("%v, own %v: %+v", code, own, n)
				}
			}
		}
	})
}

// wantUncounted holds an RPC to have told nothing of the server.
func (r *rig) wantUncounted(what string) {
	r.t.Helper()
	n := r.i.States()[0].Counts
	if n.TotalFailures != 0 || n.TotalSuccesses != 0 || n.TotalExclusions != n.Requests {
		r.t.Errorf("%s: %+v", what, n)
	}
}

// What a link inside refuses has not been at the server, whatever its code.
func TestRefusedInside(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
			if code == codes.DeadlineExceeded {
				continue // time has passed, wherever
			}
			err := status.Error(code, "no")
			r := newRig(t, kind, breaker.Options{}, framework.Use(framework.InterceptorFunc(
				func(context.Context, *framework.Call, framework.Handler) error { return err }), framework.At(framework.StageAuthenticate)))
			r.want(code)
			r.wantUncounted(code.String())
		}
	})
}

// Nor has what grpc refuses, or what the caller makes of it.
func TestRefusedByGRPC(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{Failures: 1})
		ctx, cancel := context.WithCancel(t.Context())
		for what, try := range map[string]func() error{
			"not UTF-8":     func() error { return r.call(t.Context(), "\xff") },
			"no compressor": func() error { return r.callWith(grpc.UseCompressor("none")) },
			"too large":     func() error { return r.callWith(grpc.MaxCallSendMsgSize(1)) },
			"went": func() error {
				time.AfterFunc(time.Second, cancel)
				return r.call(ctx, "hold")
			},
		} {
			if err := try(); err == nil {
				t.Errorf("%s: no error", what)
			}
			synctest.Wait()
			r.wantUncounted(what)
		}
		before := r.i.States()[0].Counts.Requests
		if err := r.call(ctx, "x"); status.Code(err) != codes.Canceled {
			t.Error(err)
		}
		if after := r.i.States()[0].Counts.Requests; after != before {
			t.Errorf("a call of one who had gone is a request: %d", after)
		}
	})
}

func (r *rig) callWith(o grpc.CallOption) error {
	_, err := frameworktest.Execute(r.t.Context(), r.client, r.kind, []string{"xx"}, o)
	return err
}

// Time that passes at the server is a failure.
func TestDeadline(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{Failures: 1})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := r.call(ctx, "hold"); status.Code(err) != codes.DeadlineExceeded {
			t.Error(err)
		}
		synctest.Wait()
		r.wantState(gobreaker.StateOpen)
	})
}

// A server to which there is no connection has failed.
func TestNoConnection(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			i := newBreaker(t, breaker.Options{Failures: 1})
			chain, err := framework.NewClientChain(framework.Use(i))
			if err != nil {
				t.Fatal(err)
			}
			conn, err := grpc.NewClient("passthrough:nowhere", append(chain.DialOptions(),
				grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithContextDialer(nowhere))...)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			r := &rig{server: newServer(), t: t, i: i, client: dummypb.NewDummyServiceClient(conn), kind: kind}
			r.want(codes.Unavailable)
			r.wantRefused(breaker.ReasonOpen)
		})
	}
}

// A part of the RPCs that fail opens a circuit, where there are enough of them in the window.
func TestRatio(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{Ratio: 0.5, MinRequests: 10})
		r.fail(9)
		r.wantState(gobreaker.StateClosed)
		time.Sleep(11 * time.Second) // they are forgotten
		for range 5 {
			r.want(codes.OK)
		}
		r.fail(4)
		r.wantState(gobreaker.StateClosed)
		r.fail(1)
		r.wantState(gobreaker.StateOpen)
		time.Sleep(31 * time.Second)
		r.want(codes.OK)
		r.fail(8)
		r.wantState(gobreaker.StateClosed)
	})
}

// RPCs that hang for longer than the window are failures in it.
func TestLongerThanTheWindow(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		r := newRig(t, kind, breaker.Options{Ratio: 0.5, MinRequests: 3, Window: time.Second})
		for range 3 {
			go func() {
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				_ = r.call(ctx, "hold")
			}()
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		r.wantState(gobreaker.StateOpen)
	})
}

// gobreaker's own windows have forgotten them when they end.
func TestWindowsOfGobreaker(t *testing.T) {
	t.Parallel()
	for _, bucket := range []time.Duration{0, time.Second} {
		t.Run(fmt.Sprint(bucket), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				raw := gobreaker.NewTwoStepCircuitBreaker[int](gobreaker.Settings{Interval: 10 * time.Second, BucketPeriod: bucket})
				for range 100 {
					done, err := raw.Allow()
					if err != nil {
						t.Fatal(err)
					}
					time.Sleep(time.Minute)
					done(errors.New("down"))
				}
				if n := raw.Counts(); n.TotalFailures != 0 || raw.State() != gobreaker.StateClosed {
					t.Errorf("%+v: the reason for a window of our own is gone", n)
				}
			})
		})
	}
}

func nowhere(context.Context, string) (net.Conn, error) { return nil, errors.New("nobody is there") }

// What failed before a circuit opened does not open it again when it was closed, though the window has it still.
func TestWindowBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, framework.Unary, breaker.Options{Ratio: 0.5, MinRequests: 4, Window: time.Hour, OpenFor: time.Second})
		r.fail(4)
		r.wantState(gobreaker.StateOpen)
		time.Sleep(2 * time.Second)
		r.want(codes.OK)
		r.fail(3)
		r.wantState(gobreaker.StateClosed)
		r.fail(1)
		r.wantState(gobreaker.StateOpen)
	})
}

// A stream that its caller leaves is neither a success nor a failure, though it had answers, and CANCELLED is a failure.
func TestCallerLeavesAStream(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, framework.BidiStream, breaker.Options{Codes: []errmap.Code{errmap.Canceled}})
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := r.client.ExecuteClientServerStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err = stream.Send(request("a")); err == nil {
			_, err = stream.Recv()
		}
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		if _, err = stream.Recv(); status.Code(err) != codes.Canceled {
			t.Error(err)
		}
		synctest.Wait()
		r.wantUncounted("left")
	})
}
