package concurrency_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/concurrency"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/translate"
)

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

// What a client reads that was refused.
const (
	methodFull = "the server's limit of %d concurrent RPCs of this method is reached; try again later"
	serverFull = "the server's limit of %d concurrent RPCs is reached; try again later"
)

func newConcurrency(t testing.TB, o concurrency.Options) *concurrency.Interceptor {
	t.Helper()
	i, err := concurrency.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// limiting is a link with options.
func limiting(t testing.TB, o concurrency.Options) framework.Part {
	t.Helper()
	return framework.Use(newConcurrency(t, o))
}

// quiet are links that errors and panics pass, which log nothing.
func quiet(t testing.TB) []framework.Part {
	t.Helper()
	mapper, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}})
	if err != nil {
		t.Fatal(err)
	}
	errs, err := translate.New(translate.Options{Mapper: mapper})
	if err != nil {
		t.Fatal(err)
	}
	panics, err := recovery.New(recovery.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return []framework.Part{framework.Use(errs), framework.Use(panics)}
}

// A gate holds the handlers of the input "hold".
type gate struct {
	held chan struct{} // gets one for each
	open chan struct{}
}

func newGate() *gate { return &gate{make(chan struct{}), make(chan struct{})} }

// cases has a service's handlers held. They answer "x".
func (g *gate) cases() frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"hold": func(context.Context, string) (string, error) {
			g.held <- struct{}{}
			<-g.open
			return "x", nil
		},
	})
}

// holds begins an RPC that is held until the gate opens, and gives what it ends with.
func (g *gate) holds(t *testing.T, client dummypb.DummyServiceClient, kind framework.Kind) <-chan error {
	t.Helper()
	ended := make(chan error, 1)
	go func() {
		_, err := frameworktest.Execute(t.Context(), client, kind, []string{"hold"})
		ended <- err
	}()
	select {
	case <-g.held:
	case err := <-ended:
		t.Errorf("%s: it ended where it was to be held: %v", kind, err)
		ended <- nil
	}
	return ended
}

func wantRefused(t *testing.T, client dummypb.DummyServiceClient, kind framework.Kind, text string) {
	t.Helper()
	outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
	s := status.Convert(err)
	if s.Code() != codes.ResourceExhausted || s.Message() != text || len(s.Details()) > 0 || len(outputs) > 0 {
		t.Errorf("%s: %q, %v, want %q", kind, outputs, err, text)
	}
}

func wantServed(t *testing.T, client dummypb.DummyServiceClient, kind framework.Kind) {
	t.Helper()
	if outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil || !slices.Equal(outputs, []string{"x"}) {
		t.Errorf("%s: %q, %v", kind, outputs, err)
	}
}

// One RPC too many is refused before anything is done for it, and the client reads why. The next one that fits is served.
func TestRefusal(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string][]framework.Part{"alone": nil, "mapped": quiet(t)} {
		for _, kind := range kinds {
			t.Run(name+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				g := newGate()
				var inside int
				count := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					inside++
					return next(ctx, call)
				})
				client := frameworktest.DummyClient(t, g.cases(),
					frameworktest.ServerParts(append(parts, limiting(t, concurrency.Options{Limit: 1}), framework.Use(count))...))
				ended := g.holds(t, client, kind)
				wantRefused(t, client, kind, fmt.Sprintf(methodFull, 1))
				if inside != 1 {
					t.Errorf("%d came inside", inside)
				}
				close(g.open)
				if err := <-ended; err != nil {
					t.Error(err)
				}
				wantServed(t, client, kind)
			})
		}
	}
}

// Links outside can tell it by its code.
func TestRefusalIsACode(t *testing.T) {
	t.Parallel()
	var seen error
	outside := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		seen = next(ctx, call)
		return seen
	})
	chain := newChain(t, framework.Use(outside, framework.At(framework.StageRecover)), limiting(t, concurrency.Options{Limit: 1}))
	err := within(t, chain, "/a.B/C", func() {
		if fits(t, chain, "/a.B/C") || !errors.Is(seen, errmap.ResourceExhausted) {
			t.Errorf("outside of it the error was %v", seen)
		}
	})
	if err != nil {
		t.Error(err)
	}
}

// Without a limit no link stands on the method.
func TestNone(t *testing.T) {
	t.Parallel()
	chain := newChain(t, limiting(t, concurrency.Options{}))
	e := chain.Explain("/sluice.testing.v1.DummyService/Execute")
	if len(e.Links) != 0 || len(e.Absent) != 1 || e.Absent[0].Why != "its Bind declined" || e.Error != "" {
		t.Errorf("%s", e)
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	i := newConcurrency(t, concurrency.Options{})
	p := i.Placement()
	if p.Name != "concurrency" || p.Stage != framework.StageAdmit || !slices.Equal(p.Sides, []framework.Side{framework.ServerSide}) ||
		len(p.Keys) != 1 || p.Keys[0].Name() != "concurrent" {
		t.Errorf("%+v", p)
	}
	if _, err := framework.NewClientChain(framework.Use(i)); err == nil {
		t.Error("a client took it")
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := concurrency.New(concurrency.Options{Limit: -1, Total: -2})
	const want = "concurrency: Options.Limit is -1; it is a number of RPCs of one method, 0 for no limit\n" +
		"concurrency: Options.Total is -2; it is a number of RPCs of all methods, 0 for no limit"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options concurrency.Options
		rules   []framework.Part
	}{
		{"limits", concurrency.Options{Limit: 100, Total: 1000}, nil},
		{"rule", concurrency.Options{}, []framework.Part{framework.Rules("*", concurrency.Key.Set(100))}},
		{"none", concurrency.Options{}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			frameworktest.TestInterceptor(t, func() framework.Interceptor { return newConcurrency(t, tt.options) },
				frameworktest.Using(frameworktest.ServerParts(tt.rules...)))
		})
	}
}
