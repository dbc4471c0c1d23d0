package timeout_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/timeout"
)

const secret = "dial 10.0.0.3: pw=hunter2"

var (
	kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}
	sides = []framework.Side{framework.ServerSide, framework.ClientSide}
)

// limit is the one of most tests.
const limit = 2 * time.Second

const (
	serverText = "the server's limit of 2s for this method has passed"
	clientText = "the client's limit of 2s for calls without a deadline has passed"
)

func newTimeout(t testing.TB, o timeout.Options) *timeout.Interceptor {
	t.Helper()
	i, err := timeout.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// limiting is a link with the limit for all methods.
func limiting(t testing.TB, o ...framework.LinkOption) framework.Part {
	t.Helper()
	return framework.Use(newTimeout(t, timeout.Options{Default: limit}), o...)
}

// on gives parts to a side.
func on(side framework.Side, parts ...framework.Part) frameworktest.Option {
	if side == framework.ClientSide {
		return frameworktest.ClientParts(parts...)
	}
	return frameworktest.ServerParts(parts...)
}

// handling has the service do something on the input "x", to which it answers "y".
func handling(do func(ctx context.Context) error) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(ctx context.Context, _ string) (string, error) { return "y", do(ctx) },
	})
}

// each runs f for all four kinds, each in a bubble of its own, where time passes when everybody waits.
func each(t *testing.T, f func(t *testing.T, kind framework.Kind)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, kind) })
		})
	}
}

// withDeadline is the caller's context, with a deadline where there is to be one.
func withDeadline(t *testing.T, after time.Duration) context.Context {
	t.Helper()
	if after == 0 {
		return t.Context()
	}
	ctx, cancel := context.WithTimeout(t.Context(), after)
	t.Cleanup(cancel)
	return ctx
}

// remaining is the time to a context's deadline, 0 for none.
func remaining(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return time.Until(deadline)
}

// wantStatus holds an RPC's error to a code and a text, of which nothing leaked.
func wantStatus(t *testing.T, err error, code codes.Code, text string) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || s.Message() != text {
		t.Errorf("%v %q, want %v %q", s.Code(), s.Message(), code, text)
	}
	if strings.Contains(fmt.Sprintf("%+v", err), "hunter2") {
		t.Errorf("it leaked: %v", err)
	}
}

// On a server the sooner deadline counts, on a client the caller's.
func TestDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		caller time.Duration // 0: no deadline
		want   [2]time.Duration
	}{
		{"none", 0, [2]time.Duration{limit, limit}},
		{"sooner", time.Second, [2]time.Duration{time.Second, time.Second}},
		{"the same", limit, [2]time.Duration{limit, limit}},
		{"later", time.Hour, [2]time.Duration{limit, time.Hour}},
	} {
		for _, side := range sides {
			t.Run(tt.name+"/"+side.String(), func(t *testing.T) {
				t.Parallel()
				each(t, func(t *testing.T, kind framework.Kind) {
					var handler time.Duration
					client := frameworktest.DummyClient(t, on(side, limiting(t)), handling(func(ctx context.Context) error {
						handler = remaining(ctx)
						return nil
					}))
					outputs, err := frameworktest.Execute(withDeadline(t, tt.caller), client, kind, []string{"x"})
					if err != nil || !slices.Equal(outputs, []string{"y"}) {
						t.Errorf("%q, %v", outputs, err)
					}
					if handler != tt.want[side] {
						t.Errorf("the handler had %s, want %s", handler, tt.want[side])
					}
				})
			})
		}
	}
}

// One interceptor stands on both ends.
func TestBothSides(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		link := limiting(t)
		client := frameworktest.DummyClient(t, on(framework.ServerSide, link), on(framework.ClientSide, link),
			handling(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); status.Code(err) != codes.DeadlineExceeded {
			t.Error(err)
		}
	})
}

// Without a limit no link stands on the method.
func TestNone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		parts []framework.Part
	}{
		{"zero", []framework.Part{framework.Use(newTimeout(t, timeout.Options{}))}},
		{"None", []framework.Part{framework.Use(newTimeout(t, timeout.Options{Default: timeout.None}))}},
		{"a rule", []framework.Part{limiting(t), framework.Rules("DummyService/*", timeout.Key.Set(timeout.None))}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			server, err := framework.NewServerChain(tt.parts...)
			if err != nil {
				t.Fatal(err)
			}
			client, err := framework.NewClientChain(tt.parts...)
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range dummypb.DummyService_ServiceDesc.Streams {
				full := "/" + dummypb.DummyService_ServiceDesc.ServiceName + "/" + m.StreamName
				for _, e := range []framework.Explanation{server.Explain(full), client.Explain(full)} {
					if len(e.Links) != 0 || len(e.Absent) != 1 || e.Absent[0].Why != "its Bind declined" || e.Error != "" {
						t.Errorf("%s", e)
					}
				}
			}
		})
	}
}

// An interceptor that stands in a function is not bound to a method.
func TestUnbound(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		for name, want := range map[string]time.Duration{"limit": limit, "none": 0} {
			t.Run(side.String()+"/"+name, func(t *testing.T) {
				t.Parallel()
				i := newTimeout(t, timeout.Options{Default: want})
				each(t, func(t *testing.T, kind framework.Kind) {
					var got time.Duration
					client := frameworktest.DummyClient(t, on(side, framework.Use(framework.InterceptorFunc(i.Intercept))), handling(func(ctx context.Context) error {
						got = remaining(ctx)
						return nil
					}))
					if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil || got != want {
						t.Errorf("%s, %v", got, err)
					}
				})
			})
		}
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newTimeout(t, timeout.Options{}).Placement()
	if p.Name != "timeout" || p.Stage != framework.StageAdmit || len(p.Sides) != 0 || len(p.Keys) != 1 || p.Keys[0].Name() != "timeout" {
		t.Errorf("%+v", p)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := timeout.New(timeout.Options{Default: -time.Second})
	if want := "timeout: Options.Default is -1s; it is the time that an RPC may take, 0 for no limit"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string][]framework.Part{
		"default": nil,
		"rule":    {framework.Rules("*", timeout.Key.Set(time.Minute))},
		"none":    {framework.Rules("*", timeout.Key.Set(timeout.None))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := []frameworktest.ConformanceOption{
				frameworktest.Using(frameworktest.ServerParts(parts...)), frameworktest.OnSides(framework.ServerSide),
			}
			if name != "none" {
				o = append(o, frameworktest.SetsDeadline())
			}
			fresh := func() framework.Interceptor { return newTimeout(t, timeout.Options{Default: time.Hour}) }
			frameworktest.TestInterceptor(t, fresh, o...)
			o[0], o[1] = frameworktest.Using(frameworktest.ClientParts(parts...)), frameworktest.OnSides(framework.ClientSide)
			frameworktest.TestInterceptor(t, fresh, o...)
		})
	}
}
