package framework_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/selector"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// between puts a raw link between two Interceptors that look at everything.
func between(raw framework.Part) (*lookout, []framework.Part) {
	outside := &lookout{}
	return outside, []framework.Part{
		framework.Use(outside, framework.Name("outside")), raw, framework.Use(everyFunction, framework.Name("inside")),
	}
}

// lookout notes the codes of RPCs, the messages that pass, and what was annotated inside.
type lookout struct {
	mu       sync.Mutex
	codes    []codes.Code
	messages []string
}

func (l *lookout) Intercept(ctx context.Context, c *framework.Call, next framework.Handler) error {
	c.OnRequest(func(_ context.Context, msg any) (any, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.messages = append(l.messages, msg.(*dummypb.DummyRequest).Input)
		return msg, nil
	})
	c.OnResponse(func(_ context.Context, msg any) (any, error) {
		l.mu.Lock()
		defer l.mu.Unlock()
		l.messages = append(l.messages, msg.(*dummypb.DummyResponse).Output)
		return msg, nil
	})
	err := next(ctx, c)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.codes = append(l.codes, status.Code(err))
	return err
}

func TestRawServerRecovery(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		handler := recovery.WithRecoveryHandler(func(p any) error { return status.Errorf(codes.DataLoss, "recovered %v", p) })
		outside, chain := between(framework.UseServer(recovery.UnaryServerInterceptor(handler), recovery.StreamServerInterceptor(handler)))
		boom := func() error { panic("boom") }
		r := start(t, &service{
			unary:  func(context.Context, *dummypb.DummyRequest) (*dummypb.DummyResponse, error) { return nil, boom() },
			client: func(clientStreamServer) error { return boom() },
			server: func(*dummypb.DummyRequest, serverStreamServer) error { return boom() },
			bidi:   func(bidiServer) error { return boom() },
		}, chain, nil)
		_, err := execute(withTimeout(t), r, kind, "x")
		r.server.GracefulStop()
		if st := status.Convert(err); st.Code() != codes.DataLoss || st.Message() != "recovered boom" {
			t.Fatalf("got %v", err)
		}
		if !slices.Equal(outside.codes, []codes.Code{codes.DataLoss}) {
			t.Fatalf("outside saw %v", outside.codes)
		}
	})
}

func TestRawServerLogging(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		var mu sync.Mutex
		var lines []string
		logger := logging.LoggerFunc(func(_ context.Context, _ logging.Level, msg string, fields ...any) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, msg+" "+fmt.Sprint(fields...))
		})
		_, chain := between(framework.UseServer(logging.UnaryServerInterceptor(logger), logging.StreamServerInterceptor(logger)))
		r := start(t, &service{}, chain, nil)
		if got, err := execute(withTimeout(t), r, kind, "x"); err != nil || strings.Join(got, "") != "x" {
			t.Fatal(got, err)
		}
		r.server.GracefulStop()
		if len(lines) != 2 || !strings.HasPrefix(lines[0], "started call") || !strings.HasPrefix(lines[1], "finished call") || !strings.Contains(lines[1], "OK") {
			t.Fatalf("lines %q", lines)
		}
	})
}

func TestRawServerAuth(t *testing.T) {
	type user struct{}
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		check := func(ctx context.Context) (context.Context, error) {
			token, err := auth.AuthFromMD(ctx, "bearer")
			if err != nil {
				return nil, err
			}
			return context.WithValue(ctx, user{}, token), nil
		}
		seen := make(chan any, 1)
		look := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			seen <- ctx.Value(user{})
			return next(ctx, c)
		})
		outside, chain := between(framework.UseServer(auth.UnaryServerInterceptor(check), auth.StreamServerInterceptor(check), framework.Name("auth")))
		r := start(t, &service{}, append(chain, framework.Use(look)), nil)
		if _, err := execute(withTimeout(t), r, kind, "x"); status.Code(err) != codes.Unauthenticated {
			t.Fatalf("got %v", err)
		}
		ctx := metadata.AppendToOutgoingContext(withTimeout(t), "authorization", "bearer token")
		if _, err := execute(ctx, r, kind, "x"); err != nil {
			t.Fatal(err)
		}
		r.server.GracefulStop()
		if got := <-seen; got != "token" || !slices.Equal(outside.codes, []codes.Code{codes.Unauthenticated, codes.OK}) {
			t.Fatalf("the link inside saw %v; outside %v", got, outside.codes)
		}
	})
}

type limiter func(context.Context) error

func (l limiter) Limit(ctx context.Context) error { return l(ctx) }

func TestRawRatelimit(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		for _, side := range []string{"server", "client"} {
			t.Run(side, func(t *testing.T) {
				full := limiter(func(context.Context) error { return errors.New("full") })
				var r *rig
				var outside *lookout
				if side == "server" {
					o, chain := between(framework.UseServer(ratelimit.UnaryServerInterceptor(full), ratelimit.StreamServerInterceptor(full)))
					outside, r = o, start(t, &service{}, chain, nil)
				} else {
					o, chain := between(framework.UseClient(ratelimit.UnaryClientInterceptor(full), ratelimit.StreamClientInterceptor(full)))
					outside, r = o, start(t, &service{}, nil, chain)
				}
				_, err := execute(withTimeout(t), r, kind, "x")
				r.server.GracefulStop()
				if st := status.Convert(err); st.Code() != codes.ResourceExhausted || !strings.Contains(st.Message(), "rejected by grpc_ratelimit") {
					t.Fatalf("got %v", err)
				}
				if !slices.Equal(outside.codes, []codes.Code{codes.ResourceExhausted}) {
					t.Fatalf("outside saw %v", outside.codes)
				}
			})
		}
	})
}

func TestRawSelector(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		deny := func(ctx context.Context) (context.Context, error) {
			return nil, status.Error(codes.Unauthenticated, "denied")
		}
		only := selector.MatchFunc(func(_ context.Context, c interceptors.CallMeta) bool { return c.Method == "Execute" })
		_, chain := between(framework.UseServer(
			selector.UnaryServerInterceptor(auth.UnaryServerInterceptor(deny), only),
			selector.StreamServerInterceptor(auth.StreamServerInterceptor(deny), only)))
		r := start(t, &service{}, chain, nil)
		want := codes.OK
		if kind == framework.Unary {
			want = codes.Unauthenticated
		}
		if _, err := execute(withTimeout(t), r, kind, "x"); status.Code(err) != want {
			t.Fatalf("got %v", err)
		}
	})
}

// TestRawClientRetry has ggm's retry between: the kinds that it retries are retried, and the link outside sees one RPC.
func TestRawClientRetry(t *testing.T) {
	for _, kind := range []framework.Kind{framework.Unary, framework.ServerStream} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int64
			inside := newEnds(8)
			o := []retry.CallOption{retry.WithMax(3), retry.WithBackoff(retry.BackoffLinear(1))}
			outside, chain := between(framework.UseClient(retry.UnaryClientInterceptor(o...), retry.StreamClientInterceptor(o...)))
			r := start(t, failTwice(&attempts, codes.Unavailable), nil, append(chain, framework.Use(inside)))
			got, err := execute(withTimeout(t), r, kind, "x")
			if err != nil || strings.Join(got, "") != "x" || attempts.Load() != 3 || inside.ended.Load() != 3 {
				t.Fatalf("got %q, %v in %d attempts; inside %d", got, err, attempts.Load(), inside.ended.Load())
			}
			outside.mu.Lock()
			defer outside.mu.Unlock()
			if !slices.Equal(outside.codes, []codes.Code{codes.OK}) || strings.Join(outside.messages, "") != "xx" {
				t.Fatalf("outside saw %v, %q", outside.codes, outside.messages)
			}
		})
	}
}

// TestRawAnnotations has a link inside of a raw one annotate for a link outside.
func TestRawAnnotations(t *testing.T) {
	bothSidesRaw(t, func(t *testing.T, kind framework.Kind, begin func(outside, inside framework.Interceptor) *rig) {
		got := make(chan string, 1)
		r := begin(framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			err := next(ctx, c)
			v, _ := c.Annotation(framework.AnnotationPrincipal)
			got <- v.String()
			return err
		}), framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			inner, ok := framework.CallFrom(ctx)
			if !ok {
				t.Error("no Call in the context")
			} else {
				inner.Annotate(principal("alice"))
			}
			return next(ctx, c)
		}))
		if _, err := execute(withTimeout(t), r, kind, "x"); err != nil {
			t.Fatal(err)
		}
		if v := <-got; v != "alice" {
			t.Fatalf("got %q", v)
		}
	})
}

// bothSidesRaw puts a raw pass-through between two links, on each side.
func bothSidesRaw(t *testing.T, test func(t *testing.T, kind framework.Kind, begin func(outside, inside framework.Interceptor) *rig)) {
	t.Helper()
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		t.Run("server", func(t *testing.T) {
			test(t, kind, func(outside, inside framework.Interceptor) *rig {
				return start(t, &service{}, []framework.Part{framework.Use(outside), framework.UseServer(
					func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
						return handler(ctx, req)
					},
					func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
						return handler(srv, ss)
					}), framework.Use(inside)}, nil)
			})
		})
		t.Run("client", func(t *testing.T) {
			test(t, kind, func(outside, inside framework.Interceptor) *rig {
				return start(t, &service{}, nil, []framework.Part{framework.Use(outside), framework.UseClient(
					func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
						return invoker(ctx, method, req, reply, cc, opts...)
					},
					func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
						return streamer(ctx, desc, cc, method, opts...)
					}), framework.Use(inside)})
			})
		})
	})
}

func TestRawMetadata(t *testing.T) {
	bothSidesRaw(t, func(t *testing.T, kind framework.Kind, begin func(outside, inside framework.Interceptor) *rig) {
		r := begin(everyFunction, everyFunction)
		if kind != framework.Unary {
			return
		}
		var header, trailer metadata.MD
		if _, err := r.Execute(withTimeout(t), request("x"), grpc.Header(&header), grpc.Trailer(&trailer)); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprint(header["x-seen"], trailer["x-seen"]) != "[yes yes] [yes yes]" {
			t.Fatalf("header %v, trailer %v", header["x-seen"], trailer["x-seen"])
		}
	})
}

// TestAnswerAfterAStreamThatNeverOpened has a link answer for itself when the stream inside fails to open; the stream's
// context still has values.
func TestAnswerAfterAStreamThatNeverOpened(t *testing.T) {
	fallback := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
		if err := next(ctx, c); status.Code(err) != codes.Unavailable {
			return err
		}
		c.SetResponses(func(yield func(any, error) bool) { yield(&dummypb.DummyResponse{Output: "fallback"}, nil) })
		return nil
	})
	down := framework.UseClient(rawClientUnary, func(
		context.Context, *grpc.StreamDesc, *grpc.ClientConn, string, grpc.Streamer, ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		return nil, status.Error(codes.Unavailable, "down")
	})
	type key struct{}
	r := start(t, &service{}, nil, []framework.Part{framework.Use(fallback), down})
	s, err := r.ExecuteServerStream(context.WithValue(withTimeout(t), key{}, "v"), request("x"))
	if err != nil {
		t.Fatal(err)
	}
	out, err := s.Recv()
	if err != nil || out.Output != "fallback" || s.Context().Value(key{}) != "v" {
		t.Fatalf("got %v, %v, %v", out, err, s.Context().Value(key{}))
	}
	if _, err := s.Recv(); err != io.EOF {
		t.Fatal(err)
	}
}
