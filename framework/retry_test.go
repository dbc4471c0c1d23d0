package framework_test

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// retrying calls next up to n times, with the given number of requests kept.
func retrying(n, keep int) framework.Interceptor {
	return framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) (err error) {
		if keep > 0 {
			c.KeepRequests(keep)
		}
		for range n {
			if err = next(ctx, c); err == nil || status.Code(err) != codes.Unavailable {
				return err
			}
		}
		return err
	})
}

func TestNextAgain(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var attempts atomic.Int64
		var mu sync.Mutex
		var inner, outer []string
		record := func(to *[]string) framework.Interceptor {
			return framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				c.OnRequest(func(_ context.Context, msg any) (any, error) {
					mu.Lock()
					defer mu.Unlock()
					*to = append(*to, msg.(*dummypb.DummyRequest).Input)
					return request(msg.(*dummypb.DummyRequest).Input + "!"), nil
				})
				return next(ctx, c)
			})
		}
		r := begin(failTwice(&attempts, codes.Unavailable), record(&outer), retrying(3, 10), record(&inner))
		got, err := execute(withTimeout(t), r, kind, "x")
		if err != nil || strings.Join(got, "") != "x!!" || attempts.Load() != 3 {
			t.Fatalf("got %q, %v in %d attempts", got, err, attempts.Load())
		}
		mu.Lock()
		defer mu.Unlock()
		if strings.Join(outer, " ") != "x" {
			t.Errorf("the link outside saw %q", outer)
		}
		if s := strings.Join(inner, " "); !strings.HasSuffix("x! x! x!", s) || s == "" {
			t.Errorf("the link inside saw %q", inner)
		}
	})
}

func TestNextAgainNeedsKeptRequests(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var attempts atomic.Int64
		r := begin(failTwice(&attempts, codes.Unavailable), retrying(3, 0))
		_, err := execute(withTimeout(t), r, kind, "x")
		if !kind.StreamsRequests() {
			if err != nil || attempts.Load() != 3 {
				t.Fatal(err)
			}
			return
		}
		if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), `link "func"`) || attempts.Load() != 1 {
			t.Fatalf("got %v in %d attempts", err, attempts.Load())
		}
	})
}

func TestNextAgainPastTheLimit(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		if !kind.StreamsRequests() {
			return
		}
		var attempts atomic.Int64
		fail := func(recv func() (*dummypb.DummyRequest, error)) error {
			attempts.Add(1)
			for range 3 {
				if _, err := recv(); err != nil {
					return err
				}
			}
			return status.Error(codes.Unavailable, "down")
		}
		r := begin(&service{
			client: func(s clientStreamServer) error { return fail(s.Recv) },
			bidi:   func(s bidiServer) error { return fail(s.Recv) },
		}, retrying(3, 2))
		_, err := execute(withTimeout(t), r, kind, "a", "b", "c")
		if st := status.Convert(err); st.Code() != codes.Unavailable || !strings.Contains(st.Message(), "down (not tried again since more requests") || attempts.Load() != 1 {
			t.Fatalf("got %v in %d attempts", err, attempts.Load())
		}
	})
}

func TestNextAgainAfterAResponse(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		if !kind.StreamsResponses() {
			return
		}
		var attempts atomic.Int64
		fail := func(send func(*dummypb.DummyResponse) error) error {
			attempts.Add(1)
			if err := send(&dummypb.DummyResponse{Output: "one"}); err != nil {
				return err
			}
			return status.Error(codes.Unavailable, "down")
		}
		r := begin(&service{
			server: func(_ *dummypb.DummyRequest, s serverStreamServer) error { return fail(s.Send) },
			bidi:   func(s bidiServer) error { return fail(s.Send) },
		}, retrying(3, 2))
		got, err := execute(withTimeout(t), r, kind, "a")
		if st := status.Convert(err); st.Code() != codes.Unavailable || !strings.Contains(st.Message(), "down (not tried again since a response") || attempts.Load() != 1 || strings.Join(got, "") != "one" {
			t.Fatalf("got %q, %v in %d attempts", got, err, attempts.Load())
		}
	})
}

// TestRetryStorm fails attempts in five ways, many at once, while callers send.
func TestRetryStorm(t *testing.T) {
	for _, kind := range []framework.Kind{framework.ClientStream, framework.BidiStream} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			var n atomic.Int64
			inputs := make([]string, 20)
			for i := range inputs {
				inputs[i] = fmt.Sprintf("%02d", i) + strings.Repeat(".", 1000)
			}
			want := strings.Join(inputs, "")
			maybeFail := func(ctx context.Context, recv func() (*dummypb.DummyRequest, error)) (string, error) {
				way := n.Add(1) % 6
				if way == 0 {
					return "", status.Error(codes.Unavailable, "at once")
				}
				all := ""
				for i := 0; ; i++ {
					if way == 1 && i == 3 || way == 2 && i == 19 {
						return "", status.Error(codes.Unavailable, "while the caller sends")
					}
					in, err := recv()
					if err == io.EOF {
						break
					}
					if err != nil {
						return "", err
					}
					all += in.Input
				}
				if way == 3 {
					return "", status.Error(codes.Unavailable, "at the end")
				}
				return all, nil
			}
			r := start(t, &service{
				client: func(s clientStreamServer) error {
					all, err := maybeFail(s.Context(), s.Recv)
					if err != nil {
						return err
					}
					return s.SendAndClose(&dummypb.DummyResponse{Output: all})
				},
				bidi: func(s bidiServer) error {
					all, err := maybeFail(s.Context(), s.Recv)
					if err != nil {
						return err
					}
					return s.Send(&dummypb.DummyResponse{Output: all})
				},
			}, nil, parts(pass, retrying(50, 100), everyFunction))
			var wg sync.WaitGroup
			for range 8 {
				wg.Go(func() {
					for range 25 {
						got, err := execute(withTimeout(t), r, kind, inputs...)
						if err != nil || strings.Join(got, "") != want {
							t.Errorf("got %d bytes of %d, %v", len(strings.Join(got, "")), len(want), err)
							return
						}
					}
				})
			}
			wg.Wait()
		})
	}
}

// TestRetryOfABidiStreamAgainstAnEcho replays more than flow control lets through while nobody receives.
func TestRetryOfABidiStreamAgainstAnEcho(t *testing.T) {
	var attempts atomic.Int64
	echo := &service{}
	r := start(t, &service{bidi: func(s bidiServer) error {
		if attempts.Add(1) == 1 {
			for range 35 {
				if _, err := s.Recv(); err != nil {
					return err
				}
			}
			return status.Error(codes.Unavailable, "down")
		}
		return echo.ExecuteClientServerStream(s)
	}}, nil, parts(retrying(2, 100)))
	s, err := r.ExecuteClientServerStream(withTimeout(t))
	if err != nil {
		t.Fatal(err)
	}
	for range 35 {
		if err := s.Send(request(strings.Repeat("x", 20_000))); err != nil {
			t.Fatal(err)
		}
	}
	go func() { _ = s.CloseSend() }()
	got, err := drain(s)
	if err != nil || len(got) != 35 {
		t.Fatalf("got %d, %v", len(got), err)
	}
}

// TestAttemptDeadlineWithNoOperation has an attempt's own deadline pass while the caller does nothing.
func TestAttemptDeadlineWithNoOperation(t *testing.T) {
	for _, kind := range []framework.Kind{framework.ClientStream, framework.ServerStream, framework.BidiStream} {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			var attempts atomic.Int64
			began, second := make(chan struct{}), make(chan struct{})
			echo := &service{}
			first := func(ctx context.Context) bool {
				if attempts.Add(1) == 1 {
					close(began)
					<-ctx.Done()
					return true
				}
				close(second)
				return false
			}
			r := start(t, &service{
				client: func(s clientStreamServer) error {
					if first(s.Context()) {
						return s.Context().Err()
					}
					return echo.ExecuteClientStream(s)
				},
				server: func(in *dummypb.DummyRequest, s serverStreamServer) error {
					if first(s.Context()) {
						return s.Context().Err()
					}
					return echo.ExecuteServerStream(in, s)
				},
				bidi: func(s bidiServer) error {
					if first(s.Context()) {
						return s.Context().Err()
					}
					return echo.ExecuteClientServerStream(s)
				},
			}, nil, parts(framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				c.KeepRequests(3)
				attempt, cancel := context.WithCancel(ctx)
				go func() {
					<-began
					cancel()
				}()
				if err := next(attempt, c); status.Code(err) != codes.Canceled {
					return err
				}
				return next(ctx, c)
			})))
			got, err := executeSlowly(withTimeout(t), r, kind, second)
			if err != nil || strings.Join(got, "") != "x" {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
}

func executeSlowly(ctx context.Context, r *rig, kind framework.Kind, wait chan struct{}) ([]string, error) {
	switch kind {
	case framework.ClientStream:
		s, err := r.ExecuteClientStream(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.Send(request("x")); err != nil {
			return nil, err
		}
		<-wait
		out, err := s.CloseAndRecv()
		return appendOutput(nil, out, err), err
	case framework.ServerStream:
		s, err := r.ExecuteServerStream(ctx, request("x"))
		if err != nil {
			return nil, err
		}
		<-wait
		return drain(s)
	default:
		s, err := r.ExecuteClientServerStream(ctx)
		if err != nil {
			return nil, err
		}
		if err := s.Send(request("x")); err != nil {
			return nil, err
		}
		<-wait
		if err := s.CloseSend(); err != nil {
			return nil, err
		}
		return drain(s)
	}
}

// cache answers from what it saw before, without next.
func cache() framework.Interceptor {
	var mu sync.Mutex
	seen := map[string]any{}
	return framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
		msgs, err := c.BufferRequests(ctx, 10)
		if err != nil {
			return err
		}
		key := c.Method().String()
		for _, m := range msgs {
			key += "|" + m.(*dummypb.DummyRequest).Input
		}
		mu.Lock()
		hit := seen[key]
		mu.Unlock()
		if c.Kind() == framework.ServerStream {
			return cacheStream(ctx, c, next, &mu, seen, key)
		}
		if hit != nil {
			c.SetResponse(hit)
			return nil
		}
		if err := next(ctx, c); err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		seen[key] = c.Response()
		return nil
	})
}

func cacheStream(ctx context.Context, c *framework.Call, next framework.Handler, mu *sync.Mutex, seen map[string]any, key string) error {
	mu.Lock()
	hit, ok := seen[key].([]any)
	mu.Unlock()
	if ok {
		c.SetResponses(func(yield func(any, error) bool) {
			for _, m := range hit {
				if !yield(m, nil) {
					return
				}
			}
		})
		return nil
	}
	var all []any
	c.OnResponse(func(_ context.Context, msg any) (any, error) {
		all = append(all, &dummypb.DummyResponse{Output: msg.(*dummypb.DummyResponse).Output})
		return msg, nil
	})
	if err := next(ctx, c); err != nil {
		return err
	}
	mu.Lock()
	defer mu.Unlock()
	seen[key] = all
	return nil
}

func TestBufferRequestsAndAnswer(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var calls atomic.Int64
		count := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			calls.Add(1)
			return next(ctx, c)
		})
		e := newEnds(4)
		r := begin(&service{}, e, cache(), count)
		inputs := []string{"ab", "cd"}
		for range 2 {
			got, err := execute(withTimeout(t), r, kind, inputs...)
			if kind == framework.BidiStream {
				if status.Code(err) != codes.Internal {
					t.Fatalf("got %v", err)
				}
				continue
			}
			want := map[framework.Kind]string{framework.Unary: "ab", framework.ClientStream: "abcd", framework.ServerStream: "ab"}[kind]
			if err != nil || strings.Join(got, "") != want {
				t.Fatalf("got %q, %v", got, err)
			}
		}
		<-e.told
		<-e.told
		if kind != framework.BidiStream && calls.Load() != 1 {
			t.Fatalf("%d calls", calls.Load())
		}
	})
}

func TestBufferRequestsOverTheLimit(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		if kind != framework.ClientStream {
			return
		}
		r := begin(&service{}, cache())
		_, err := execute(withTimeout(t), r, kind, "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11")
		if status.Code(err) != codes.ResourceExhausted {
			t.Fatalf("got %v", err)
		}
	})
}

func TestBufferRequestsAbandoned(t *testing.T) {
	e := newEnds(1)
	r := start(t, &service{}, nil, parts(e, cache()))
	ctx, cancel := context.WithCancel(context.Background())
	s, err := r.ExecuteClientStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Send(request("x")); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-e.told; status.Code(err) != codes.Canceled {
		t.Fatal(err)
	}
}

func TestBufferThenNextTwice(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		if kind == framework.BidiStream {
			return
		}
		var attempts atomic.Int64
		r := begin(failTwice(&attempts, codes.Unavailable), framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			if _, err := c.BufferRequests(ctx, 10); err != nil {
				return err
			}
			_ = next(ctx, c)
			_ = next(ctx, c)
			return next(ctx, c)
		}), everyFunction)
		got, err := execute(withTimeout(t), r, kind, "ab")
		if err != nil || strings.Join(got, "") != "ab" || attempts.Load() != 3 {
			t.Fatalf("got %q, %v in %d", got, err, attempts.Load())
		}
	})
}

// hedge runs two attempts side by side and takes the first to succeed.
var hedge = framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
	if _, err := c.BufferRequests(ctx, 10); err != nil {
		return err
	}
	type result struct {
		call *framework.Call
		err  error
	}
	results := make(chan result, 2)
	for range 2 {
		clone := c.Clone()
		go func() { results <- result{clone, next(ctx, clone)} }()
	}
	var err error
	for range 2 {
		r := <-results
		if r.err == nil {
			c.Adopt(r.call)
			return nil
		}
		err = r.err
	}
	return err
})

func TestHedge(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var n, over atomic.Int64
		slowFirst := func(ctx context.Context) error {
			defer over.Add(1)
			if n.Add(1) == 1 {
				<-ctx.Done()
				return ctx.Err()
			}
			return nil
		}
		mark := func(ctx context.Context) {
			_ = grpc.SetHeader(ctx, metadata.Pairs("x-who", fmt.Sprint(n.Load())))
			_ = grpc.SetTrailer(ctx, metadata.Pairs("x-trail", "winner"))
		}
		echo := &service{}
		r := begin(&service{
			unary: func(ctx context.Context, in *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
				if err := slowFirst(ctx); err != nil {
					return nil, err
				}
				mark(ctx)
				return echo.Execute(ctx, in)
			},
			client: func(s clientStreamServer) error {
				if err := slowFirst(s.Context()); err != nil {
					return err
				}
				mark(s.Context())
				return echo.ExecuteClientStream(s)
			},
		}, pass, hedge, everyFunction)
		ctx := withTimeout(t)
		var header, trailer metadata.MD
		switch kind {
		case framework.Unary:
			out, err := r.Execute(ctx, request("ab"), grpc.Header(&header), grpc.Trailer(&trailer))
			if err != nil || out.Output != "ab" {
				t.Fatalf("got %v, %v", out, err)
			}
		case framework.ClientStream:
			s, err := r.ExecuteClientStream(ctx, grpc.Header(&header), grpc.Trailer(&trailer))
			if err != nil {
				t.Fatal(err)
			}
			for _, in := range []string{"a", "b"} {
				if err := s.Send(request(in)); err != nil {
					t.Fatal(err)
				}
			}
			out, err := s.CloseAndRecv()
			if err != nil || out.Output != "ab" {
				t.Fatalf("got %v, %v", out, err)
			}
		default:
			if _, err := execute(ctx, r, kind, "ab"); status.Code(err) != codes.Internal {
				t.Fatalf("got %v", err)
			}
			return
		}
		r.server.GracefulStop()
		if over.Load() != 2 {
			t.Fatalf("%d of 2 attempts have ended", over.Load())
		}
		if fmt.Sprint(header["x-who"]) != "[2]" || fmt.Sprint(trailer["x-trail"]) != "[winner]" {
			t.Fatalf("header %v, trailer %v", header["x-who"], trailer["x-trail"])
		}
		if fmt.Sprint(header["x-seen"]) != "[yes]" {
			t.Fatalf("x-seen %v", header["x-seen"])
		}
	})
}

// TestBufferRequestsGivesUp has a link's own deadline end the wait for the caller's half-close, on both sides.
func TestBufferRequestsGivesUp(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		if kind != framework.ClientStream {
			return
		}
		var again error
		r := begin(&service{}, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			short, cancel := context.WithCancel(ctx)
			cancel()
			_, err := c.BufferRequests(short, 10)
			again = next(ctx, c)
			return err
		}))
		ctx, cancel := context.WithCancel(withTimeout(t))
		defer cancel()
		s, err := r.ExecuteClientStream(ctx)
		if err == nil {
			_ = s.Send(request("x"))
			_, err = s.CloseAndRecv()
		}
		if status.Code(err) != codes.Canceled {
			t.Fatalf("got %v; next again %v", err, again)
		}
	})
}
