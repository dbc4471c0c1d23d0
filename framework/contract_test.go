package framework_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// bothSides runs a test with the links on a server and on a client.
func bothSides(t *testing.T, test func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig)) {
	t.Helper()
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		t.Run("server", func(t *testing.T) {
			test(t, kind, func(s *service, i ...framework.Interceptor) *rig { return start(t, s, parts(i...), nil) })
		})
		t.Run("client", func(t *testing.T) {
			test(t, kind, func(s *service, i ...framework.Interceptor) *rig { return start(t, s, nil, parts(i...)) })
		})
	})
}

var pass = framework.InterceptorFunc(passThrough)

func TestPassThrough(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		r := begin(&service{}, pass, pass, pass)
		got, err := execute(withTimeout(t), r, kind, "abc")
		if err != nil || strings.Join(got, "") != "abc" {
			t.Fatalf("got %q, %v", got, err)
		}
	})
}

func TestOrder(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var mu sync.Mutex
		var trace []string
		log := func(s string) { mu.Lock(); trace = append(trace, s); mu.Unlock() }
		link := func(name string) framework.Interceptor {
			return framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				log(name + ">")
				defer log("<" + name)
				return next(ctx, c)
			})
		}
		r := begin(&service{}, link("a"), link("b"))
		if _, err := execute(withTimeout(t), r, kind, "x"); err != nil {
			t.Fatal(err)
		}
		r.server.GracefulStop()
		if want := []string{"a>", "b>", "<b", "<a"}; !slices.Equal(trace, want) {
			t.Fatalf("got %v, want %v", trace, want)
		}
	})
}

func TestErrorOfRPC(t *testing.T) {
	fail := status.Error(codes.NotFound, "nf")
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var mu sync.Mutex
		var seen []codes.Code
		watch := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			err := next(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			seen = append(seen, status.Code(err))
			return err
		})
		mapped := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			if err := next(ctx, c); err != nil {
				return status.Error(codes.Aborted, "mapped "+status.Convert(err).Message())
			}
			return nil
		})
		r := begin(failing(fail), mapped, watch)
		_, err := execute(withTimeout(t), r, kind, "x")
		if st := status.Convert(err); st.Code() != codes.Aborted || st.Message() != "mapped nf" {
			t.Fatalf("got %v", err)
		}
		mu.Lock()
		defer mu.Unlock()
		if !slices.Equal(seen, []codes.Code{codes.NotFound}) {
			t.Fatalf("seen %v", seen)
		}
	})
}

// failing fails every kind.
func failing(err error) *service {
	return &service{
		unary:  func(context.Context, *dummypb.DummyRequest) (*dummypb.DummyResponse, error) { return nil, err },
		client: func(s clientStreamServer) error { return err },
		server: func(_ *dummypb.DummyRequest, s serverStreamServer) error { return err },
		bidi:   func(s bidiServer) error { return err },
	}
}

func TestNilWithoutNext(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		r := begin(&service{}, pass, framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error { return nil }))
		_, err := execute(withTimeout(t), r, kind, "x")
		if st := status.Convert(err); st.Code() != codes.Internal || !strings.Contains(st.Message(), `"func#2"`) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestErrorWithCodeOK(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		r := begin(&service{}, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			if err := next(ctx, c); err != nil {
				return err
			}
			return okError{}
		}))
		if _, err := execute(withTimeout(t), r, kind, "x"); status.Code(err) != codes.Internal {
			t.Fatalf("got %v", err)
		}
	})
}

// TestHandlersErrorWithCodeOK has it where links stand, and where none does.
func TestHandlersErrorWithCodeOK(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		for _, links := range [][]framework.Part{nil, parts(pass)} {
			r := start(t, failing(okError{}), links, nil)
			if _, err := execute(withTimeout(t), r, kind, "x"); status.Code(err) != codes.Internal {
				t.Fatalf("%d links: got %v", len(links), err)
			}
		}
	})
}

func TestHandlersNil(t *testing.T) {
	for _, links := range [][]framework.Part{nil, parts(pass)} {
		r := start(t, &service{unary: func(context.Context, *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
			return nil, nil
		}}, links, nil)
		if _, err := execute(withTimeout(t), r, framework.Unary, "x"); status.Code(err) != codes.Internal {
			t.Fatalf("%d links: got %v", len(links), err)
		}
	}
}

type okError struct{}

func (okError) Error() string              { return "fine" }
func (okError) GRPCStatus() *status.Status { return status.New(codes.OK, "") }

func TestContextReachesInside(t *testing.T) {
	type key struct{}
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		var got any
		set := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			return next(context.WithValue(ctx, key{}, "v"), c)
		})
		get := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			got = ctx.Value(key{})
			return next(ctx, c)
		})
		handler := ""
		look := func(ctx context.Context) { handler, _ = ctx.Value(key{}).(string) }
		s := &service{
			unary: func(ctx context.Context, in *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
				look(ctx)
				return &dummypb.DummyResponse{}, nil
			},
			client: func(s clientStreamServer) error { look(s.Context()); return s.SendAndClose(&dummypb.DummyResponse{}) },
			server: func(_ *dummypb.DummyRequest, s serverStreamServer) error { look(s.Context()); return nil },
			bidi:   func(s bidiServer) error { look(s.Context()); return nil },
		}
		r := start(t, s, parts(set, get), nil)
		if _, err := execute(withTimeout(t), r, kind, "x"); err != nil {
			t.Fatal(err)
		}
		if got != "v" || handler != "v" {
			t.Fatalf("got %v in the link, %q in the handler", got, handler)
		}
	})
}

func TestMessageFunctions(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var mu sync.Mutex
		var trace []string
		link := func(name string) framework.Interceptor {
			return framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				c.OnRequest(func(_ context.Context, msg any) (any, error) {
					mu.Lock()
					defer mu.Unlock()
					trace = append(trace, name+">"+msg.(*dummypb.DummyRequest).Input)
					return request(msg.(*dummypb.DummyRequest).Input + name), nil
				})
				c.OnResponse(func(_ context.Context, msg any) (any, error) {
					mu.Lock()
					defer mu.Unlock()
					trace = append(trace, name+"<"+msg.(*dummypb.DummyResponse).Output)
					return &dummypb.DummyResponse{Output: msg.(*dummypb.DummyResponse).Output + name}, nil
				})
				return next(ctx, c)
			})
		}
		r := begin(&service{}, link("1"), link("2"))
		got, err := execute(withTimeout(t), r, kind, "x")
		if err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		want := map[framework.Kind]string{
			framework.Unary: "x1221", framework.ClientStream: "x1221", framework.BidiStream: "x1221", framework.ServerStream: "x21|121|221",
		}[kind]
		if strings.Join(got, "|") != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if trace[0] != "1>x" || trace[1] != "2>x1" || !strings.HasPrefix(trace[2], "2<") || !strings.HasPrefix(trace[3], "1<") {
			t.Errorf("trace %q", trace)
		}
	})
}

func TestMessageFunctionRefuses(t *testing.T) {
	for _, direction := range []string{"request", "response"} {
		t.Run(direction, func(t *testing.T) {
			bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
				refuse := func(context.Context, any) (any, error) { return nil, status.Error(codes.OutOfRange, "refused") }
				var outer error
				watch := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
					outer = next(ctx, c)
					return outer
				})
				r := begin(&service{}, watch, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
					if direction == "request" {
						c.OnRequest(refuse)
					} else {
						c.OnResponse(refuse)
					}
					return next(ctx, c)
				}))
				_, err := execute(withTimeout(t), r, kind, "x")
				r.server.GracefulStop()
				if st := status.Convert(err); st.Code() != codes.OutOfRange || st.Message() != "refused" || status.Code(outer) != codes.OutOfRange {
					t.Fatalf("got %v, the link outside %v", err, outer)
				}
			})
		})
	}
}

func TestSwallowedErrorNeedsResponse(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		r := begin(failing(errors.New("x")), framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			_ = next(ctx, c)
			return nil
		}))
		_, err := execute(withTimeout(t), r, kind, "x")
		if kind.StreamsResponses() {
			if err != nil { // the link's own decision: an empty stream
				t.Fatal(err)
			}
		} else if status.Code(err) != codes.Internal {
			t.Fatalf("got %v", err)
		}
	})
}

func TestNextAfterReturn(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var late func() error
		r := begin(&service{}, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			late = func() error { return next(ctx, c) }
			return next(ctx, c)
		}))
		if _, err := execute(withTimeout(t), r, kind, "x"); err != nil {
			t.Fatal(err)
		}
		r.server.GracefulStop()
		if err := late(); status.Code(err) != codes.Internal || !strings.Contains(err.Error(), `link "func"`) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestNextConcurrently(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		var second error
		r := begin(&service{}, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			inside, done := make(chan struct{}), make(chan struct{})
			go func() {
				defer close(done)
				<-inside
				second = next(ctx, c)
			}()
			c.OnRequest(func(_ context.Context, msg any) (any, error) {
				close(inside)
				<-done
				return msg, nil
			})
			return next(ctx, c)
		}))
		if _, err := execute(withTimeout(t), r, kind, "x"); err != nil {
			t.Fatal(err)
		}
		if status.Code(second) != codes.Internal || !strings.Contains(second.Error(), `link "func"`) {
			t.Fatalf("got %v", second)
		}
	})
}

func TestSetResponses(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		if !kind.StreamsResponses() {
			return
		}
		var outerSaw []string
		var outerErr error
		returned := false
		outer := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			c.OnResponse(func(_ context.Context, msg any) (any, error) {
				if returned {
					t.Error("message after next")
				}
				outerSaw = append(outerSaw, msg.(*dummypb.DummyResponse).Output)
				return msg, nil
			})
			outerErr = next(ctx, c)
			returned = true
			return outerErr
		})
		cache := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			c.OnResponse(func(context.Context, any) (any, error) { t.Error("own function saw it"); return nil, nil })
			c.SetResponses(func(yield func(any, error) bool) {
				for _, s := range []string{"p", "q"} {
					if !yield(&dummypb.DummyResponse{Output: s}, nil) {
						return
					}
				}
				yield(nil, status.Error(codes.DataLoss, "end"))
			})
			return nil
		})
		r := begin(&service{}, outer, cache)
		got, err := execute(withTimeout(t), r, kind, "x")
		r.server.GracefulStop()
		if status.Code(err) != codes.DataLoss || strings.Join(got, "") != "pq" || strings.Join(outerSaw, "") != "pq" || status.Code(outerErr) != codes.DataLoss {
			t.Fatalf("got %q, %v; outside %q, %v", got, err, outerSaw, outerErr)
		}
	})
}

func TestNilFunctions(t *testing.T) {
	for name, register := range map[string]func(*framework.Call){
		"request":  func(c *framework.Call) { c.OnRequest(nil) },
		"response": func(c *framework.Call) { c.OnResponse(nil) },
		"header":   func(c *framework.Call) { c.OnHeader(nil) },
		"trailer":  func(c *framework.Call) { c.OnTrailer(nil) },
	} {
		r := start(t, &service{}, parts(framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			register(c)
			return next(ctx, c)
		})), nil)
		if _, err := execute(withTimeout(t), r, framework.BidiStream, "x"); status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "nil function") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestUnaryMethodAsStream has a proxy's way to call a unary method: the links stand on it all the same.
func TestUnaryMethodAsStream(t *testing.T) {
	e := newEnds(1)
	r := start(t, &service{}, nil, parts(e))
	s, err := r.conn.NewStream(withTimeout(t), &grpc.StreamDesc{}, dummypb.DummyService_Execute_FullMethodName)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(s.SendMsg(request("x")), s.CloseSend()); err != nil {
		t.Fatal(err)
	}
	out := &dummypb.DummyResponse{}
	if err := s.RecvMsg(out); err != nil || out.Output != "x" || e.ended.Load() != 1 {
		t.Fatalf("got %v, %v; %d chains ended", out, err, e.ended.Load())
	}
}
