package ratelimit_test

import (
	"context"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/ratelimit"
	"github.com/sluice-go/sluice/modules/translate"
)

var (
	kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}
	sides = []framework.Side{framework.ServerSide, framework.ClientSide}
)

const (
	serverText = "rate limit of /sluice.testing.v1.DummyService/Execute reached; try again later"
	clientText = "this client's own rate limit of /sluice.testing.v1.DummyService/Execute reached, so the call was not sent; try again later"
)

func newLimit(t testing.TB, o ratelimit.Options) *ratelimit.Interceptor {
	t.Helper()
	i, err := ratelimit.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// limiting is a link with rules for all methods.
func limiting(t testing.TB, s ...framework.Setting) []framework.Part {
	t.Helper()
	return []framework.Part{framework.Use(newLimit(t, ratelimit.Options{})), framework.Rules("*", s...)}
}

// on gives parts to a side.
func on(side framework.Side, parts ...framework.Part) frameworktest.Option {
	if side == framework.ClientSide {
		return frameworktest.ClientParts(parts...)
	}
	return frameworktest.ServerParts(parts...)
}

// each runs f for all four kinds on both sides, each in a bubble of its own, where time passes when everybody waits.
func each(t *testing.T, f func(t *testing.T, kind framework.Kind, side framework.Side)) {
	t.Helper()
	for _, side := range sides {
		for _, kind := range kinds {
			t.Run(side.String()+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) { f(t, kind, side) })
			})
		}
	}
}

// counting counts the calls that reach the service with the input "x", and answers "y".
func counting(n *atomic.Int64) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(context.Context, string) (string, error) { n.Add(1); return "y", nil },
	})
}

// admitted is how many of some calls get through, one after the other.
func admitted(t *testing.T, ctx context.Context, client dummypb.DummyServiceClient, kind framework.Kind, calls int) (n int) {
	t.Helper()
	for range calls {
		_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
		switch status.Code(err) {
		case codes.OK:
			n++
		case codes.ResourceExhausted:
		default:
			t.Fatal(err)
		}
	}
	return n
}

func retryDelay(err error) time.Duration {
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// A burst gets through, then as many as new tokens come, and never more than a burst at once.
func TestAdmission(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		var served atomic.Int64
		client := frameworktest.DummyClient(t, counting(&served),
			on(side, limiting(t, ratelimit.Rate.Set(10), ratelimit.Burst.Set(3))...))
		for _, step := range []struct {
			after time.Duration
			want  int
		}{
			{0, 3},
			{99 * time.Millisecond, 0},
			{time.Millisecond, 1},
			{250 * time.Millisecond, 2},
			{50 * time.Millisecond, 1},
			{time.Hour, 3},
		} {
			time.Sleep(step.after) // of the bubble
			served.Store(0)
			if got := admitted(t, t.Context(), client, kind, 10); got != step.want {
				t.Errorf("after %s: %d of 10 got through, want %d", step.after, got, step.want)
			}
			if got := int(served.Load()); got != step.want {
				t.Errorf("after %s: %d reached the service, want %d", step.after, got, step.want)
			}
		}
	})
}

// A stream is one call, when it is opened.
func TestStreamIsOneCall(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		client := frameworktest.DummyClient(t, on(side, limiting(t, ratelimit.Rate.Set(1))...))
		outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"a", "b", "c", "d"})
		if err != nil || len(outputs) == 0 {
			t.Errorf("%q, %v", outputs, err)
		}
		if got := admitted(t, t.Context(), client, kind, 1); got != 0 {
			t.Error("the second call got through")
		}
	})
}

// A refusal says when to come again, in the two ways that are heeded, and the call that comes then gets through.
func TestRefusal(t *testing.T) {
	t.Parallel()
	errs, err := translate.New(translate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name  string
		rate  rate.Limit
		after time.Duration // that have passed since the burst
		delay time.Duration
		trail string
	}{
		{"a second's part", 10, 30 * time.Millisecond, 70 * time.Millisecond, "70"},
		{"a third", 3, 0, 334 * time.Millisecond, "334"},
		{"less than a millisecond", 1e5, 0, time.Millisecond, "1"},
		{"minutes", rate.Every(12 * time.Minute), time.Minute, 11 * time.Minute, "660000"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
				client := frameworktest.DummyClient(t, on(side, limiting(t, ratelimit.Rate.Set(tt.rate), ratelimit.Burst.Set(2))...),
					on(side, framework.Use(errs)))
				if got := admitted(t, t.Context(), client, kind, 2); got != 2 {
					t.Fatalf("%d got through", got)
				}
				time.Sleep(tt.after)
				var trailer metadata.MD
				outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}, grpc.Trailer(&trailer))
				if code := status.Code(err); code != codes.ResourceExhausted || len(outputs) > 0 {
					t.Fatalf("%q, %v", outputs, err)
				}
				if got := retryDelay(err); got != tt.delay {
					t.Errorf("to come again in %s, want %s", got, tt.delay)
				}
				var want []string
				if side == framework.ServerSide {
					want = []string{tt.trail}
				}
				if got := trailer["grpc-retry-pushback-ms"]; !slices.Equal(got, want) {
					t.Errorf("trailer %q, want %q", got, want)
				}
				time.Sleep(tt.delay)
				if got := admitted(t, t.Context(), client, kind, 1); got != 1 {
					t.Error("the call that came when it was told to was refused")
				}
			})
		})
	}
}

// The text says what was reached, and of nobody else.
func TestRefusalText(t *testing.T) {
	t.Parallel()
	for side, want := range map[framework.Side]string{framework.ServerSide: serverText, framework.ClientSide: clientText} {
		parts := limiting(t, ratelimit.Rate.Set(rate.Every(time.Hour)), ratelimit.By.Set("header:x-tenant-id"))
		client := frameworktest.DummyClient(t, on(side, parts...))
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-tenant-id", "acme")
		if got := admitted(t, ctx, client, framework.Unary, 1); got != 1 {
			t.Fatal("refused at once")
		}
		_, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"x"})
		if got := status.Convert(err).Message(); got != want {
			t.Errorf("%s: %q, want %q", side, got, want)
		}
	}
}

// grpc's own retries wait for the token, by the trailer: without it they would come again at once.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	const policy = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":2,"initialBackoff":"0.001s","maxBackoff":"0.001s",
		"backoffMultiplier":1,"retryableStatusCodes":["RESOURCE_EXHAUSTED"]}}]}`
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := frameworktest.DummyClient(t, frameworktest.DialOptions(grpc.WithDefaultServiceConfig(policy)),
					frameworktest.ServerParts(limiting(t, ratelimit.Rate.Set(rate.Every(30*time.Second)))...))
				start := time.Now()
				if got := admitted(t, t.Context(), client, kind, 3); got != 3 {
					t.Errorf("%d got through", got)
				}
				if took := time.Since(start); took != time.Minute {
					t.Errorf("three calls took %s, want a minute", took)
				}
			})
		})
	}
}

// Each method has buckets of its own, also by a rule for all.
func TestMethodsAreApart(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		client := frameworktest.DummyClient(t, on(side, limiting(t, ratelimit.Rate.Set(rate.Every(time.Hour)))...))
		for _, kind := range kinds {
			if got := admitted(t, t.Context(), client, kind, 3); got != 1 {
				t.Errorf("%s, %s: %d got through, want 1", side, kind, got)
			}
		}
	}
}

// A policy says who may call on a server; a client does not.
type (
	serverPolicy struct {
		_      struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All    framework.Rule `grpc:"Execute*,rate.burst=2"`
		Unary  framework.Rule `grpc:"Execute,rate=60/m,rate.burst=5"`
		Client framework.Rule `grpc:"ExecuteClientStream,rate=7/s"`
		None   framework.Rule `grpc:"ExecuteServerStream,rate=none"`
	}
	clientPolicy struct {
		_      struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		All    framework.Rule `grpc:"Execute*,rate.burst=2"`
		Unary  framework.Rule `grpc:"Execute,rate=60/m,rate.burst=5"`
		Client framework.Rule `grpc:"ExecuteClientStream,rate=7/s"`
		None   framework.Rule `grpc:"ExecuteServerStream,rate=none"`
	}
)

// What the options say is for methods without a rule; a rule for a method wins over one for all, key by key.
func TestRules(t *testing.T) {
	t.Parallel()
	policies := map[framework.Side]any{framework.ServerSide: serverPolicy{}, framework.ClientSide: clientPolicy{}}
	want := map[framework.Kind]int{framework.Unary: 5, framework.ClientStream: 2, framework.ServerStream: 20, framework.BidiStream: 2}
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		client := frameworktest.DummyClient(t, on(side,
			framework.Use(newLimit(t, ratelimit.Options{Limit: 3, Burst: 4})), framework.Policy(policies[side])))
		if got := admitted(t, t.Context(), client, kind, 20); got != want[kind] {
			t.Errorf("%d got through, want %d", got, want[kind])
		}
	})
}

// The burst is what was said, else a second's worth, and at least one.
func TestBurst(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options ratelimit.Options
		rules   []framework.Setting
		want    int
	}{
		{"of the rate", ratelimit.Options{}, []framework.Setting{ratelimit.Rate.Set(7)}, 7},
		{"rounded up", ratelimit.Options{}, []framework.Setting{ratelimit.Rate.Set(2.5)}, 3},
		{"at least one", ratelimit.Options{}, []framework.Setting{ratelimit.Rate.Set(rate.Every(time.Hour))}, 1},
		{"of the rule", ratelimit.Options{}, []framework.Setting{ratelimit.Rate.Set(7), ratelimit.Burst.Set(2)}, 2},
		{"of the options", ratelimit.Options{Limit: 2, Burst: 9}, nil, 9},
		{"of the options' limit", ratelimit.Options{Limit: 4}, nil, 4},
		{"of the rule, beside the options", ratelimit.Options{Limit: 2, Burst: 9}, []framework.Setting{ratelimit.Rate.Set(7)}, 7},
		{"of the rule, for the options' limit", ratelimit.Options{Limit: 2, Burst: 9}, []framework.Setting{ratelimit.Burst.Set(5)}, 5},
		{"no limit", ratelimit.Options{Limit: 2}, []framework.Setting{ratelimit.Rate.Set(rate.Inf)}, 20},
		{"no limit in the options", ratelimit.Options{Limit: rate.Inf}, nil, 20},
		{"none said", ratelimit.Options{}, nil, 20},
		{"beyond all bounds", ratelimit.Options{}, []framework.Setting{ratelimit.Rate.Set(1e300)}, 20},
		{"once in an age", ratelimit.Options{}, []framework.Setting{ratelimit.Rate.Set(1e-300)}, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				parts := []framework.Part{framework.Use(newLimit(t, tt.options))}
				if len(tt.rules) > 0 {
					parts = append(parts, framework.Rules("*", tt.rules...))
				}
				client := frameworktest.DummyClient(t, frameworktest.ServerParts(parts...))
				if got := admitted(t, t.Context(), client, framework.Unary, 20); got != tt.want {
					t.Errorf("%d got through, want %d", got, tt.want)
				}
			})
		})
	}
}

// An interceptor in two chains counts in each by itself.
func TestChainsAreApart(t *testing.T) {
	t.Parallel()
	link := framework.Use(newLimit(t, ratelimit.Options{Limit: rate.Every(time.Hour), Burst: 2}))
	client := frameworktest.DummyClient(t, on(framework.ServerSide, link), on(framework.ClientSide, link))
	if got := admitted(t, t.Context(), client, framework.Unary, 5); got != 2 {
		t.Errorf("%d got through, want 2", got)
	}
}

// Two links of one chain, for all calls and with a key, have rules by their names.
func TestTwoLinks(t *testing.T) {
	t.Parallel()
	type policy struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,ratelimit.rate=1/h,ratelimit.rate.burst=5,each.rate=1/h,each.rate.burst=2,each.rate.key=header:x-tenant-id"`
	}
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(
		framework.Use(newLimit(t, ratelimit.Options{})),
		framework.Use(newLimit(t, ratelimit.Options{}), framework.Name("each")),
		framework.Policy(policy{})))
	for i, tenant := range []string{"a", "b", "c"} {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-tenant-id", tenant)
		if got, want := admitted(t, ctx, client, framework.Unary, 2), []int{2, 2, 1}[i]; got != want {
			t.Errorf("%s: %d got through, want %d", tenant, got, want)
		}
	}
}

// An interceptor that nobody bound has no rules to go by, so it lets nothing through.
func TestUnbound(t *testing.T) {
	t.Parallel()
	link := newLimit(t, ratelimit.Options{})
	wrapped := framework.InterceptorFunc(link.Intercept)
	result := frameworktest.Run(t, wrapped, frameworktest.Case{})
	if status.Code(result.Err) != codes.Internal || result.Runs > 0 {
		t.Errorf("%v, %d runs", result.Err, result.Runs)
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newLimit(t, ratelimit.Options{}).Placement()
	if p.Name != "ratelimit" || p.Stage != framework.StageAdmit || len(p.Sides) > 0 {
		t.Errorf("%+v", p)
	}
	var keys []string
	for _, k := range p.Keys {
		keys = append(keys, k.Name())
	}
	if want := []string{"rate", "rate.burst", "rate.key"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rules []framework.Setting
	}{
		{"all calls", []framework.Setting{ratelimit.Rate.Set(1e9)}},
		{"with a key", []framework.Setting{ratelimit.Rate.Set(1e9), ratelimit.By.Set("header:x-tenant-id")}},
	} {
		for _, side := range sides {
			t.Run(tt.name+"/"+side.String(), func(t *testing.T) {
				frameworktest.TestInterceptor(t, func() framework.Interceptor { return newLimit(t, ratelimit.Options{}) },
					frameworktest.OnSides(side), frameworktest.Using(on(side, framework.Rules("*", tt.rules...))))
			})
		}
	}
}
