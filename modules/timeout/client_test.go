package timeout_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// unanswered has the service not answer for an hour, whatever the context: what a client gets meanwhile is of its own making.
func unanswered() frameworktest.Option {
	return handling(func(context.Context) error { time.Sleep(time.Hour); return nil })
}

// An RPC that is not answered ends with the limit, and says so.
func TestClientLimit(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string][]framework.Part{"alone": nil, "mapped": {mapping(t)}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				client := frameworktest.DummyClient(t, frameworktest.ClientParts(append(parts, limiting(t))...), unanswered())
				start := time.Now()
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				if took := time.Since(start); status.Code(err) != codes.DeadlineExceeded || took != limit {
					t.Errorf("%v after %s", err, took)
				}
				if _, grpcs, ok := strings.Cut(status.Convert(err).Message(), clientText+": "); !ok || grpcs == "" {
					t.Errorf("it does not say what has passed: %v", err)
				}
				if !errors.Is(err, errmap.DeadlineExceeded) {
					t.Errorf("%+v", err)
				}
				if _, ok := errors.AsType[*errmap.Remote](err); ok != (name == "mapped") {
					t.Errorf("%+v", err)
				}
			})
		})
	}
}

// A caller's deadline, and a caller's cancel, are what they are without the link.
func TestClientCallerEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration
		end   func(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc)
		code  codes.Code
	}{
		{"sooner deadline", limit / 2, context.WithTimeout, codes.DeadlineExceeded},
		{"later deadline", limit * 2, context.WithTimeout, codes.DeadlineExceeded},
		{"cancel", limit / 2, func(ctx context.Context, after time.Duration) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(after, cancel)
			return ctx, cancel
		}, codes.Canceled},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				client := frameworktest.DummyClient(t, frameworktest.ClientParts(limiting(t)), unanswered())
				ctx, cancel := tt.end(t.Context(), tt.after)
				defer cancel()
				start := time.Now()
				_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
				if status.Code(err) != tt.code || time.Since(start) != tt.after || strings.Contains(err.Error(), "limit") {
					t.Errorf("%v after %s", err, time.Since(start))
				}
			})
		})
	}
}

// What the server answered in time is what it answered.
func TestClientAnswered(t *testing.T) {
	t.Parallel()
	for _, err := range []error{
		nil, status.Error(codes.NotFound, "nf"), status.Error(codes.DeadlineExceeded, "the server's own"), status.Error(codes.Canceled, "the server's own"),
	} {
		t.Run(status.Code(err).String(), func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				client := frameworktest.DummyClient(t, frameworktest.ClientParts(limiting(t)), handling(func(context.Context) error { return err }))
				outputs, got := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				switch {
				case err != nil:
					wantStatus(t, got, status.Code(err), status.Convert(err).Message())
				case got != nil || !slices.Equal(outputs, []string{"y"}):
					t.Errorf("%q, %v", outputs, got)
				}
			})
		})
	}
}

// A stream that was opened without a deadline, and forgotten, ends. A bubble does not end before all that is in it has.
func TestClientForgetsAStream(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		left := make(chan error, 1)
		outside := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			err := next(ctx, call)
			left <- err
			return err
		})
		client := frameworktest.DummyClient(t, frameworktest.ClientParts(framework.Use(outside), limiting(t)),
			handling(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
		start := time.Now()
		if err := open(context.Background(), client, kind); err != nil {
			t.Fatal(err)
		}
		if err := <-left; status.Code(err) != codes.DeadlineExceeded || time.Since(start) != limit {
			t.Errorf("%v after %s", err, time.Since(start))
		}
	})
}

// open opens an RPC and leaves it alone.
func open(ctx context.Context, client dummypb.DummyServiceClient, kind framework.Kind) (err error) {
	switch kind {
	case framework.Unary:
		go func() { _, _ = client.Execute(ctx, &dummypb.DummyRequest{Input: "x"}) }()
	case framework.ClientStream:
		_, err = client.ExecuteClientStream(ctx)
	case framework.ServerStream:
		_, err = client.ExecuteServerStream(ctx, &dummypb.DummyRequest{Input: "x"})
	default:
		_, err = client.ExecuteClientServerStream(ctx)
	}
	return err
}

// thrice makes three attempts, a second apart.
func thrice(ctx context.Context, call *framework.Call, next framework.Handler) (err error) {
	call.KeepRequests(1)
	for range 3 {
		if err = next(ctx, call); err == nil {
			return nil
		}
		time.Sleep(time.Second)
	}
	return err
}

// In its own stage the limit is for each attempt, further out for all of them.
func TestClientAttempts(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		options  []framework.LinkOption
		attempts int64
		took     time.Duration
	}{
		{"each", nil, 3, 3*limit + 3*time.Second},
		{"all", []framework.LinkOption{framework.At(framework.StageObserve)}, 1, 5 * time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				var attempts atomic.Int64
				client := frameworktest.DummyClient(t, frameworktest.ClientParts(
					framework.Use(framework.InterceptorFunc(thrice), framework.At(framework.StageRetry)), limiting(t, tt.options...)),
					handling(func(ctx context.Context) error { attempts.Add(1); <-ctx.Done(); return ctx.Err() }))
				start := time.Now()
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				if status.Code(err) != codes.DeadlineExceeded || attempts.Load() != tt.attempts || time.Since(start) != tt.took {
					t.Errorf("%v after %d attempts in %s", err, attempts.Load(), time.Since(start))
				}
			})
		})
	}
}
