package framework_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// ends counts the ends of chains and lets a test wait for them.
type ends struct {
	begun, ended atomic.Int64
	told         chan error
}

func newEnds(n int) *ends { return &ends{told: make(chan error, n)} }

func (e *ends) Intercept(ctx context.Context, c *framework.Call, next framework.Handler) error {
	e.begun.Add(1)
	err := next(ctx, c)
	e.ended.Add(1)
	e.told <- err
	return err
}

func TestClientStreamEndsWhenTheCallerSeesIt(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		if kind == framework.Unary {
			return
		}
		e := newEnds(1)
		r := start(t, &service{}, nil, parts(e))
		ctx := withTimeout(t)
		var last func() error
		switch kind {
		case framework.ClientStream:
			s, err := r.ExecuteClientStream(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Send(request("x")); err != nil {
				t.Fatal(err)
			}
			last = func() error { _, err := s.CloseAndRecv(); return err }
		case framework.ServerStream:
			s, err := r.ExecuteServerStream(ctx, request("x"))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := s.Recv(); err != nil {
				t.Fatal(err)
			}
			last = func() error { _, err := s.Recv(); return eof(err) }
		case framework.BidiStream:
			s, err := r.ExecuteClientServerStream(ctx)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.CloseSend(); err != nil {
				t.Fatal(err)
			}
			last = func() error { _, err := s.Recv(); return eof(err) }
		}
		if e.ended.Load() != 0 {
			t.Fatal("the chain ended before the stream")
		}
		if err := last(); err != nil {
			t.Fatal(err)
		}
		if e.ended.Load() != 1 {
			t.Fatal("the chain had not ended when the caller saw the end")
		}
	})
}

func eof(err error) error {
	if err == io.EOF {
		return nil
	}
	return fmt.Errorf("want io.EOF by ==, got %w", err)
}

func TestEndIsToldOnce(t *testing.T) {
	e := newEnds(8)
	r := start(t, &service{}, nil, parts(e))
	s, err := r.ExecuteServerStream(withTimeout(t), request(""))
	if err != nil {
		t.Fatal(err)
	}
	for range 4 {
		if _, err := s.Recv(); err != io.EOF {
			t.Fatal(err)
		}
	}
	if e.ended.Load() != 1 {
		t.Fatalf("ended %d times", e.ended.Load())
	}
}

// TestCancelRacesRecv abandons streams whose context is cancelled while a Recv may be under way.
func TestCancelRacesRecv(t *testing.T) {
	tries := 10_000
	if testing.Short() {
		tries = 1_000
	}
	e := newEnds(tries)
	endless := &service{bidi: func(s bidiServer) error {
		for {
			if err := s.Send(&dummypb.DummyResponse{Output: "x"}); err != nil {
				return err
			}
			if s.Context().Err() != nil {
				return s.Context().Err()
			}
			if _, err := s.Recv(); err != nil {
				return err
			}
		}
	}}
	r := start(t, endless, nil, parts(e))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range tries / 8 {
				ctx, cancel := context.WithCancel(context.Background())
				s, err := r.ExecuteClientServerStream(ctx)
				if err != nil {
					t.Error(err)
					cancel()
					return
				}
				var under sync.WaitGroup
				receive := rand.IntN(3)
				under.Go(func() {
					for range receive {
						if _, err := s.Recv(); err != nil {
							return
						}
						_ = s.Send(request("x"))
					}
				})
				if rand.IntN(2) == 0 {
					runtime.Gosched()
				}
				cancel()
				under.Wait()
			}
		})
	}
	wg.Wait()
	for i := range int(e.begun.Load()) {
		select {
		case err := <-e.told:
			if code := status.Code(err); code != codes.Canceled {
				t.Fatalf("end %d: %v", i, err)
			}
		case <-withTimeout(t).Done():
			t.Fatalf("%d of %d chains have ended", i, e.begun.Load())
		}
	}
}

func TestAbandonedStreamEndsWithItsConnection(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		if kind == framework.Unary {
			return
		}
		e := newEnds(1)
		hang := func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }
		r := start(t, &service{
			client: func(s clientStreamServer) error { return hang(s.Context()) },
			server: func(_ *dummypb.DummyRequest, s serverStreamServer) error { return hang(s.Context()) },
			bidi:   func(s bidiServer) error { return hang(s.Context()) },
		}, nil, parts(e))
		var err error
		switch kind {
		case framework.ClientStream:
			_, err = r.ExecuteClientStream(context.Background())
		case framework.ServerStream:
			_, err = r.ExecuteServerStream(context.Background(), request("x"))
		case framework.BidiStream:
			_, err = r.ExecuteClientServerStream(context.Background())
		}
		if err != nil {
			t.Fatal(err)
		}
		if err := r.conn.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case err := <-e.told:
			if status.Code(err) != codes.Canceled {
				t.Fatal(err)
			}
		case <-withTimeout(t).Done():
			t.Fatal("the chain has not ended")
		}
	})
}

func TestPanicReachesTheCaller(t *testing.T) {
	for _, when := range []string{"before next", "after next"} {
		t.Run(when, func(t *testing.T) {
			onKinds(t, func(t *testing.T, kind framework.Kind) {
				r := start(t, &service{}, nil, parts(pass, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
					if when == "after next" {
						_ = next(ctx, c)
					}
					panic("boom")
				})))
				defer func() {
					p := recover()
					if p == nil || !strings.Contains(fmt.Sprint(p), "boom") {
						t.Fatalf("recovered %v", p)
					}
				}()
				_, err := execute(withTimeout(t), r, kind, "x")
				t.Fatalf("no panic; %v", err)
			})
		})
	}
}

func TestPanicInMessageFunctionReachesTheCaller(t *testing.T) {
	for _, direction := range []string{"request", "response"} {
		t.Run(direction, func(t *testing.T) {
			onKinds(t, func(t *testing.T, kind framework.Kind) {
				e := newEnds(1)
				boom := func(context.Context, any) (any, error) { panic("boom") }
				r := start(t, &service{}, nil, parts(e, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
					if direction == "request" {
						c.OnRequest(boom)
					} else {
						c.OnResponse(boom)
					}
					return next(ctx, c)
				})))
				defer func() {
					if p := recover(); p == nil || !strings.Contains(fmt.Sprint(p), "boom") {
						t.Fatalf("recovered %v", p)
					}
					if kind.StreamsResponses() && e.ended.Load() != 1 {
						t.Fatal("the chain has not ended")
					}
				}()
				_, err := execute(withTimeout(t), r, kind, "x")
				t.Fatalf("no panic; %v", err)
			})
		})
	}
}

func TestGoexitInAChainIsInternal(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		if kind == framework.Unary { // it is the caller's own goroutine
			return
		}
		r := start(t, &service{}, nil, parts(framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error {
			runtime.Goexit()
			return nil
		})))
		if _, err := execute(withTimeout(t), r, kind, "x"); status.Code(err) != codes.Internal {
			t.Fatal(err)
		}
	})
}

// TestLockedThreads has callers that are locked to an OS thread, before or after opening.
func TestLockedThreads(t *testing.T) {
	for _, when := range []string{"before", "after"} {
		t.Run(when, func(t *testing.T) {
			e := newEnds(100)
			r := start(t, &service{}, nil, parts(e))
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					ctx, cancel := context.WithCancel(context.Background())
					defer cancel()
					if when == "before" {
						runtime.LockOSThread()
						defer runtime.UnlockOSThread()
					}
					s, err := r.ExecuteClientServerStream(ctx)
					if err != nil {
						t.Error(err)
						return
					}
					if when == "after" {
						runtime.LockOSThread()
						defer runtime.UnlockOSThread()
					}
					if err := s.Send(request("x")); err != nil {
						t.Error(err)
					}
					if i%2 == 0 { // half of them are abandoned
						return
					}
					if err := s.CloseSend(); err != nil {
						t.Error(err)
					}
					if _, err := drain(s); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			for range 100 {
				<-e.told
			}
		})
	}
}

// TestRefusedSendsLeakNothing has a message function refuse sends, after which generated code gives the caller no
// stream to end.
func TestRefusedSendsLeakNothing(t *testing.T) {
	for _, side := range []string{"server", "client"} {
		t.Run(side, func(t *testing.T) {
			refuse := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				if c.Kind() == framework.Unary { // connects
					return next(ctx, c)
				}
				c.OnRequest(func(context.Context, any) (any, error) { return nil, status.Error(codes.InvalidArgument, "no") })
				return next(ctx, c)
			})
			var handlers sync.WaitGroup
			var r *rig
			if side == "client" {
				r = start(t, &service{server: func(_ *dummypb.DummyRequest, s serverStreamServer) error {
					handlers.Add(1)
					defer handlers.Done()
					<-s.Context().Done()
					return nil
				}}, nil, parts(refuse))
			} else {
				r = start(t, &service{}, parts(refuse), nil)
			}
			if _, err := r.Execute(withTimeout(t), request("x")); err != nil {
				t.Fatal(err)
			}
			before := goleak.IgnoreCurrent()
			for range 1_000 {
				s, err := r.ExecuteServerStream(context.Background(), request("x"))
				if err == nil {
					_, err = s.Recv()
				}
				if status.Code(err) != codes.InvalidArgument {
					t.Fatal(err)
				}
			}
			handlers.Wait()
			if err := goleak.Find(before); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestGRPCsOwnRetriesWork(t *testing.T) {
	const config = `{"methodConfig":[{"name":[{}],"retryPolicy":{"maxAttempts":3,"initialBackoff":"0.001s","maxBackoff":"0.002s","backoffMultiplier":1,"retryableStatusCodes":["UNAVAILABLE"]}}]}`
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		for _, links := range []string{"pass", "all functions"} {
			t.Run(links, func(t *testing.T) {
				var attempts atomic.Int64
				link := framework.Interceptor(pass)
				if links != "pass" {
					link = everyFunction
				}
				e := newEnds(1)
				r := start(t, failTwice(&attempts, codes.Unavailable), parts(link), parts(e, link), grpc.WithDefaultServiceConfig(config))
				got, err := execute(withTimeout(t), r, kind, "x")
				if err != nil || strings.Join(got, "") != "x" || attempts.Load() != 3 || e.ended.Load() != 1 {
					t.Fatalf("got %q, %v in %d attempts", got, err, attempts.Load())
				}
			})
		}
	})
}

// everyFunction registers every function there is.
var everyFunction = framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
	message := func(_ context.Context, msg any) (any, error) { return msg, nil }
	header := func(_ context.Context, md metadata.MD) (metadata.MD, error) {
		md.Append("x-seen", "yes")
		return md, nil
	}
	c.OnRequest(message)
	c.OnResponse(message)
	c.OnHeader(header)
	c.OnTrailer(header)
	return next(ctx, c)
})

// failTwice fails the first two attempts before anything, then echoes.
func failTwice(attempts *atomic.Int64, code codes.Code) *service {
	echo := &service{}
	fail := func() error {
		if attempts.Add(1) <= 2 {
			return status.Error(code, "not yet")
		}
		return nil
	}
	return &service{
		unary: func(ctx context.Context, in *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
			if err := fail(); err != nil {
				return nil, err
			}
			return echo.Execute(ctx, in)
		},
		client: func(s clientStreamServer) error {
			if err := fail(); err != nil {
				return err
			}
			return echo.ExecuteClientStream(s)
		},
		server: func(in *dummypb.DummyRequest, s serverStreamServer) error {
			if err := fail(); err != nil {
				return err
			}
			return echo.ExecuteServerStream(in, s)
		},
		bidi: func(s bidiServer) error {
			if err := fail(); err != nil {
				return err
			}
			return echo.ExecuteClientServerStream(s)
		},
	}
}
