package retry_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
)

// An attempt that does not heed its context keeps the RPC from ending, and gets no company when that has ended.
func TestHedgeOfADeafAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inside := &witness{}
		deaf := framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error {
			time.Sleep(time.Hour) // of the bubble
			return status.Error(codes.Unavailable, "late")
		})
		client := frameworktest.DummyClient(t, inside.within(), hedging(t, retry.Options{}, retry.Hedging{Attempts: 3, After: time.Second}),
			frameworktest.ClientParts(framework.Use(deaf, framework.At(framework.StageAuthenticate))))
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		start := time.Now()
		_, err := client.Execute(ctx, &dummypb.DummyRequest{})
		if status.Code(err) != codes.Unavailable || inside.entered != 2 || inside.running != 0 || time.Since(start) != time.Hour+time.Second {
			t.Errorf("%v after %s and %d attempts, of which %d run", err, time.Since(start), inside.entered, inside.running)
		}
	})
}

// A panic of an attempt reaches the caller with its stack, and no other attempt runs then.
func TestHedgePanics(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"boom", errors.New("boom")} {
		synctest.Test(t, func(t *testing.T) {
			var n, running atomic.Int64
			client := frameworktest.DummyClient(t, hedging(t, retry.Options{}, retry.Hedging{Attempts: 2, After: time.Second}),
				frameworktest.ClientParts(framework.Use(framework.InterceptorFunc(func(ctx context.Context, _ *framework.Call, _ framework.Handler) error {
					if n.Add(1) == 2 {
						panic(value)
					}
					running.Add(1)
					defer running.Add(-1)
					<-ctx.Done()
					return ctx.Err()
				}), framework.At(framework.StageAdmit))))
			defer func() {
				p, ok := recover().(error)
				if !ok || !strings.Contains(p.Error(), "boom") || !strings.Contains(p.Error(), "TestHedgePanics") || running.Load() != 0 {
					t.Errorf("%v, while %d run", p, running.Load())
				}
				if err, ok := value.(error); ok && !errors.Is(p, err) {
					t.Errorf("it lost %v", err)
				}
			}()
			_, err := client.Execute(t.Context(), &dummypb.DummyRequest{})
			t.Errorf("it returned %v", err)
		})
	}
}

// An attempt that ends its goroutine ends the caller's, as it does without hedges.
func TestHedgeExits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := frameworktest.DummyClient(t, hedging(t, retry.Options{}, retry.Hedging{Attempts: 2, After: time.Second}),
			frameworktest.ClientParts(framework.Use(framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error {
				runtime.Goexit()
				return nil
			}), framework.At(framework.StageAdmit))))
		returned, ended := false, make(chan struct{})
		go func() {
			defer close(ended)
			_, _ = client.Execute(t.Context(), &dummypb.DummyRequest{})
			returned = true
		}()
		if <-ended; returned {
			t.Error("it returned")
		}
	})
}

// Many hedged RPCs at once have each their own answer, which no loser writes into.
func TestHedgesAtOnce(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t, hedging(t, retry.Options{Budget: retry.Budget{Tokens: 1000, Ratio: 1}}, retry.Hedging{Attempts: 3}))
	done := make(chan error)
	const callers, calls = 8, 25
	for i := range callers {
		go func() {
			var err error
			for n := range calls {
				want := fmt.Sprint(i, " ", n)
				response, failure := client.Execute(t.Context(), &dummypb.DummyRequest{Input: want})
				if failure != nil || response.GetOutput() != want {
					err = fmt.Errorf("%q, %w, want %q", response.GetOutput(), failure, want)
				}
			}
			done <- err
		}()
	}
	for range callers {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
