package framework_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// response is what a caller sees of an RPC's metadata: from call options, and from the stream where there is one.
type response struct {
	header, trailer             metadata.MD
	streamHeader, streamTrailer metadata.MD
	err                         error
}

func executeForMetadata(ctx context.Context, r *rig, kind framework.Kind) (got response) {
	o := []grpc.CallOption{grpc.Header(&got.header), grpc.Trailer(&got.trailer)}
	var stream grpc.ClientStream
	switch kind {
	case framework.Unary:
		_, got.err = r.Execute(ctx, request("x"), o...)
		got.streamHeader, got.streamTrailer = got.header, got.trailer
		return got
	case framework.ClientStream:
		s, err := r.ExecuteClientStream(ctx, o...)
		if err != nil {
			return response{err: err}
		}
		_, got.err = s.CloseAndRecv()
		stream = s
	case framework.ServerStream:
		s, err := r.ExecuteServerStream(ctx, request("x"), o...)
		if err != nil {
			return response{err: err}
		}
		got.streamHeader, _ = s.Header()
		_, got.err = drain(s)
		stream = s
	default:
		s, err := r.ExecuteClientServerStream(ctx, o...)
		if err != nil {
			return response{err: err}
		}
		_ = s.Send(request("x"))
		_ = s.CloseSend()
		got.streamHeader, _ = s.Header()
		_, got.err = drain(s)
		stream = s
	}
	if kind == framework.ClientStream {
		got.streamHeader, _ = stream.Header()
	}
	got.streamTrailer = stream.Trailer()
	return got
}

// withMetadata sets metadata through the context, in every handler, and then does what the service does.
func withMetadata(err error) *service {
	echo := &service{}
	set := func(ctx context.Context) error {
		if err := grpc.SetHeader(ctx, metadata.Pairs("k", "handler")); err != nil {
			return err
		}
		if err := grpc.SetTrailer(ctx, metadata.Pairs("t", "handler")); err != nil {
			return err
		}
		return err
	}
	return &service{
		unary: func(ctx context.Context, in *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
			if err := set(ctx); err != nil {
				return nil, err
			}
			return echo.Execute(ctx, in)
		},
		client: func(s clientStreamServer) error {
			if err := set(s.Context()); err != nil {
				return err
			}
			return echo.ExecuteClientStream(s)
		},
		server: func(in *dummypb.DummyRequest, s serverStreamServer) error {
			if err := set(s.Context()); err != nil {
				return err
			}
			return echo.ExecuteServerStream(in, s)
		},
		bidi: func(s bidiServer) error {
			if err := set(s.Context()); err != nil {
				return err
			}
			return echo.ExecuteClientServerStream(s)
		},
	}
}

// changing appends its name to what it sees of metadata.
func changing(name string) framework.Interceptor {
	change := func(key string) framework.MetadataFunc {
		return func(_ context.Context, md metadata.MD) (metadata.MD, error) {
			md.Set(key, strings.Join(append(md.Get(key), name), ","))
			return md, nil
		}
	}
	return framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
		c.OnHeader(change("k"))
		c.OnTrailer(change("t"))
		return next(ctx, c)
	})
}

func TestMetadataFunctions(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		got := executeForMetadata(withTimeout(t), begin(withMetadata(nil), changing("outer"), pass, changing("inner")), kind)
		if got.err != nil {
			t.Fatal(got.err)
		}
		for what, md := range map[string]metadata.MD{"header": got.header, "stream's header": got.streamHeader} {
			if fmt.Sprint(md["k"]) != "[handler,inner,outer]" {
				t.Errorf("%s %v", what, md["k"])
			}
		}
		for what, md := range map[string]metadata.MD{"trailer": got.trailer, "stream's trailer": got.streamTrailer} {
			if fmt.Sprint(md["t"]) != "[handler,inner,outer]" {
				t.Errorf("%s %v", what, md["t"])
			}
		}
	})
}

func TestMetadataWithoutFunctions(t *testing.T) {
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		got := executeForMetadata(withTimeout(t), begin(withMetadata(nil), pass), kind)
		if got.err != nil || fmt.Sprint(got.header["k"], got.trailer["t"], got.streamHeader["k"], got.streamTrailer["t"]) != "[handler] [handler] [handler] [handler]" {
			t.Fatalf("got %+v", got)
		}
	})
}

// TestMetadataOfAnError has headers that the handler set, and none that links would add to an answer that has none.
func TestMetadataOfAnError(t *testing.T) {
	fail := status.Error(codes.Aborted, "no")
	bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
		got := executeForMetadata(withTimeout(t), begin(failing(fail), changing("outer"), changing("inner")), kind)
		if status.Code(got.err) != codes.Aborted || len(got.header["k"]) != 0 || fmt.Sprint(got.trailer["t"]) != "[inner,outer]" {
			t.Errorf("without headers: %v, header %v, trailer %v", got.err, got.header["k"], got.trailer["t"])
		}
	})
}

func TestMetadataFunctionFails(t *testing.T) {
	for _, which := range []string{"header", "trailer"} {
		t.Run(which, func(t *testing.T) {
			bothSides(t, func(t *testing.T, kind framework.Kind, begin func(*service, ...framework.Interceptor) *rig) {
				fail := func(context.Context, metadata.MD) (metadata.MD, error) {
					return nil, status.Error(codes.DataLoss, "no")
				}
				got := executeForMetadata(withTimeout(t), begin(withMetadata(nil), pass, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
					if which == "header" {
						c.OnHeader(fail)
					} else {
						c.OnTrailer(fail)
					}
					return next(ctx, c)
				})), kind)
				if status.Code(got.err) != codes.DataLoss {
					t.Fatalf("got %v", got.err)
				}
			})
		})
	}
}

func TestSendHeaderPassesFunctions(t *testing.T) {
	s := &service{bidi: func(s bidiServer) error {
		if err := s.SendHeader(metadata.Pairs("k", "sent")); err != nil {
			return err
		}
		_, err := s.Recv()
		return err
	}}
	r := start(t, s, parts(changing("outer"), changing("inner")), nil)
	ctx, cancel := context.WithCancel(withTimeout(t))
	defer cancel()
	stream, err := r.ExecuteClientServerStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	header, err := stream.Header() // the handler has not returned
	if err != nil || fmt.Sprint(header["k"]) != "[sent,inner,outer]" {
		t.Fatalf("got %v, %v", header["k"], err)
	}
}

func TestCallOptions(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		var given, seen int
		add := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			given = len(c.CallOptions())
			c.AddCallOptions(grpc.MaxCallSendMsgSize(1))
			return next(ctx, c)
		})
		look := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			seen = len(c.CallOptions())
			return next(ctx, c)
		})
		r := start(t, &service{}, nil, parts(add, look))
		_, err := execute(withTimeout(t), r, kind, "more than a byte")
		if status.Code(err) != codes.ResourceExhausted || seen != given+1 {
			t.Fatalf("got %v; %d options, then %d", err, given, seen)
		}
	})
}

func TestSetMethod(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		r := start(t, &service{}, nil, parts(framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			m := c.Method()
			m.Name = "Nowhere"
			c.SetMethod(m)
			return next(ctx, c)
		})))
		if _, err := execute(withTimeout(t), r, kind, "x"); status.Code(err) != codes.Unimplemented {
			t.Fatalf("got %v", err)
		}
	})
}

func TestOnFinishIsToldOnce(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		told := 0
		r := start(t, failing(status.Error(codes.Unavailable, "down")), nil, parts(retrying(3, 5)))
		o := grpc.OnFinish(func(err error) {
			told++
			if status.Code(err) != codes.Unavailable {
				t.Error(err)
			}
		})
		conn := withOption{r.conn, o}
		if _, err := execute(withTimeout(t), dummypb.NewDummyServiceClient(conn), kind, "x"); status.Code(err) != codes.Unavailable {
			t.Fatal(err)
		}
		if told != 1 {
			t.Fatalf("told %d times", told)
		}
	})
}

// withOption calls with an option more.
type withOption struct {
	grpc.ClientConnInterface
	o grpc.CallOption
}

func (w withOption) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	return w.ClientConnInterface.Invoke(ctx, method, args, reply, append(opts, w.o)...)
}

func (w withOption) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return w.ClientConnInterface.NewStream(ctx, desc, method, append(opts, w.o)...)
}

func TestWrap(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		r := start(t, &service{}, nil, nil)
		e := newEnds(1)
		c, err := framework.NewClientChain(parts(e)...)
		if err != nil {
			t.Fatal(err)
		}
		for _, cc := range []grpc.ClientConnInterface{r.conn, withOption{r.conn, grpc.EmptyCallOption{}}} {
			got, err := execute(withTimeout(t), dummypb.NewDummyServiceClient(c.Wrap(cc)), kind, "x")
			if err != nil || strings.Join(got, "") != "x" {
				t.Fatalf("got %q, %v", got, err)
			}
			<-e.told
		}
	})
}

func TestWrapRefusesRawLinksWithoutAConnection(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		r := start(t, &service{}, nil, nil)
		c, err := framework.NewClientChain(use(), framework.UseClient(rawClientUnary, func(
			ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption,
		) (grpc.ClientStream, error) {
			return streamer(ctx, desc, cc, method, opts...)
		}, framework.Name("raw")))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := execute(withTimeout(t), dummypb.NewDummyServiceClient(c.Wrap(r.conn)), kind, "x"); err != nil {
			t.Fatal(err)
		}
		other := c.Wrap(withOption{r.conn, grpc.EmptyCallOption{}})
		if _, err := execute(withTimeout(t), dummypb.NewDummyServiceClient(other), kind, "x"); status.Code(err) != codes.Internal || !strings.Contains(err.Error(), `link "raw"`) {
			t.Fatalf("got %v", err)
		}
	})
}

func TestSetRequestAndResponse(t *testing.T) {
	for _, row := range []struct {
		name string
		do   func(c *framework.Call)
		want string // in the error; "" for none
	}{
		{"request", func(c *framework.Call) { c.SetRequest(request("set")) }, ""},
		{"nil request", func(c *framework.Call) { c.SetRequest(nil) }, "nil request"},
		{"request of another type", func(c *framework.Call) { c.SetRequest(&dummypb.DummyResponse{}) }, "request of type *dummypb.DummyResponse; the method takes *dummypb.DummyRequest"},
		{"nil response", func(c *framework.Call) { c.SetResponse((*dummypb.DummyResponse)(nil)) }, "nil response"},
		{"response of another type", func(c *framework.Call) { c.SetResponse(request("x")) }, "response of type *dummypb.DummyRequest; the method returns *dummypb.DummyResponse"},
		{"responses", func(c *framework.Call) { c.SetResponses(func(func(any, error) bool) {}) }, "use SetResponse"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			link := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				row.do(c)
				return next(ctx, c)
			})
			for side, r := range map[string]*rig{"server": start(t, &service{}, parts(link), nil), "client": start(t, &service{}, nil, parts(link))} {
				got, err := execute(withTimeout(t), r, framework.Unary, "x")
				if row.want == "" {
					if err != nil || got[0] != "set" {
						t.Errorf("%s: got %q, %v", side, got, err)
					}
				} else if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), row.want) || !strings.Contains(err.Error(), `link "func"`) {
					t.Errorf("%s: got %v", side, err)
				}
			}
		})
	}
}

func TestAnnotations(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		var kept *framework.Call
		var keptCtx context.Context
		got := make(chan string, 1)
		annotate := func(ctx context.Context) {
			c, ok := framework.CallFrom(ctx)
			if !ok {
				t.Error("the handler has no Call")
				return
			}
			c.Annotate(principal("alice"))
			c.Annotate(principal("bob"))
		}
		s := &service{
			unary: func(ctx context.Context, in *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
				annotate(ctx)
				return &dummypb.DummyResponse{}, nil
			},
			client: func(s clientStreamServer) error {
				annotate(s.Context())
				return s.SendAndClose(&dummypb.DummyResponse{})
			},
			server: func(_ *dummypb.DummyRequest, s serverStreamServer) error { annotate(s.Context()); return nil },
			bidi:   func(s bidiServer) error { annotate(s.Context()); return nil },
		}
		r := start(t, s, parts(framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			kept, keptCtx = c, context.WithoutCancel(ctx)
			err := next(ctx, c)
			v, _ := c.Annotation(framework.AnnotationPrincipal)
			got <- v.String()
			return err
		})), nil)
		if _, err := execute(withTimeout(t), r, kind, "x"); err != nil {
			t.Fatal(err)
		}
		if v := <-got; v != "bob" {
			t.Fatalf("got %q", v)
		}
		r.server.GracefulStop()
		if _, ok := framework.CallFrom(keptCtx); ok {
			t.Error("the context has a Call after the RPC")
		}
		kept.Annotate(principal("late"))
		if v, _ := kept.Annotation(framework.AnnotationPrincipal); v.String() != "bob" {
			t.Errorf("annotated after the end: %v", v)
		}
		if s := fmt.Sprint(keptCtx); strings.Contains(s, "alice") {
			t.Errorf("the context prints as %s", s)
		}
	})
}

// TestGuard has a panic that no link recovers from: the client gets a fixed text and the server lives.
func TestGuard(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		first := true
		r := start(t, &service{}, parts(framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			if first {
				first = false
				panic("secret")
			}
			return next(ctx, c)
		})), nil)
		_, err := execute(withTimeout(t), r, kind, "x")
		if st := status.Convert(err); st.Code() != codes.Internal || st.Message() != "internal error" {
			t.Fatalf("got %v", err)
		}
		if _, err := execute(withTimeout(t), r, kind, "x"); err != nil {
			t.Fatal(err)
		}
	})
}

// TestLateMethodIsChecked has a method that was never bound break a check at its first call.
func TestLateMethodIsChecked(t *testing.T) {
	calls := 0
	c, err := framework.NewServerChain(framework.Use(binder(func(framework.MethodInfo) (framework.Interceptor, error) {
		calls++
		return nil, errors.New("secret reason")
	})))
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		_, err := c.Unary()(context.Background(), request("x"), &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, benchHandler)
		if st := status.Convert(err); st.Code() != codes.Internal || strings.Contains(st.Message(), "secret") {
			t.Fatalf("got %v", err)
		}
	}
	if calls != 1 {
		t.Fatalf("bound %d times", calls)
	}
}

func TestBinder(t *testing.T) {
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		var infos []framework.MethodInfo
		bound := 0
		part := framework.Use(binder(func(m framework.MethodInfo) (framework.Interceptor, error) {
			infos = append(infos, m)
			if m.Kind != kind {
				return nil, nil
			}
			return framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				bound++
				return next(ctx, c)
			}), nil
		}), framework.Name("b"))
		r := start(t, &service{}, []framework.Part{framework.Target("public"), part}, nil)
		for _, k := range kinds {
			if _, err := execute(withTimeout(t), r, k, "x"); err != nil {
				t.Fatal(err)
			}
		}
		r.server.GracefulStop()
		if bound != 1 || len(infos) != 4 || infos[0].Target != "public" || infos[0].Descriptor == nil || infos[0].Method.Service != "DummyService" {
			t.Fatalf("bound %d, infos %+v", bound, infos)
		}
	})
}

// TestValue has a value of the chain's in the contexts of links and handlers, also where no link stands.
func TestValue(t *testing.T) {
	type key struct{}
	for _, links := range [][]framework.Part{nil, parts(pass)} {
		got := make(chan any, 2)
		look := framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			got <- ctx.Value(key{})
			return next(ctx, c)
		})
		r := start(t, &service{unary: func(ctx context.Context, _ *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
			got <- ctx.Value(key{})
			return &dummypb.DummyResponse{}, nil
		}}, append(links, framework.Value(key{}, "server")), append(parts(look), framework.Value(key{}, "client")))
		if _, err := execute(withTimeout(t), r, framework.Unary, "x"); err != nil {
			t.Fatal(err)
		}
		if client, server := <-got, <-got; client != "client" || server != "server" {
			t.Fatalf("got %v, %v", client, server)
		}
	}
}

// TestBindIsNotConcurrent has many first calls of one method at once.
func TestBindIsNotConcurrent(t *testing.T) {
	bound := 0 // the race detector watches it
	c, err := framework.NewServerChain(framework.Use(binder(func(framework.MethodInfo) (framework.Interceptor, error) {
		bound++
		return pass, nil
	})))
	if err != nil {
		t.Fatal(err)
	}
	unary := c.Unary()
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if _, err := unary(context.Background(), request("x"), &grpc.UnaryServerInfo{FullMethod: "/a.B/C"}, benchHandler); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if bound != 1 {
		t.Fatalf("bound %d times", bound)
	}
}
