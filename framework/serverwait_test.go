package framework_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// narrowing gives next a context that ends when told to.
func narrowing(end <-chan struct{}) framework.Interceptor {
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-end:
				cancel()
			case <-ctx.Done():
			}
		}()
		return next(ctx, call)
	})
}

// receiver is what handlers of both kinds of streamed requests receive with.
type receiver interface {
	Recv() (*dummypb.DummyRequest, error)
}

// TestWaitForRequestEndsWithContext has handlers wait for a request that never comes, with a context that ends.
func TestWaitForRequestEndsWithContext(t *testing.T) {
	t.Parallel()
	for _, watched := range []bool{false, true} {
		end, ended, again := make(chan struct{}), make(chan error, 1), make(chan error, 1)
		wait := func(stream receiver) error {
			if _, err := stream.Recv(); err != nil {
				return err
			}
			close(end)
			_, err := stream.Recv()
			ended <- err
			_, second := stream.Recv()
			again <- second
			return err
		}
		for _, kind := range []framework.Kind{framework.ClientStream, framework.BidiStream} {
			end, ended, again = make(chan struct{}), make(chan error, 1), make(chan error, 1)
			links := parts(narrowing(end))
			if watched {
				links = parts(narrowing(end), framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					call.OnRequest(func(_ context.Context, msg any) (any, error) { return msg, nil })
					return next(ctx, call)
				}))
			}
			r := start(t, &service{
				client: func(s clientStreamServer) error { return wait(s) },
				bidi:   func(s bidiServer) error { return wait(s) },
			}, links, nil)
			stream, err := r.conn.NewStream(withTimeout(t), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, methodOf(kind))
			if err != nil {
				t.Fatal(err)
			}
			if err := stream.SendMsg(request("one")); err != nil {
				t.Fatal(err)
			}
			if err := stream.RecvMsg(&dummypb.DummyResponse{}); status.Code(err) != codes.Canceled {
				t.Errorf("%s: the client got %v", kind, err)
			}
			if err := <-ended; status.Code(err) != codes.Canceled {
				t.Errorf("%s: the handler got %v", kind, err)
			}
			if err := <-again; err == nil {
				t.Errorf("%s: the handler that tried again got %v", kind, err)
			}
		}
	}
}

func methodOf(kind framework.Kind) string {
	if kind == framework.ClientStream {
		return dummypb.DummyService_ExecuteClientStream_FullMethodName
	}
	return dummypb.DummyService_ExecuteClientServerStream_FullMethodName
}

// TestWaitToSendEndsWithContext has a handler send to a client that takes nothing.
func TestWaitToSendEndsWithContext(t *testing.T) {
	t.Parallel()
	end, ended := make(chan struct{}), make(chan [2]error, 1)
	large := strings.Repeat("x", 1<<16)
	r := start(t, &service{server: func(_ *dummypb.DummyRequest, s serverStreamServer) error {
		var err error
		for n := 0; err == nil; n++ {
			if n == 1 {
				close(end)
			}
			err = s.Send(&dummypb.DummyResponse{Output: large})
		}
		ended <- [2]error{err, s.Send(&dummypb.DummyResponse{})}
		return err
	}}, parts(narrowing(end)), nil)
	stream, err := r.ExecuteServerStream(withTimeout(t), request(""))
	if err != nil {
		t.Fatal(err)
	}
	for i, err := range <-ended {
		if status.Code(err) != codes.Canceled {
			t.Errorf("send %d: got %v", i, err)
		}
	}
	for err == nil {
		_, err = stream.Recv()
	}
	if status.Code(err) != codes.Canceled {
		t.Errorf("the client got %v", err)
	}
}

// panickingStream panics where a request is received.
type panickingStream struct{ grpc.ServerStream }

func (panickingStream) RecvMsg(any) error { panic("ouch") }

// TestPanicWhileWaiting is raised where it was waited, for links outside to see.
func TestPanicWhileWaiting(t *testing.T) {
	t.Parallel()
	seen := make(chan any, 1)
	recovering := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) (err error) {
		defer func() {
			seen <- recover()
			err = status.Error(codes.DataLoss, "")
		}()
		return next(ctx, call)
	})
	raw := func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		return handler(srv, panickingStream{ss})
	}
	links := []framework.Part{
		framework.Use(recovering), framework.UseServer(nil, raw, framework.On("DummyService/ExecuteClientServerStream")),
		framework.Use(narrowing(nil)),
	}
	_, err := execute(withTimeout(t), start(t, &service{}, links, nil), framework.BidiStream, "x")
	if status.Code(err) != codes.DataLoss || <-seen != "ouch" {
		t.Errorf("got %v", err)
	}
}
