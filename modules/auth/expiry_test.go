package auth_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/auth"
)

// expiring is a verifier of a token that ann holds for an hour.
func expiring(t testing.TB) auth.Verifier {
	t.Helper()
	p := reader
	p.Expires = time.Now().Add(time.Hour)
	return newTokens(t, auth.HeldBy(p, readerToken))
}

// waiting are handlers that do for two hours what their name says, or until their context ends.
var waiting = map[string]func(context.Context, string) (string, error){
	"and fail":        func(ctx context.Context, _ string) (string, error) { return "", wait(ctx) },
	"and succeed":     func(ctx context.Context, _ string) (string, error) { _ = wait(ctx); return "done", nil },
	"and say nothing": func(ctx context.Context, _ string) (string, error) { _ = wait(ctx); return "", nil },
	"and fail otherwise": func(ctx context.Context, _ string) (string, error) {
		return "", errors.Join(errors.New("row 7"), wait(ctx))
	},
	"without looking": func(context.Context, string) (string, error) { time.Sleep(2 * time.Hour); return "done", nil },
}

func wait(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(2 * time.Hour):
		return nil
	}
}

// A stream ends when its credentials expire, whatever the handler makes of that; a unary call goes on.
func TestExpiry(t *testing.T) {
	t.Parallel()
	for input := range waiting {
		for _, kind := range kinds {
			t.Run(input+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := &witness{}
					client := w.waitingClient(t, auth.Options{Verifier: expiring(t), Expire: true})
					start := time.Now()
					_, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client, kind, []string{input})
					took := time.Since(start)
					if kind == framework.Unary {
						if took != 2*time.Hour || err != nil && input != "and fail otherwise" {
							t.Errorf("a unary call ended after %s with %v", took, err)
						}
						return
					}
					wantRefusal(t, err, codes.Unauthenticated)
					if want := time.Hour; took != want && input != "without looking" {
						t.Errorf("it ended after %s, want %s", took, want)
					}
					w.take().wantNoMarker(t, err)
				})
			})
		}
	}
}

func (w *witness) waitingClient(t *testing.T, o auth.Options) dummypb.DummyServiceClient {
	t.Helper()
	return frameworktest.DummyClient(t, frameworktest.SpecialCases(waiting), frameworktest.ServerParts(w.outside(), framework.Use(newAuth(t, o))))
}

// A stream goes on where nothing else is said.
func TestOutlivesExpiry(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := &witness{}
				client := w.waitingClient(t, auth.Options{Verifier: expiring(t)})
				start := time.Now()
				if _, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client, kind, []string{"and fail"}); err != nil {
					t.Error(err)
				}
				if took := time.Since(start); took != 2*time.Hour {
					t.Errorf("it ended after %s", took)
				}
			})
		})
	}
}

// Credentials that have expired are wrong ones, for all kinds, whether streams end or not.
func TestExpired(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &witness{}
		client := w.client(t, auth.Options{Verifier: expiring(t)}).stub()
		time.Sleep(time.Hour - time.Nanosecond)
		for _, want := range []codes.Code{codes.OK, codes.Unauthenticated} {
			for _, kind := range kinds {
				_, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client, kind, []string{"x"})
				if want == codes.OK && err == nil {
					continue
				}
				wantRefusal(t, err, want)
				w.take().wantNoMarker(t, err)
			}
			time.Sleep(time.Nanosecond)
		}
	})
}

// No message passes any more once the credentials have expired, in either direction, also to a handler that does not look
// at its context.
func TestMessagesAfterExpiry(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := &witness{}
		client := w.client(t, auth.Options{Verifier: expiring(t), Expire: true}).stub()
		stream, err := client.ExecuteClientServerStream(showing(t, "Bearer "+readerToken))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := stream.Send(&dummypb.DummyRequest{Input: "x"}); err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Hour / 2)
		}
		synctest.Wait()
		_ = stream.Send(&dummypb.DummyRequest{Input: "x"}) // fails where the stream has ended already
		_, err = stream.Recv()
		wantRefusal(t, err, codes.Unauthenticated)
	})
}

// A deadline of the caller's own that comes first is that, and one that comes later is not felt.
func TestExpiryAndDeadline(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		deadline time.Duration
		want     codes.Code
		took     time.Duration
	}{
		{time.Hour / 2, codes.DeadlineExceeded, time.Hour / 2},
		{2 * time.Hour, codes.Unauthenticated, time.Hour},
	} {
		synctest.Test(t, func(t *testing.T) {
			w := &witness{}
			client := w.waitingClient(t, auth.Options{Verifier: expiring(t), Expire: true})
			ctx, cancel := context.WithTimeout(showing(t, "Bearer "+readerToken), tt.deadline)
			defer cancel()
			start := time.Now()
			_, err := frameworktest.Execute(ctx, client, framework.BidiStream, []string{"and fail"})
			if took := time.Since(start); took != tt.took {
				t.Errorf("it ended after %s, want %s", took, tt.took)
			}
			if tt.want == codes.Unauthenticated {
				wantRefusal(t, err, tt.want)
			} else if !errors.Is(err, context.DeadlineExceeded) && status.Code(err) != tt.want {
				t.Error(err)
			}
		})
	}
}

func TestConformanceWithExpiry(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return newAuth(t, auth.Options{Verifier: expiring(t), Expire: true}) },
		frameworktest.Using(frameworktest.ClientParts(showingAlways("Bearer "+readerToken))), frameworktest.SetsDeadline())
}
