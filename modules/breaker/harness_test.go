package breaker_test

import (
	"context"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/breaker"
)

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

const service = "sluice.testing.v1.DummyService"

func newBreaker(t testing.TB, o breaker.Options) *breaker.Interceptor {
	t.Helper()
	i, err := breaker.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// each runs f for all kinds, each in a bubble of its own, where time passes when everybody waits.
func each(t *testing.T, f func(t *testing.T, kind framework.Kind)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, kind) })
		})
	}
}

// A server answers the input "x" with "y" while code is OK, and else with an error. "hold" waits for its context to end, or
// for a message.
type server struct {
	code  atomic.Uint32
	calls atomic.Int64
	held  atomic.Int64
	free  chan error
}

func newServer() *server { return &server{free: make(chan error)} }

func (s *server) option() frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(context.Context, string) (string, error) {
			s.calls.Add(1)
			if code := codes.Code(s.code.Load()); code != codes.OK {
				return "", status.Error(code, "it says so")
			}
			return "y", nil
		},
		"hold": func(ctx context.Context, _ string) (string, error) {
			s.calls.Add(1)
			s.held.Add(1)
			defer s.held.Add(-1)
			select {
			case err := <-s.free:
				return "h", err
			case <-ctx.Done():
				return "", ctx.Err()
			}
		},
	})
}

func (s *server) says(c codes.Code) { s.code.Store(uint32(c)) }

// A rig is a client with the interceptor, and its server.
type rig struct {
	*server
	t      *testing.T
	i      *breaker.Interceptor
	client dummypb.DummyServiceClient
	kind   framework.Kind
}

func newRig(t *testing.T, kind framework.Kind, o breaker.Options, more ...framework.Part) *rig {
	t.Helper()
	r := &rig{server: newServer(), t: t, i: newBreaker(t, o), kind: kind}
	parts := append([]framework.Part{framework.Use(r.i)}, more...)
	r.client = frameworktest.DummyClient(t, r.option(), frameworktest.ClientParts(parts...))
	return r
}

func (r *rig) call(ctx context.Context, input string) error {
	_, err := frameworktest.Execute(ctx, r.client, r.kind, []string{input})
	return err
}

// want makes a call that reaches the server, or fails before it, with a code.
func (r *rig) want(code codes.Code) {
	r.t.Helper()
	if err := r.call(r.t.Context(), "x"); status.Code(err) != code || reasonOf(err) != "" {
		r.t.Errorf("%v, want %v", err, code)
	}
}

func reasonOf(err error) string {
	reason, _ := errmap.ReasonOf(err)
	return reason
}

// wantRefused makes a call that is to be refused, and does not reach the server.
func (r *rig) wantRefused(reason string) {
	r.t.Helper()
	before := r.calls.Load()
	err := r.call(r.t.Context(), "x")
	if status.Code(err) != codes.Unavailable || reasonOf(err) != reason || r.calls.Load() != before {
		r.t.Errorf("%v, %d calls more, want %s", err, r.calls.Load()-before, reason)
	}
}

// fail makes calls that the server fails.
func (r *rig) fail(n int) {
	r.t.Helper()
	r.says(codes.Unavailable)
	for range n {
		r.want(codes.Unavailable)
	}
	r.says(codes.OK)
}

// toHalfOpen opens the only circuit, and waits until it can be probed.
func (r *rig) toHalfOpen() {
	r.t.Helper()
	r.fail(5)
	r.wantState(gobreaker.StateOpen)
	time.Sleep(30*time.Second + time.Millisecond)
	r.wantState(gobreaker.StateHalfOpen)
}

func (r *rig) wantState(s gobreaker.State) {
	r.t.Helper()
	states := r.i.States()
	if len(states) != 1 || states[0].State != s {
		r.t.Errorf("%+v, want one that is %s", states, s)
	}
}
