package retry_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/retry"
)

// A pause is anything from zero to what doubles up to the longest, however many attempts there were.
func TestFullJitter(t *testing.T) {
	t.Parallel()
	const first, most = 100 * time.Millisecond, time.Second
	for _, tt := range []struct {
		first, most time.Duration
		attempt     uint
		want        time.Duration
	}{
		{first, most, 0, first},
		{first, most, 1, first},
		{first, most, 2, 2 * first},
		{first, most, 4, 8 * first},
		{first, most, 5, most},
		{first, most, 1000, most},
		{first, most, math.MaxUint, most},
		{first, first / 2, 1, first / 2},
		{1, math.MaxInt64, math.MaxUint, 1 << 62},
		{math.MaxInt64, math.MaxInt64, 3, 1 << 62},
		{0, most, math.MaxUint, 0},
		{-first, most, 5, 0},
		{first, -most, 5, 0},
	} {
		backoff, longest, sum := retry.FullJitter(tt.first, tt.most), time.Duration(0), 0.
		const draws = 2000
		for range draws {
			d := backoff(t.Context(), tt.attempt)
			if d < 0 || d > tt.want {
				t.Fatalf("%v: %s", tt, d)
			}
			longest, sum = max(longest, d), sum+float64(d)/draws
		}
		if longest < tt.want/100*95 || math.Abs(sum-float64(tt.want)/2) > float64(tt.want)/20 {
			t.Errorf("%v: up to %s, %s on average, want up to %s", tt, longest, time.Duration(sum), tt.want)
		}
	}
}

// Which pauses an RPC makes: those of the rule, else of the options, else from 100ms to a second.
func TestPauses(t *testing.T) {
	t.Parallel()
	rule := func(first, most time.Duration) framework.Setting {
		return retry.Backoff.Set(retry.Pause{First: first, Most: most})
	}
	for _, tt := range []struct {
		name  string
		o     retry.Options
		rules []framework.Setting
		most  []time.Duration
		exact bool
	}{
		{"zero", retry.Options{}, nil, []time.Duration{100, 200, 400, 800, 1000, 1000}, false},
		{"a rule", retry.Options{}, []framework.Setting{rule(10*time.Millisecond, 0)}, []time.Duration{10, 20, 40, 80, 100, 100}, false},
		{"a rule with an end", steady(), []framework.Setting{rule(10*time.Millisecond, 30*time.Millisecond)}, []time.Duration{10, 20, 30, 30, 30, 30}, false},
		{"a rule beyond all ends", steady(), []framework.Setting{rule(math.MaxInt64, 0)}, slices.Repeat([]time.Duration{30_000}, 6), false},
		{"ggm's, steady", steady(), nil, slices.Repeat([]time.Duration{1000}, 6), true},
		{"ggm's, doubling", retry.Options{Backoff: ggm.BackoffExponential(time.Second)}, nil, []time.Duration{1000, 2000, 4000, 8000, 16000, 30000}, true},
		{"MaxDelay", retry.Options{Backoff: ggm.BackoffExponential(time.Second), MaxDelay: 3 * time.Second}, nil, []time.Duration{1000, 2000, 3000, 3000, 3000, 3000}, true},
		{"below zero", retry.Options{Backoff: ggm.BackoffLinear(-time.Second)}, nil, slices.Repeat([]time.Duration{30_000}, 6), true},
		{"none", retry.Options{Backoff: ggm.BackoffLinear(0)}, nil, slices.Repeat([]time.Duration{0}, 6), true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := failing(codes.Unavailable, always)
				tt.o.Budget.Tokens = 20
				client := frameworktest.DummyClient(t, s.option(), ruled(t, tt.o, retried, append(tt.rules, retry.Attempts.Set(7))...))
				_, _ = frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
				gaps := s.gaps()
				if len(gaps) != len(tt.most) {
					t.Fatalf("pauses of %v", gaps)
				}
				for i, gap := range gaps {
					if most := tt.most[i] * time.Millisecond; gap > most || tt.exact && gap != most {
						t.Errorf("pause %d of %s, want %s", i+1, gap, most)
					}
				}
			})
		})
	}
}

// The function is asked with the RPC's context.
func TestBackoffContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		type key struct{}
		s := failing(codes.Unavailable, 1)
		o := retry.Options{Backoff: func(ctx context.Context, attempt uint) time.Duration {
			d, _ := ctx.Value(key{}).(time.Duration)
			return d * time.Duration(attempt)
		}}
		client := frameworktest.DummyClient(t, s.option(), ruled(t, o, retried, retry.Attempts.Set(2)))
		_, err := frameworktest.Execute(context.WithValue(t.Context(), key{}, time.Minute/4), client, framework.Unary, []string{"x"})
		if want := []time.Duration{time.Minute / 4}; err != nil || !slices.Equal(s.gaps(), want) {
			t.Errorf("%v, pauses of %v", err, s.gaps())
		}
	})
}
