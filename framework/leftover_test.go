package framework_test

import (
	"context"
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

// TestFailedAttemptLeavesNothing has a link inside set something, and fail, in the first attempt only.
func TestFailedAttemptLeavesNothing(t *testing.T) {
	for name, set := range map[string]func(*framework.Call){
		"responses": func(c *framework.Call) {
			c.SetResponses(func(yield func(any, error) bool) { yield(&dummypb.DummyResponse{Output: "stale"}, nil) })
		},
		"method":  func(c *framework.Call) { c.SetMethod(framework.Method{Package: "no", Service: "Such", Name: "Method"}) },
		"mistake": func(c *framework.Call) { c.OnRequest(nil) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first := true
			r := start(t, &service{}, nil, parts(retrying(2, 3), framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
				if first {
					first = false
					set(c)
					return status.Error(codes.Unavailable, "once")
				}
				return next(ctx, c)
			})))
			got, err := execute(withTimeout(t), r, framework.ServerStream, "ab")
			if err != nil || strings.Join(got, "") != "ab" {
				t.Fatalf("got %q, %v", got, err)
			}
		})
	}
}

// TestBufferRequestsAfterARefusal has a refused request end one wait for the half-close, and not the next one.
func TestBufferRequestsAfterARefusal(t *testing.T) {
	var second error
	r := start(t, &service{}, nil, parts(framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
		if _, err := c.BufferRequests(ctx, 1); status.Code(err) != codes.ResourceExhausted {
			return fmt.Errorf("first: %w", err)
		}
		_, second = c.BufferRequests(ctx, 5)
		return next(ctx, c)
	})))
	stream, err := r.ExecuteClientStream(withTimeout(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, in := range []string{"a", "b", "c"} { // b is one too many, and is told so; c is the second wait's
		_ = stream.Send(request(in))
	}
	out, err := stream.CloseAndRecv()
	if err != nil || second != nil || out.Output != "c" {
		t.Fatalf("got %v, %v; second wait %v", out, err, second)
	}
}

// TestHeaderBesideRecv asks for headers, which functions change, while a message is received.
func TestHeaderBesideRecv(t *testing.T) {
	r := start(t, withMetadata(nil), nil, parts(changing("outer"), changing("inner")))
	for range 200 {
		stream, err := r.ExecuteServerStream(withTimeout(t), request("abc"))
		if err != nil {
			t.Fatal(err)
		}
		var header metadata.MD
		var wg sync.WaitGroup
		wg.Go(func() { header, _ = stream.Header() })
		if _, err := drain(stream); err != nil {
			t.Fatal(err)
		}
		wg.Wait()
		if fmt.Sprint(header["k"]) != "[handler,inner,outer]" {
			t.Fatalf("got %v", header["k"])
		}
	}
}

func TestPanicInAHeaderFunctionEndsTheChain(t *testing.T) {
	e := newEnds(1)
	r := start(t, withMetadata(nil), nil, parts(e, framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
		c.OnHeader(func(context.Context, metadata.MD) (metadata.MD, error) { panic("boom") })
		return next(ctx, c)
	})))
	stream, err := r.ExecuteServerStream(withTimeout(t), request("abc"))
	if err != nil {
		t.Fatal(err)
	}
	func() {
		defer func() {
			if p := recover(); !strings.Contains(fmt.Sprint(p), "boom") {
				t.Errorf("recovered %v", p)
			}
		}()
		_, _ = stream.Header()
	}()
	if err := <-e.told; status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
}

// TestPanicWhileRequestsAreBuffered has it reach the links of a server, and not the process.
func TestPanicWhileRequestsAreBuffered(t *testing.T) {
	recovered := make(chan any, 1)
	r := start(t, &service{}, parts(
		framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) (err error) {
			defer func() {
				recovered <- recover()
				err = status.Error(codes.Internal, "recovered")
			}()
			c.OnRequest(func(context.Context, any) (any, error) { panic("boom") })
			return next(ctx, c)
		}),
		framework.InterceptorFunc(func(ctx context.Context, c *framework.Call, next framework.Handler) error {
			if _, err := c.BufferRequests(ctx, 3); err != nil {
				return err
			}
			return next(ctx, c)
		})), nil)
	if _, err := execute(withTimeout(t), r, framework.ClientStream, "x"); status.Code(err) != codes.Internal {
		t.Fatal(err)
	}
	if p := <-recovered; p != "boom" {
		t.Fatalf("recovered %v", p)
	}
}

// TestRawInterceptorReadsMetadata has one that asks grpc for headers of its own, between links that watch them.
func TestRawInterceptorReadsMetadata(t *testing.T) {
	var own metadata.MD
	raw := framework.UseClient(func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		return invoker(ctx, method, req, reply, cc, append(opts, grpc.Header(&own))...)
	}, nil, framework.UnaryOnly())
	r := start(t, withMetadata(nil), nil, []framework.Part{framework.Use(changing("outer")), raw, framework.Use(changing("inner"))})
	var header metadata.MD
	if _, err := r.Execute(withTimeout(t), request("x"), grpc.Header(&header)); err != nil {
		t.Fatal(err)
	}
	if fmt.Sprint(own["k"], header["k"]) != "[handler,inner] [handler,inner,outer]" {
		t.Fatalf("the raw interceptor has %v, the caller %v", own["k"], header["k"])
	}
}
