package retry_test

import (
	"context"
	"math"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/retry"
)

// What a server says of another attempt, by its trailer and by its status, and what comes of it where the backoff is a
// second and MaxDelay a minute.
func TestServerSays(t *testing.T) {
	t.Parallel()
	info := func(d time.Duration) *durationpb.Duration { return durationpb.New(d) }
	for _, tt := range []struct {
		name    string
		trailer []string
		delay   *durationpb.Duration
		want    time.Duration // 0: no other attempt
		stopped string
	}{
		{"nothing", nil, nil, pause, ""},
		{"later", []string{"2500"}, nil, 2500 * time.Millisecond, ""},
		{"sooner", []string{"7"}, nil, 7 * time.Millisecond, ""},
		{"at once", []string{"0"}, nil, 1, ""},
		{"never", []string{"-1"}, nil, 0, "pushback"},
		{"no number", []string{"soon"}, nil, 0, "pushback"},
		{"an empty one", []string{""}, nil, 0, "pushback"},
		{"beyond 32 bits", []string{"4294967297"}, nil, 0, "pushback"},
		{"beyond what is counted", []string{"18446744073710"}, nil, 0, "pushback"},
		{"twice", []string{"5", "5"}, nil, 0, "pushback"},
		{"MaxDelay", []string{"60000"}, nil, time.Minute, ""},
		{"beyond MaxDelay", []string{"60001"}, nil, 0, "pushback"},
		{"info, later", nil, info(3 * time.Second), 3 * time.Second, ""},
		{"info, sooner than the backoff", nil, info(time.Millisecond), pause, ""},
		{"info, beyond MaxDelay", nil, info(time.Minute + 1), 0, "pushback"},
		{"info, for ever", nil, &durationpb.Duration{Seconds: math.MaxInt64}, 0, "pushback"},
		{"info, below zero", nil, info(-time.Hour), pause, ""},
		{"info of nothing", nil, &durationpb.Duration{}, pause, ""},
		{"both", []string{"2000"}, info(5 * time.Second), 5 * time.Second, ""},
		{"both, the other way round", []string{"5000"}, info(2 * time.Second), 5 * time.Second, ""},
		{"both, and never", []string{"-1"}, info(2 * time.Second), 0, "pushback"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				s, outside := saying(tt.trailer, tt.delay), &witness{}
				o := steady()
				o.MaxDelay = time.Minute
				client := frameworktest.DummyClient(t, s.option(), ruled(t, o, retried, retry.Attempts.Set(2)), outside.around())
				start := time.Now()
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				if tt.want == 0 {
					wantStatus(t, err, codes.Unavailable, "not now")
				} else if err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took/2 != tt.want/2 || s.count() != 1+min(int(tt.want), 1) {
					t.Errorf("%d attempts in %s, want a pause of %s", s.count(), took, tt.want)
				}
				if _, stopped := outside.said(); stopped != tt.stopped {
					t.Errorf("stopped by %q, want %q", stopped, tt.stopped)
				}
			})
		})
	}
}

// saying is a server that refuses the first call so.
func saying(trailer []string, delay *durationpb.Duration) *server {
	return &server{do: func(ctx context.Context, n int) error {
		if n > 1 {
			return nil
		}
		if trailer != nil {
			pushing(ctx, trailer...)
		}
		refusal := status.New(codes.Unavailable, "not now")
		if delay != nil {
			refusal, _ = refusal.WithDetails(&errdetails.ErrorInfo{Reason: "BUSY"}, &errdetails.RetryInfo{RetryDelay: delay})
		}
		return refusal.Err()
	}}
}

// A server's time past the caller's deadline ends the RPC at once.
func TestServerSaysTooLate(t *testing.T) {
	t.Parallel()
	for name, s := range map[string]*server{
		"pushback": saying([]string{"2000"}, nil), "info": saying(nil, durationpb.New(2*time.Second)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				outside := &witness{}
				client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(2)), outside.around())
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				start := time.Now()
				_, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"x"})
				wantStatus(t, err, codes.Unavailable, "not now")
				if s.count() != 1 || time.Since(start) != 0 {
					t.Errorf("%d attempts in %s", s.count(), time.Since(start))
				}
				wantSaid(t, outside, 0, "deadline")
			})
		})
	}
}

// After a pushback the backoff begins anew.
func TestPushbackBeginsAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &server{do: func(ctx context.Context, n int) error {
			if n == 3 {
				pushing(ctx, "9000")
			}
			return status.Error(codes.Unavailable, "down")
		}}
		o := retry.Options{
			Budget:  retry.Budget{Tokens: 20},
			Backoff: func(_ context.Context, attempt uint) time.Duration { return time.Duration(attempt) * time.Second },
		}
		client := frameworktest.DummyClient(t, s.option(), ruled(t, o, retried, retry.Attempts.Set(6)))
		_, _ = frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
		if want := []time.Duration{1 * time.Second, 2 * time.Second, 9 * time.Second, 1 * time.Second, 2 * time.Second}; !slices.Equal(s.gaps(), want) {
			t.Errorf("pauses of %v, want %v", s.gaps(), want)
		}
	})
}

// A pushback that comes with a code that is not tried again changes nothing.
func TestPushbackOfAnotherCode(t *testing.T) {
	t.Parallel()
	s := &server{do: func(ctx context.Context, _ int) error {
		pushing(ctx, "1")
		return status.Error(codes.NotFound, "gone")
	}}
	client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)))
	_, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
	if wantStatus(t, err, codes.NotFound, "gone"); s.count() != 1 {
		t.Errorf("%d attempts", s.count())
	}
}

// FuzzPushback has a server say anything: the pause is what a number says, up to MaxDelay, else there is no other attempt.
func FuzzPushback(f *testing.F) {
	for _, value := range []string{"0", "17", "-1", "30000", "30001", "00", "+5", "1e3", "0x10", " 7", "2147483648", "\x00", "18446744073710", "99999999999999999999"} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		synctest.Test(t, func(t *testing.T) {
			start, runs := time.Now(), 0
			result := runTrailer(t, value, &runs)
			ms, err := strconv.ParseInt(value, 10, 32)
			if err != nil || ms < 0 || ms > 30_000 {
				ms = 0
				if runs != 1 {
					t.Errorf("%q: %d attempts", value, runs)
				}
			} else if runs != 2 {
				t.Errorf("%q: %d attempts", value, runs)
			}
			if took := time.Since(start); took != time.Duration(ms)*time.Millisecond || status.Code(result) != codes.Unavailable {
				t.Errorf("%q: %v after %s", value, result, took)
			}
		})
	})
}

// runTrailer makes an RPC without a wire, of which each attempt fails with a trailer.
func runTrailer(t *testing.T, value string, runs *int) error {
	t.Helper()
	result := frameworktest.Run(t, newRetry(t, steady()), frameworktest.Case{
		Side: framework.ClientSide, Trailer: metadata.MD{"grpc-retry-pushback-ms": {value}}, Err: status.Error(codes.Unavailable, "down"),
		Rules: []framework.Setting{retry.Attempts.Set(2), retry.Idempotent.Set(true)},
	})
	*runs = result.Runs
	return result.Err
}

// What one attempt was told is not for the next.
func TestPushbackIsForgotten(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		s, n := saying([]string{"5000"}, nil), 0
		refusing := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			if n++; n == 2 {
				return status.Error(codes.Unavailable, "of its own")
			}
			return next(ctx, call)
		})
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)),
			frameworktest.ClientParts(framework.Use(refusing, framework.At(framework.StageAdmit))))
		_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		if want := []time.Duration{5*time.Second + pause}; err != nil || !slices.Equal(s.gaps(), want) {
			t.Errorf("%v, pauses of %v, want %v", err, s.gaps(), want)
		}
	})
}
