package framework_test

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// A trail is the names of the steps that an RPC took, outermost first.
type trail struct {
	mu    sync.Mutex
	names []string
}

// A Step is an interceptor that leaves its name on a trail.
type Step struct {
	trail     *trail
	name      string
	placement framework.Placement
}

func (s *Step) Placement() framework.Placement { return s.placement }

func (s *Step) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	s.trail.add(s.name)
	return next(ctx, call)
}

func (t *trail) add(name string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.names = append(t.names, name)
}

// taken is the trail so far, which begins anew.
func (t *trail) taken() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	taken := strings.Join(t.names, " ")
	t.names = nil
	return taken
}

func (t *trail) step(name string) *Step { return &Step{trail: t, name: name} }

// placed is a step with a placement of its own.
func (t *trail) placed(name string, p framework.Placement) *Step {
	return &Step{trail: t, name: name, placement: p}
}

// field is a field that holds a step, both called after the tag's first item.
func (t *trail) field(text string) field {
	name, _, _ := strings.Cut(text, ",")
	return tagged(strings.ToUpper(name[:1])+name[1:], text, t.step(name))
}

// use declares a step in code.
func (t *trail) use(name string, o ...framework.LinkOption) framework.Part {
	return framework.Use(t.step(name), append(o, framework.Name(name))...)
}

// dummyMethods are the full names of the dummy service's methods, by kind.
var dummyMethods = []string{
	dummypb.DummyService_Execute_FullMethodName,
	dummypb.DummyService_ExecuteClientStream_FullMethodName,
	dummypb.DummyService_ExecuteServerStream_FullMethodName,
	dummypb.DummyService_ExecuteClientServerStream_FullMethodName,
}

// expect makes RPCs of all kinds through a server's chain of parts and holds their trails, and what Explain says, to those
// wanted: one for all kinds, or one for each.
func (t *trail) expect(tb testing.TB, parts []framework.Part, want ...string) {
	tb.Helper()
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		tb.Fatal(err)
	}
	client := frameworktest.DummyClient(tb, frameworktest.ServerParts(parts...))
	t.compare(tb, client, chain.Explain, want)
}

// expectOnClient is expect for a client's chain.
func (t *trail) expectOnClient(tb testing.TB, parts []framework.Part, want ...string) {
	tb.Helper()
	chain, err := framework.NewClientChain(parts...)
	if err != nil {
		tb.Fatal(err)
	}
	client := frameworktest.DummyClient(tb, frameworktest.ClientParts(parts...))
	t.compare(tb, client, chain.Explain, want)
}

func (t *trail) compare(tb testing.TB, client dummypb.DummyServiceClient, explain func(string) framework.Explanation, want []string) {
	tb.Helper()
	if len(want) == 1 {
		want = slices.Repeat(want, len(kinds))
	}
	for i, kind := range kinds {
		if outputs, err := execute(withTimeout(tb), client, kind, "x"); err != nil || len(outputs) != 1 {
			tb.Errorf("%s: got %q, %v", kind, outputs, err)
		}
		if got := t.taken(); got != want[i] {
			tb.Errorf("%s: an RPC took %q, want %q", kind, got, want[i])
		}
		if got := strings.Join(explain(dummyMethods[i]).Names(), " "); got != want[i] {
			tb.Errorf("%s: Explain says %q, want %q", kind, got, want[i])
		}
	}
}
