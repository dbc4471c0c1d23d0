package frameworktest_test

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func TestX24ShorterDeadline(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		client := frameworktest.DummyClient(t, over, onClient(deadlineIn(20*time.Millisecond)), frameworktest.SpecialCases(cases{
			"wait": func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		}))
		wantCode(t, client, kind, "wait", codes.DeadlineExceeded)
	})
}

// An RPC outlives its caller's deadline: context.WithoutCancel takes the deadline away, and cancellation with it.
func TestX24WithoutDeadline(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				remove := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					return next(context.WithoutCancel(ctx), call)
				}
				client := frameworktest.DummyClient(t, onClient(remove), frameworktest.SpecialCases(cases{
					"slow": func(_ context.Context, input string) (string, error) { time.Sleep(time.Second); return input, nil },
				}))
				ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
				defer cancel()
				start := time.Now()
				got, err := frameworktest.Execute(ctx, client, kind, []string{"slow"})
				if err != nil || time.Since(start) != time.Second {
					t.Errorf("got %q, %v after %s", got, err, time.Since(start))
				}
			})
		})
	}
}

func TestX27WaitForReady(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			wait := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				call.AddCallOptions(grpc.WaitForReady(true))
				return next(ctx, call)
			}
			wantCode(t, clientOfDeadPort(t), kind, "foo", codes.Unavailable)
			wantCode(t, clientOfDeadPort(t, deadlineIn(50*time.Millisecond), wait), kind, "foo", codes.DeadlineExceeded)
		})
	}
}

// clientOfDeadPort is a client of a port on which nobody listens any more.
func clientOfDeadPort(t *testing.T, links ...framework.InterceptorFunc) dummyClient {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	chain, err := framework.NewClientChain(parts(links)...)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := grpc.NewClient("passthrough:///"+l.Addr().String(),
		append(chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return dummypb.NewDummyServiceClient(conn)
}
