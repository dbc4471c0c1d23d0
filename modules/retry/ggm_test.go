package retry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/retry"
)

// rawRetry is ggm's, with a second between the attempts.
func rawRetry(o ...ggm.CallOption) frameworktest.Option {
	o = append([]ggm.CallOption{ggm.WithMax(3), ggm.WithBackoff(ggm.BackoffLinear(pause))}, o...)
	return frameworktest.DialOptions(grpc.WithUnaryInterceptor(ggm.UnaryClientInterceptor(o...)), grpc.WithStreamInterceptor(ggm.StreamClientInterceptor(o...)))
}

// What ggm's loop does, and this package not; that a stream's messages come twice is in TestNotAfterAMessage. Each row makes
// one RPC, and says what comes of it with the one and with the other.
func TestBesideGGM(t *testing.T) {
	t.Parallel()
	type outcome struct {
		code     codes.Code
		text     string
		attempts int
		took     time.Duration
	}
	deadlines := retry.On.Set(retry.Codes{errmap.DeadlineExceeded})
	unavailable := func(context.Context, int) error { return status.Error(codes.Unavailable, "down") }
	for _, tt := range []struct {
		name  string
		kind  framework.Kind
		do    func(ctx context.Context, n int) error
		rules []framework.Setting
		ggm   []ggm.CallOption
		after time.Duration // the caller's deadline
		want  outcome
		raw   outcome
	}{
		{
			"an upload is tried again, and not refused", framework.ClientStream, failing(codes.Unavailable, 2).do, nil, nil, time.Hour,
			outcome{codes.OK, "", 3, 2 * pause},
			outcome{codes.Unimplemented, "grpc_retry: cannot retry on ClientStreams, set grpc_retry.Disable()", 0, 0},
		},
		{
			"a pause past the deadline is not begun, and what failed is not lost", framework.Unary, unavailable, nil, nil, pause / 2,
			outcome{codes.Unavailable, "down", 1, 0},
			outcome{codes.DeadlineExceeded, "context deadline exceeded", 1, pause / 2},
		},
		{
			"a DEADLINE_EXCEEDED of the server's is tried again when asked for", framework.Unary, failing(codes.DeadlineExceeded, 2).do,
			[]framework.Setting{deadlines},
			[]ggm.CallOption{ggm.WithCodes(codes.DeadlineExceeded)},
			time.Hour,
			outcome{codes.OK, "", 3, 2 * pause},
			outcome{codes.DeadlineExceeded, "failure 1", 1, 0},
		},
		{
			"a server that pushes back is heeded", framework.Unary, func(ctx context.Context, n int) error {
				pushing(ctx, "-1")
				return status.Error(codes.Unavailable, "down")
			}, nil, nil, time.Hour,
			outcome{codes.Unavailable, "down", 1, 0},
			outcome{codes.Unavailable, "down", 3, 2 * pause},
		},
		{
			"a quota that is used up is not, where nothing is said", framework.Unary, failing(codes.ResourceExhausted, 2).do, nil, nil, time.Hour,
			outcome{codes.ResourceExhausted, "failure 1", 1, 0},
			outcome{codes.OK, "", 3, 2 * pause},
		},
	} {
		for name, want := range map[string]outcome{"sluice": tt.want, "ggm": tt.raw} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					s, link := &server{do: tt.do}, rawRetry(tt.ggm...)
					if name == "sluice" {
						link = ruled(t, steady(), retried, append(tt.rules, retry.Attempts.Set(3))...)
					}
					client := frameworktest.DummyClient(t, s.option(), link)
					ctx, cancel := context.WithTimeout(t.Context(), tt.after)
					defer cancel()
					start := time.Now()
					_, err := frameworktest.Execute(ctx, client, tt.kind, []string{"x"})
					got := outcome{status.Code(err), "", s.count(), time.Since(start)}
					if err != nil {
						got.text = status.Convert(err).Message()
					}
					if got != want {
						t.Errorf("got  %+v\nwant %+v", got, want)
					}
				})
			})
		}
	}
}

// ggm's loop has no budget: of a server that is down it makes a storm.
func TestStormOfGGM(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := failing(codes.Unavailable, always)
		client := frameworktest.DummyClient(t, s.option(), rawRetry())
		for range 100 {
			_, _ = frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
		}
		if s.count() != 300 {
			t.Errorf("%d attempts of 100 calls", s.count())
		}
	})
}

// Of ggm's backoff functions those that double have no end, and one that has an end loses its jitter there: half of those
// who failed together come again together.
func TestBackoffsOfGGM(t *testing.T) {
	t.Parallel()
	if d := ggm.BackoffExponential(50*time.Millisecond)(t.Context(), 63); d != 0 {
		t.Errorf("the 63rd pause is %s", d)
	}
	const most, draws = time.Second, 1000
	together := func(f ggm.BackoffFunc) (n int) {
		for range draws {
			if f(t.Context(), 10) == most {
				n++
			}
		}
		return n
	}
	if n := together(ggm.BackoffExponentialWithJitterBounded(most/512, 0.2, most)); n < draws/3 {
		t.Errorf("%d of %d pauses are the longest", n, draws)
	}
	if n := together(retry.FullJitter(most/512, most)); n > 1 {
		t.Errorf("%d of %d pauses are the longest", n, draws)
	}
}
