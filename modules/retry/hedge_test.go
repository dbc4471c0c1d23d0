package retry_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/retry"
)

// A step is what an attempt of a hedged RPC does: it answers after a time, or fails, and may push back.
type step struct {
	after time.Duration
	err   error
	push  string
}

var (
	slow  = step{after: time.Hour}
	errNo = status.Error(codes.NotFound, "no")
	down  = status.Error(codes.Unavailable, "down")
)

// stepping is a server whose calls do one step each, the last one again and again. It notes in the metadata which call it is.
func stepping(steps ...step) *server {
	return &server{do: func(ctx context.Context, n int) error {
		s := steps[min(n, len(steps))-1]
		select {
		case <-time.After(s.after):
		case <-ctx.Done():
			return ctx.Err()
		}
		if s.push != "" {
			pushing(ctx, s.push)
		}
		number := metadata.Pairs("x-call", fmt.Sprint(n))
		if err := errors.Join(grpc.SetHeader(ctx, number), grpc.SetTrailer(ctx, number)); err != nil {
			slog.Error("no metadata", "error", err)
		}
		return s.err
	}}
}

func hedging(t testing.TB, o retry.Options, h retry.Hedging, s ...framework.Setting) frameworktest.Option {
	t.Helper()
	return ruled(t, o, retried[:1], append(s, retry.Hedge.Set(h))...)
}

// What becomes of a hedged RPC: 3/1s, with a MaxDelay of a minute.
func TestHedged(t *testing.T) {
	t.Parallel()
	ms := func(n int) time.Duration { return time.Duration(n) * time.Millisecond }
	for _, tt := range []struct {
		name    string
		steps   []step
		gaps    []time.Duration
		took    time.Duration
		err     error
		winner  string
		stopped string
	}{
		{"the first answers", []step{{after: ms(999)}}, nil, ms(999), nil, "1", ""},
		{"the second answers", []step{slow, {after: ms(200)}}, []time.Duration{ms(1000)}, ms(1200), nil, "2", ""},
		{"the first after all", []step{{after: ms(1500)}, slow}, []time.Duration{ms(1000)}, ms(1500), nil, "1", ""},
		{"the third, and no fourth", []step{slow, slow, {after: ms(9000)}}, []time.Duration{ms(1000), ms(1000)}, ms(11000), nil, "3", ""},
		{"what another attempt does not mend", []step{slow, {err: errNo}}, []time.Duration{ms(1000)}, ms(1000), errNo, "2", ""},
		{"so does the first", []step{{after: ms(1500), err: errNo}, slow}, []time.Duration{ms(1000)}, ms(1500), errNo, "1", ""},
		{"a failure sends the next at once", []step{{after: ms(300), err: down}, {after: ms(100)}}, []time.Duration{ms(300)}, ms(400), nil, "2", ""},
		{"the one after waits again", []step{{after: ms(300), err: down}, slow, {}}, []time.Duration{ms(300), ms(1000)}, ms(1300), nil, "3", ""},
		{"a failure leaves the others", []step{{after: ms(2500)}, {err: down}, {err: down}}, []time.Duration{ms(1000), 0}, ms(2500), nil, "1", ""},
		{"all fail", []step{{err: down}, {err: down}, {after: ms(70), err: status.Error(codes.Unavailable, "the last")}}, []time.Duration{0, 0}, ms(70), status.Error(codes.Unavailable, "the last"), "3", "attempts"},
		{"all fail, and the last wants no more", []step{{err: down}, {err: down}, {err: down, push: "-1"}}, []time.Duration{0, 0}, 0, down, "3", "attempts"},
		{"no more are wanted", []step{{err: down, push: "-1"}}, nil, 0, down, "1", "pushback"},
		{"nor beyond MaxDelay", []step{{err: down, push: "60001"}}, nil, 0, down, "1", "pushback"},
		{"no more, but those that run", []step{{after: ms(1500)}, {err: down, push: "-1"}}, []time.Duration{ms(1000)}, ms(1500), nil, "1", ""},
		{"which fail", []step{{after: ms(1500), err: down}, {err: down, push: "-1"}}, []time.Duration{ms(1000)}, ms(1500), down, "1", "pushback"},
		{"the next is wanted later", []step{{err: down, push: "5000"}, {}}, []time.Duration{ms(5000)}, ms(5000), nil, "2", ""},
		{"or sooner", []step{{err: down, push: "300"}, {}}, []time.Duration{ms(300)}, ms(300), nil, "2", ""},
		{"and the one after as before", []step{{err: down, push: "5000"}, slow, {}}, []time.Duration{ms(5000), ms(1000)}, ms(6000), nil, "3", ""},
		{"at once", []step{{err: down, push: "0"}, {}}, []time.Duration{0}, 0, nil, "2", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, outside, inside := stepping(tt.steps...), &witness{}, &witness{}
				client := frameworktest.DummyClient(t, s.option(), outside.around(), inside.within(),
					hedging(t, retry.Options{MaxDelay: time.Minute}, retry.Hedging{Attempts: 3, After: time.Second}))
				var header, trailer metadata.MD
				var from peer.Peer
				start := time.Now()
				outputs, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"}, grpc.Header(&header), grpc.Trailer(&trailer), grpc.Peer(&from))
				if took := time.Since(start); took != tt.took || !slices.Equal(s.gaps(), tt.gaps) {
					t.Errorf("it took %s, want %s; gaps of %v, want %v", took, tt.took, s.gaps(), tt.gaps)
				}
				if inside.running != 0 || inside.entered != s.count() || outside.entered != 1 {
					t.Errorf("%d of %d attempts run on", inside.running, inside.entered)
				}
				if tt.err != nil {
					wantStatus(t, err, status.Code(tt.err), status.Convert(tt.err).Message())
				} else if err != nil || !slices.Equal(outputs, []string{"y"}) {
					t.Errorf("%q, %v", outputs, err)
				}
				if h, t2 := strings.Join(header["x-call"], " "), strings.Join(trailer["x-call"], " "); h != tt.winner || t2 != tt.winner || from.Addr == nil {
					t.Errorf("header of %q, trailer of %q, peer %v, want those of %q", h, t2, from.Addr, tt.winner)
				}
				attempts := int64(s.count())
				if attempts == 1 {
					attempts = 0
				}
				wantSaid(t, outside, attempts, tt.stopped)
				for i, call := range s.calls {
					if got := strings.Join(call.md["grpc-previous-rpc-attempts"], " "); i > 0 && got != fmt.Sprint(i) || i == 0 && got != "" {
						t.Errorf("attempt %d: previous %q", i+1, got)
					}
				}
			})
		})
	}
}

// Which failures leave the others running is said as for retries.
func TestHedgedOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := stepping(step{err: errNo}, step{})
		client := frameworktest.DummyClient(t, s.option(),
			hedging(t, retry.Options{}, retry.Hedging{Attempts: 2, After: time.Second}, retry.On.Set(retry.Codes{errmap.NotFound})))
		if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"}); err != nil || s.count() != 2 {
			t.Errorf("%v after %d attempts", err, s.count())
		}
	})
}

// The caller's end is that of all attempts, and of the wait for one that the server wanted later.
func TestHedgedCallerEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name     string
		steps    []step
		end      func(ctx context.Context) (context.Context, context.CancelFunc)
		code     codes.Code
		took     time.Duration
		attempts int
		stopped  string
	}{
		{"deadline", []step{slow}, within(1500 * time.Millisecond), codes.DeadlineExceeded, 1500 * time.Millisecond, 2, ""},
		{"cancel", []step{slow}, cancelled(1500 * time.Millisecond), codes.Canceled, 1500 * time.Millisecond, 2, ""},
		{"cancel while none runs", []step{{err: down, push: "5000"}}, cancelled(1500 * time.Millisecond), codes.Canceled, 1500 * time.Millisecond, 1, "caller"},
		{"too late to wait for", []step{{err: down, push: "5000"}}, within(4 * time.Second), codes.Unavailable, 0, 1, "deadline"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, outside, inside := stepping(tt.steps...), &witness{}, &witness{}
				client := frameworktest.DummyClient(t, s.option(), outside.around(), inside.within(),
					hedging(t, retry.Options{}, retry.Hedging{Attempts: 3, After: time.Second}))
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				start := time.Now()
				_, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"x"})
				if status.Code(err) != tt.code || time.Since(start) != tt.took || s.count() != tt.attempts || inside.running != 0 {
					t.Errorf("%v after %s and %d attempts, of which %d run", err, time.Since(start), s.count(), inside.running)
				}
				if _, stopped := outside.said(); stopped != tt.stopped {
					t.Errorf("stopped by %q", stopped)
				}
			})
		})
	}
}

func within(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) { return context.WithTimeout(ctx, d) }
}

func cancelled(d time.Duration) func(context.Context) (context.Context, context.CancelFunc) {
	return func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		time.AfterFunc(d, cancel)
		return ctx, cancel
	}
}

// A server that is slow is not asked twice for long: a hedge takes a token, and of ten calls that succeed one can be hedged.
func TestHedgesOfASlowServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const calls = 1000
		s, outside := stepping(step{after: 2 * time.Second}), &witness{}
		client := frameworktest.DummyClient(t, s.option(), outside.around(), hedging(t, retry.Options{}, retry.Hedging{Attempts: 2, After: time.Second}))
		for range calls {
			if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"}); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.count(); got < calls*11/10 || got > calls*11/10+10 {
			t.Errorf("%d attempts of %d calls", got, calls)
		}
	})
}

// As many attempts as are said can fail of a bucket that is full, and no hedges follow when it is half full.
func TestHedgesOfAFailingServer(t *testing.T) {
	t.Parallel()
	type said struct {
		attempts int64
		stopped  string
		all      int
	}
	for attempts, calls := range map[int][]said{
		5: {{5, "attempts", 5}, {0, "budget", 6}, {0, "budget", 7}},
		2: {{2, "attempts", 2}, {2, "attempts", 4}, {0, "budget", 5}},
	} {
		synctest.Test(t, func(t *testing.T) {
			s, outside := stepping(step{err: down}), &witness{}
			client := frameworktest.DummyClient(t, s.option(), outside.around(),
				hedging(t, retry.Options{}, retry.Hedging{Attempts: attempts, After: time.Second}))
			for _, want := range calls {
				_, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
				if wantStatus(t, err, codes.Unavailable, "down"); s.count() != want.all {
					t.Errorf("hedge=%d: %d attempts, want %d", attempts, s.count(), want.all)
				}
				wantSaid(t, outside, want.attempts, want.stopped)
			}
		})
	}
}
