package concurrency_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/concurrency"
)

// Of a thousand RPCs at once those run that have a slot, and exactly the others are refused. Then all slots are free.
func TestThousandAtOnce(t *testing.T) {
	t.Parallel()
	const limit = 37
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			g := newGate()
			client := frameworktest.DummyClient(t, g.cases(), frameworktest.ServerParts(limiting(t, concurrency.Options{Limit: limit})))
			for range 2 {
				g.open = make(chan struct{})
				if held := g.thousand(t, client, kind); held != limit {
					t.Errorf("%d ran", held)
				}
			}
		})
	}
}

// thousand makes a thousand RPCs, and lets those go that were held when all others have ended. It gives their number.
func (g *gate) thousand(t *testing.T, client dummypb.DummyServiceClient, kind framework.Kind) (held int) {
	t.Helper()
	const all = 1000
	ended := make(chan error, all)
	for range all {
		go func() {
			_, err := frameworktest.Execute(t.Context(), client, kind, []string{"hold"})
			ended <- err
		}()
	}
	for range all {
		select {
		case <-g.held:
			held++
		case err := <-ended:
			if status.Code(err) != codes.ResourceExhausted {
				t.Errorf("one ended with %v", err)
			}
		}
	}
	close(g.open)
	for range held {
		if err := <-ended; err != nil {
			t.Errorf("one that ran ended with %v", err)
		}
	}
	return held
}

// A crowd is how many RPCs are inside of the limit, of each method.
type crowd struct {
	inside [4]atomic.Int64
	most   [4]atomic.Int64
}

func (c *crowd) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	now := c.inside[call.Kind()].Add(1)
	defer c.inside[call.Kind()].Add(-1)
	for most := &c.most[call.Kind()]; ; {
		if was := most.Load(); now <= was || most.CompareAndSwap(was, now) {
			break
		}
	}
	return next(ctx, call)
}

// RPCs of all kinds come and go, in all ways, and there are never more of them than there may be.
func TestComingAndGoing(t *testing.T) {
	t.Parallel()
	const workers, rounds, limit, total = 6, 50, 3, 8
	var seen crowd
	client := frameworktest.DummyClient(t,
		frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
			"error":  frameworktest.Raises(errmap.NotFound),
			"panic":  func(context.Context, string) (string, error) { panic("a panic") },
			"cancel": func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		}),
		frameworktest.ServerParts(append(quiet(t), limiting(t, concurrency.Options{Limit: limit, Total: total}), framework.Use(&seen))...))
	want := map[string]codes.Code{"x": codes.OK, "error": codes.NotFound, "panic": codes.Internal, "cancel": codes.Canceled}
	var all sync.WaitGroup
	for _, kind := range kinds {
		for range workers {
			all.Go(func() {
				for range rounds {
					for input, code := range want { // in another order each time
						ctx, cancel := context.WithCancel(t.Context())
						if input == "cancel" {
							go cancel()
						}
						_, err := frameworktest.Execute(ctx, client, kind, []string{input})
						cancel()
						if got := status.Code(err); got != code && got != codes.ResourceExhausted {
							t.Errorf("%s, %q: %v", kind, input, err)
						}
					}
				}
			})
		}
	}
	all.Wait()
	for _, kind := range kinds {
		if most := seen.most[kind].Load(); most < 1 || most > limit {
			t.Errorf("%s: there were %d at once", kind, most)
		}
	}
}

// Two RPCs come at the very same time, again and again, for one slot: each time one is served and the other refused.
func TestOneStep(t *testing.T) {
	t.Parallel()
	const rounds = 3000
	chain := newChain(t, limiting(t, concurrency.Options{Limit: 1}))
	var at [2]atomic.Int64 // the round of each
	var tried, served atomic.Int64
	var both sync.WaitGroup
	for w := range at {
		both.Go(func() {
			for round := int64(1); round <= rounds; round++ {
				at[w].Store(round)
				spinUntil(func() bool { return at[1-w].Load() >= round })
				err := within(t, chain, "/a.B/C", func() {
					served.Add(1)
					tried.Add(1)
					spinUntil(func() bool { return tried.Load() >= 2*round })
				})
				switch status.Code(err) {
				case codes.OK:
				case codes.ResourceExhausted:
					tried.Add(1)
				default:
					t.Error(err)
				}
			}
		})
	}
	both.Wait()
	if n := served.Load(); n != rounds {
		t.Errorf("%d were served in %d rounds", n, rounds)
	}
}

// spinUntil waits for another goroutine without going to sleep, so that both go on at once.
func spinUntil(done func() bool) {
	for n := 1; !done(); n++ {
		if n%1000 == 0 {
			runtime.Gosched()
		}
	}
}

// endings are how RPCs end, by the input of the handler or by what the caller does when it runs.
var endings = []struct {
	input string
	leave func(cancel context.CancelFunc, conn *grpc.ClientConn) // nil: the handler ends by itself
}{
	{"success", nil},
	{"error", nil},
	{"panic", nil},
	{"exit", nil},
	{"cancelled", func(cancel context.CancelFunc, _ *grpc.ClientConn) { cancel() }},
	{"disconnected", func(_ context.CancelFunc, conn *grpc.ClientConn) { _ = conn.Close() }},
}

// An RPC that ended gives its slot back, however it ended, also where nobody receives what it sent.
func TestSlotsReturn(t *testing.T) {
	t.Parallel()
	for _, o := range []concurrency.Options{{Limit: 1}, {Total: 1}} {
		for _, tt := range endings {
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("%+v/%s/%s", o, tt.input, kind), func(t *testing.T) {
					t.Parallel()
					runs, over := make(chan struct{}), make(chan struct{})
					wait := func(ctx context.Context, _ string) (string, error) {
						close(runs)
						<-ctx.Done()
						return "", ctx.Err()
					}
					outside := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
						defer close(over)
						return next(ctx, call)
					})
					link := limiting(t, o) // of two servers without names, which are counted as one
					conn := frameworktest.DummyConn(t,
						frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
							"error":     frameworktest.Raises(errmap.NotFound),
							"panic":     func(context.Context, string) (string, error) { panic("a panic") },
							"exit":      func(context.Context, string) (string, error) { runtime.Goexit(); return "", nil },
							"cancelled": wait, "disconnected": wait,
						}),
						frameworktest.ServerParts(append(quiet(t), framework.Use(outside, framework.At(framework.StageRecover), framework.After("recovery")), link)...))
					other := frameworktest.DummyClient(t, frameworktest.ServerParts(link))

					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					abandon(ctx, dummypb.NewDummyServiceClient(conn), kind, tt.input)
					if tt.leave != nil {
						<-runs
						if _, err := frameworktest.Execute(t.Context(), other, kind, []string{"x"}); status.Code(err) != codes.ResourceExhausted {
							t.Errorf("while it ran another ended with %v", err)
						}
						tt.leave(cancel, conn)
					}
					<-over
					wantServed(t, other, kind)
				})
			}
		}
	}
}

// abandon begins an RPC of one input and receives nothing of it.
func abandon(ctx context.Context, client dummypb.DummyServiceClient, kind framework.Kind, input string) {
	request := &dummypb.DummyRequest{Input: input}
	switch kind {
	case framework.Unary:
		go func() { _, _ = client.Execute(ctx, request) }()
	case framework.ServerStream:
		_, _ = client.ExecuteServerStream(ctx, request)
	case framework.ClientStream:
		if stream, err := client.ExecuteClientStream(ctx); err == nil {
			_ = stream.Send(request)
			_ = stream.CloseSend()
		}
	default:
		if stream, err := client.ExecuteClientServerStream(ctx); err == nil {
			_ = stream.Send(request)
			_ = stream.CloseSend()
		}
	}
}
