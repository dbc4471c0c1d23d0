package retry_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
)

// A client without a wire: what is behind the chain counts the attempts and fails as long as it is down.
type storm struct {
	attempts atomic.Int64
	down     atomic.Bool
	chain    *framework.ClientChain
	unary    grpc.UnaryClientInterceptor
}

func newStorm(t testing.TB, i *retry.Interceptor, target string, s ...framework.Setting) *storm {
	t.Helper()
	chain, err := framework.NewClientChain(framework.Target(target), framework.Use(i), framework.Rules("DummyService/*", append(s, retry.Idempotent.Set(true))...),
		framework.Rules(methods[framework.BidiStream], retry.Attempts.Set(retry.None)))
	if err != nil {
		t.Fatal(err)
	}
	made := &storm{chain: chain, unary: chain.Unary()}
	made.down.Store(true)
	return made
}

func (s *storm) call(ctx context.Context) error {
	return s.unary(ctx, dummypb.DummyService_Execute_FullMethodName, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}, nil,
		func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
			s.attempts.Add(1)
			if s.down.Load() {
				return status.Error(codes.Unavailable, "down")
			}
			return nil
		})
}

// calls are some, one after the other.
func (s *storm) calls(ctx context.Context, n int) {
	for range n {
		_ = s.call(ctx)
	}
}

// While a server is down there are hardly more attempts than calls: 5, of which 4 in one RPC.
func TestStorm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStorm(t, newRetry(t, retry.Options{}), "", retry.Attempts.Set(5))
		s.down.Store(false)
		s.calls(t.Context(), 1000) // which fill no bucket higher
		s.down.Store(true)
		s.calls(t.Context(), 1000)
		if got := s.attempts.Load(); got != 1000+1004 {
			t.Errorf("%d attempts of 1000 calls", got-1000)
		}
	})
}

// A thousand clients, each of which calls once a second for half a minute, do not make a storm of an outage.
func TestStormOfClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const clients, seconds = 1000, 30
		i := newRetry(t, retry.Options{})
		var all sync.WaitGroup
		var attempts atomic.Int64
		for n := range clients {
			s := newStorm(t, i, fmt.Sprint("client ", n), retry.Attempts.Set(5))
			all.Go(func() {
				for range seconds {
					_ = s.call(t.Context())
					time.Sleep(time.Second) // of the bubble
				}
				attempts.Add(s.attempts.Load())
			})
		}
		all.Wait()
		if load := float64(attempts.Load()) / (clients * seconds); load > 1.2 {
			t.Errorf("%.2f times the load", load)
		}
	})
}

// When the server is well again successes bring the tokens back, a tenth each.
func TestBudgetRecovers(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		budget retry.Budget
		enough int // successes that bring half of the bucket, what a failure takes, and a part of a token
		more   int // of these, what a failure takes, and a part of a token
	}{
		{"zero", retry.Budget{}, 61, 11},
		{"ratio", retry.Budget{Ratio: 1}, 7, 2},
		{"tokens", retry.Budget{Tokens: 4}, 31, 11},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStorm(t, newRetry(t, retry.Options{Budget: tt.budget}), "", retry.Attempts.Set(2))
				s.calls(t.Context(), 1000)
				s.again(t, false)
				s.down.Store(false)
				s.calls(t.Context(), tt.enough-1)
				s.again(t, false)
				s.down.Store(false)
				s.calls(t.Context(), tt.more)
				s.again(t, true)
			})
		})
	}
}

// again reports an error unless a failing call is tried again, or is not.
func (s *storm) again(t *testing.T, want bool) {
	t.Helper()
	s.down.Store(true)
	before := s.attempts.Load()
	if err := s.call(t.Context()); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if got := s.attempts.Load()-before == 2; got != want {
		t.Errorf("tried again %t, want %t", got, want)
	}
}

// All methods of a client have one budget, another client has its own, and so has another interceptor.
func TestBudgetsOfClients(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newRetry(t, retry.Options{})
		orders, orders2, stock := newStorm(t, i, "orders", retry.Attempts.Set(2)), newStorm(t, i, "orders", retry.Attempts.Set(2)), newStorm(t, i, "stock", retry.Attempts.Set(2))
		stream := func() error {
			_, err := orders.chain.Stream()(t.Context(), &grpc.StreamDesc{ServerStreams: true}, nil, dummypb.DummyService_ExecuteServerStream_FullMethodName,
				func(context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, ...grpc.CallOption) (grpc.ClientStream, error) {
					return nil, status.Error(codes.Unavailable, "down")
				})
			return err
		}
		for range 10 {
			if err := stream(); status.Code(err) != codes.Unavailable {
				t.Fatal(err)
			}
		}
		orders.again(t, false)
		orders2.again(t, false)
		stock.again(t, true)
		newStorm(t, newRetry(t, retry.Options{}), "orders", retry.Attempts.Set(2)).again(t, true)
	})
}

// What is tried again without being of a code that is, and what the caller ended, takes no token; a server that says never
// does.
func TestWhatTakesTokens(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		fail  func(ctx context.Context, cancel func()) error
		takes bool
	}{
		{"UNAVAILABLE", func(context.Context, func()) error { return status.Error(codes.Unavailable, "down") }, true},
		{"another code", func(context.Context, func()) error { return status.Error(codes.NotFound, "gone") }, false},
		{"never, of another code", func(ctx context.Context, _ func()) error {
			pushing(ctx, "-1")
			return status.Error(codes.NotFound, "gone")
		}, true},
		{"the caller's end", func(ctx context.Context, cancel func()) error {
			cancel()
			<-ctx.Done()
			return status.Error(codes.Unavailable, "down")
		}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				var cancelled func()
				s := &server{do: func(ctx context.Context, n int) error {
					if n <= 10 {
						return tt.fail(ctx, cancelled)
					}
					return status.Error(codes.Unavailable, "down")
				}}
				o := steady()
				o.On = retry.Codes{errmap.Unavailable, errmap.Canceled}
				client := frameworktest.DummyClient(t, s.option(), ruled(t, o, retried, retry.Attempts.Set(2)))
				for s.count() < 10 {
					ctx, cancel := context.WithCancel(t.Context())
					cancelled = cancel
					_, _ = frameworktest.Execute(ctx, client, kind, []string{"x"})
					cancel()
					synctest.Wait()
				}
				before := s.count()
				_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				if again := s.count()-before == 2; again == tt.takes {
					t.Errorf("tried again %t", again)
				}
			})
		})
	}
}

// The bucket holds no more than it is made for, and no less than nothing, whoever asks at once.
func TestBudgetAtOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStorm(t, newRetry(t, retry.Options{}), "", retry.Attempts.Set(2))
		for range 20 {
			var all sync.WaitGroup
			s.down.Store(true)
			for range 50 {
				all.Go(func() { s.calls(t.Context(), 4) })
			}
			all.Wait()
			s.again(t, false)
			s.down.Store(false)
			for range 50 {
				all.Go(func() { s.calls(t.Context(), 4) })
			}
			all.Wait()
			for range 4 {
				s.again(t, true) // takes two tokens of ten, the next one of eight
				s.down.Store(false)
				s.calls(t.Context(), 100)
			}
		}
	})
}
