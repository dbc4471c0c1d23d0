package retry_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/retry"
)

// Where the pause would outlast the caller's deadline the RPC ends at once, with what failed.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		after    time.Duration
		attempts int
		took     time.Duration
	}{
		{"before the first pause ends", pause / 2, 1, 0},
		{"when it ends", pause, 1, 0},
		{"during the second", pause * 3 / 2, 2, pause},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				s, outside := failing(codes.Unavailable, always), &witness{}
				client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(5)), outside.around())
				ctx, cancel := context.WithTimeout(t.Context(), tt.after)
				defer cancel()
				start := time.Now()
				_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
				wantStatus(t, err, codes.Unavailable, "failure "+string(rune('0'+tt.attempts)))
				if took := time.Since(start); took != tt.took || s.count() != tt.attempts {
					t.Errorf("%d attempts in %s", s.count(), took)
				}
				if _, stopped := outside.said(); stopped != "deadline" {
					t.Errorf("stopped by %q", stopped)
				}
			})
		})
	}
}

// An attempt that runs into the caller's deadline is the last one, also where the code is tried again.
func TestDeadlineDuringAnAttempt(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s := &server{do: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}
		client := frameworktest.DummyClient(t, s.option(),
			ruled(t, steady(), retried, retry.Attempts.Set(5), retry.On.Set(retry.Codes{errmap.DeadlineExceeded})))
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		start := time.Now()
		_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
		if status.Code(err) != codes.DeadlineExceeded || s.count() != 1 || time.Since(start) != time.Minute {
			t.Errorf("%v after %d attempts in %s", err, s.count(), time.Since(start))
		}
	})
}

// A caller who gives up during a pause is not kept waiting, and learns what had failed.
func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s, outside := failing(codes.Unavailable, always), &witness{}
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(5)), outside.around())
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(pause/4, cancel)
		start := time.Now()
		_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
		wantStatus(t, err, codes.Canceled, "context canceled before another attempt; the last one: failure 1")
		if !errors.Is(err, context.Canceled) || !errors.Is(err, errmap.Canceled) || time.Since(start) != pause/4 || s.count() != 1 {
			t.Errorf("%v after %d attempts in %s", err, s.count(), time.Since(start))
		}
		wantSaid(t, outside, 0, "caller")
	})
}

// A caller's end is not a failure of an attempt: nothing is tried again, however the codes are.
func TestCallerCancels(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s := &server{do: func(ctx context.Context, _ int) error { <-ctx.Done(); return ctx.Err() }}
		client := frameworktest.DummyClient(t, s.option(),
			ruled(t, steady(), retried, retry.Attempts.Set(5), retry.On.Set(retry.Codes{errmap.Canceled})))
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(pause, cancel)
		start := time.Now()
		_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
		wantStatus(t, err, codes.Canceled, "context canceled")
		if time.Since(start) != pause || s.count() != 1 {
			t.Errorf("%v after %d attempts in %s", err, s.count(), time.Since(start))
		}
	})
}
