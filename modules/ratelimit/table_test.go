package ratelimit_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/ratelimit"
)

type keyOfTest struct{}

// keyed is the limiter of one method, asked for calls of a key.
func keyed(t testing.TB, o ratelimit.Options, s ...framework.Setting) func(key string) bool {
	t.Helper()
	o.Keys = map[string]func(context.Context, *framework.Call) (string, bool){
		"test": func(ctx context.Context, _ *framework.Call) (string, bool) {
			key, ok := ctx.Value(keyOfTest{}).(string)
			return key, ok
		},
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	limit := bound(t, o, append(s, ratelimit.By.Set("test"))...)
	return func(key string) bool { return limit(context.WithValue(context.Background(), keyOfTest{}, key)) == nil }
}

// Where there is no room a key gets the bucket of one that has its tokens back, and else what another left.
func TestRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limit := keyed(t, ratelimit.Options{MaxKeys: 3}, ratelimit.Rate.Set(1), ratelimit.Burst.Set(2))
		for i, step := range []struct {
			after time.Duration
			key   string
			want  bool
		}{
			{0, "a", true},
			{0, "a", true},
			{0, "a", false},
			{0, "b", true},
			{0, "c", true},
			{0, "d", true}, // what b left
			{0, "d", false},
			{0, "b", true}, // what c left
			{0, "c", false},
			{0, "e", false},
			{time.Second, "a", true}, // its own
			{0, "a", false},
			{0, "d", true}, // its own
			{0, "d", false},
			{time.Second + 100*time.Millisecond, "e", true}, // b's, which is full
			{0, "e", true},
			{0, "e", false},
			{0, "b", true}, // what a has left
			{0, "c", true}, // what d has left
			{0, "a", false},
		} {
			time.Sleep(step.after)
			if got := limit(step.key); got != step.want {
				t.Errorf("step %d, %s: %t, want %t", i+1, step.key, got, step.want)
			}
		}
	})
}

// However many keys are made up, who has used up a bucket gets no new one, and all together get no more than the
// buckets give.
func TestFlood(t *testing.T) {
	t.Parallel()
	for _, burst := range []int{1, 2, 50} {
		t.Run(fmt.Sprint(burst), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				const most = 100
				limit := keyed(t, ratelimit.Options{MaxKeys: most}, ratelimit.Rate.Set(rate.Every(time.Minute)), ratelimit.Burst.Set(burst))
				for range burst {
					if !limit("ann") {
						t.Fatal("refused in her burst")
					}
				}
				made := 0
				for i := range 10000 {
					if limit(fmt.Sprint(i)) {
						made++
					}
				}
				if want := (most - 1) * burst; made != want {
					t.Errorf("%d calls of made up keys got through, want %d", made, want)
				}
				for range 59 {
					if limit("ann") {
						t.Fatal("she has tokens before they come")
					}
					time.Sleep(time.Second)
				}
				time.Sleep(time.Second)
				if !limit("ann") {
					t.Error("she has no token where one has come")
				}
				time.Sleep(time.Hour)
				for i := range 5 {
					if !limit(fmt.Sprint("late", i)) {
						t.Error("a new key is refused where there are full buckets")
					}
				}
			})
		})
	}
}

// Whatever is called when, no key gets more than a bucket of its own would give, and all together no more than the
// buckets give. Where there is room for all keys each gets just that.
func TestModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(20) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { model(t, rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func model(t *testing.T, random *rand.Rand) {
	most, keys, burst := 1+random.IntN(20), 1+random.IntN(40), 1+random.IntN(50)
	limit := keyed(t, ratelimit.Options{MaxKeys: most}, ratelimit.Rate.Set(1), ratelimit.Burst.Set(burst))
	own := map[string]*rate.Limiter{}
	got, due := map[string]int{}, map[string]int{}
	start, all := time.Now(), 0
	for range 5000 {
		if random.IntN(3) == 0 {
			time.Sleep(time.Duration(random.IntN(int(2 * time.Second / time.Duration(most)))))
		}
		key := fmt.Sprint(random.IntN(keys))
		if own[key] == nil {
			own[key] = rate.NewLimiter(1, burst)
		}
		if own[key].Allow() {
			due[key]++
		}
		if limit(key) {
			got[key]++
			all++
		}
		if got[key] > due[key] || keys <= most && got[key] < due[key] {
			t.Fatalf("%d of %d keys, burst %d: %s had %d calls, and has %d due", keys, most, burst, key, got[key], due[key])
		}
		if can := float64(most) * (float64(burst) + time.Since(start).Seconds()); float64(all) > can {
			t.Fatalf("%d calls got through after %s; %d buckets give %.1f", all, time.Since(start), most, can)
		}
	}
}

// The buckets of one method take no more room than the options say, however many keys come, and however long they are.
func TestMemory(t *testing.T) {
	limit := keyed(t, ratelimit.Options{}, ratelimit.Rate.Set(1e9))
	before := heap()
	for i := range 100000 {
		limit(fmt.Sprint(i, strings.Repeat("x", 200)))
	}
	if grown := heap() - before; grown > 3<<20 {
		t.Errorf("the heap has grown by %d bytes", grown)
	}
	runtime.KeepAlive(limit)
}

func heap() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// Of calls at once as many get through as there are tokens, and not one more.
func TestConcurrentCalls(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		by   []framework.Setting
		keys int
	}{
		{"all calls", nil, 1},
		{"with a key", []framework.Setting{ratelimit.By.Set("test")}, 3},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				options := ratelimit.Options{Keys: map[string]func(context.Context, *framework.Call) (string, bool){
					"test": func(ctx context.Context, _ *framework.Call) (string, bool) {
						return ctx.Value(keyOfTest{}).(string), true
					},
				}}
				limit := bound(t, options, append(tt.by, ratelimit.Rate.Set(100), ratelimit.Burst.Set(250))...)
				for _, step := range []struct {
					after time.Duration
					want  int
				}{{0, 250}, {time.Second, 100}, {30 * time.Millisecond, 3}, {time.Hour, 250}} {
					time.Sleep(step.after)
					if got, want := atOnce(limit, tt.keys), step.want*tt.keys; got != want {
						t.Errorf("after %s: %d got through, want %d", step.after, got, want)
					}
				}
			})
		})
	}
}

// atOnce is how many get through of many calls at once, of each of some keys.
func atOnce(limit func(context.Context) error, keys int) int {
	var through atomic.Int64
	var wg sync.WaitGroup
	for i := range 48 {
		wg.Go(func() {
			ctx := context.WithValue(context.Background(), keyOfTest{}, fmt.Sprint(i%keys))
			for range 50 {
				if limit(ctx) == nil {
					through.Add(1)
				}
			}
		})
	}
	wg.Wait()
	return int(through.Load())
}

// So it is where the clock goes on meanwhile: nobody gets the tokens of a time twice, though goroutines are put to sleep
// after they looked at the clock. There are always more calls than tokens, so that none is lost to a full bucket.
func TestConcurrentCallsInTime(t *testing.T) {
	t.Parallel()
	const perSecond, burst = 1e5, 1000
	limit := bound(t, ratelimit.Options{}, ratelimit.Rate.Set(perSecond), ratelimit.Burst.Set(burst))
	start, got := time.Now(), 0
	for range 40 {
		got += atOnce(limit, 1)
	}
	if can := burst + perSecond*time.Since(start).Seconds(); float64(got) > can {
		t.Errorf("%d got through, where %.0f tokens came", got, can)
	}
}

// Where MaxKeys are too few a warning says so, once a minute.
func TestTooFewKeys(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		logger := slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		limit := keyed(t, ratelimit.Options{MaxKeys: 2, Logger: logger}, ratelimit.Rate.Set(rate.Every(time.Hour)))
		const line = `level=WARN msg="ratelimit: more keys are active than MaxKeys; new ones get what others left" ` +
			"grpc.service=sluice.testing.v1.DummyService grpc.method=Execute rate.key=test max_keys=2\n"
		for i, step := range []struct {
			after time.Duration
			keys  string
			want  string
		}{
			{0, "ab", ""},
			{0, "aabb", ""},
			{0, "cdef", line},
			{59 * time.Second, "cd", ""},
			{time.Second, "cd", line},
			{2 * time.Hour, "ef", ""},
		} {
			time.Sleep(step.after)
			for _, key := range step.keys {
				limit(string(key))
			}
			if log.String() != step.want {
				t.Errorf("step %d: %q, want %q", i+1, log.String(), step.want)
			}
			log.Reset()
		}
	})
}

// The warning goes to the default logger as it is then. It is the process's, so this one runs alone.
func TestTooFewKeysByDefault(t *testing.T) {
	var log strings.Builder
	before := slog.Default()
	defer slog.SetDefault(before)
	options := ratelimit.Options{MaxKeys: 1, Limit: rate.Every(time.Hour), Keys: map[string]func(context.Context, *framework.Call) (string, bool){
		"test": func(ctx context.Context, _ *framework.Call) (string, bool) {
			return ctx.Value(keyOfTest{}).(string), true
		},
	}}
	limit := bound(t, options, ratelimit.By.Set("test"))
	slog.SetDefault(slog.New(slog.NewTextHandler(&log, nil)))
	for _, key := range []string{"a", "b"} {
		_ = limit(context.WithValue(t.Context(), keyOfTest{}, key))
	}
	if strings.Count(log.String(), "\n") != 1 {
		t.Errorf("logged %q", log.String())
	}
}
