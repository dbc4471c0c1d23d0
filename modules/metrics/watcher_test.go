package metrics_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

// garbage is a codec that writes what no message is.
type garbage struct{}

func (garbage) Marshal(any) (mem.BufferSlice, error) {
	return mem.BufferSlice{mem.SliceBuffer("\xff\xff")}, nil
}
func (garbage) Unmarshal(mem.BufferSlice, any) error   { return nil }
func (garbage) Name() string                           { return "proto" }
func (shrugging) Do(w io.Writer, p []byte) (err error) { _, err = w.Write(p); return err }
func (shrugging) Type() string                         { return "shrug" }

// shrugging is a compressor that servers do not have: what grpc's encoding package has they have.
type shrugging struct{}

// An RPC that ends before its method's handler is called is counted once, with the code that the client gets, whether
// interceptors saw it or not.
func TestWithoutHandler(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		input string
		dial  grpc.DialOption
		code  codes.Code
	}{
		{"undecodable", "x", grpc.WithDefaultCallOptions(grpc.ForceCodecV2(garbage{})), codes.Internal},
		{"too large", strings.Repeat("x", 1000), grpc.EmptyDialOption{}, codes.ResourceExhausted},
		//lint:ignore SA1019 what is registered the way that is not deprecated is the server's as well
		{"encoding", "x", grpc.WithCompressor(shrugging{}), codes.Unimplemented},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				i := newMetrics(t, metrics.Options{})
				client := frameworktest.DummyClient(t, both(i,
					frameworktest.DialOptions(tt.dial), frameworktest.ServerOptions(grpc.MaxRecvMsgSize(500)))...)
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{tt.input})
				if status.Code(err) != tt.code {
					t.Errorf("the client got %v", err)
				}
				synctest.Wait()
				want := numbers{}
				for _, side := range sides {
					maps.Copy(want, ended(side, kind, tt.code, 1))
				}
				read(t, i.Registry()).without("msg").want(t, want)
			})
		})
	}
}

// What an interceptor has let pass can still fail: one response is sent when all have returned.
func TestResponseTooLarge(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		client := frameworktest.DummyClient(t, both(i, frameworktest.ServerOptions(grpc.MaxSendMsgSize(2)))...)
		_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		if status.Code(err) != codes.ResourceExhausted {
			t.Errorf("the client got %v", err)
		}
		synctest.Wait()
		got := read(t, i.Registry())
		want := numbers{}
		for _, side := range sides {
			maps.Copy(want, ended(side, kind, codes.ResourceExhausted, 1))
		}
		got.without("msg").want(t, want)
		if sent := got[fmt.Sprintf("server msg_sent %s %s", kind, methods[kind])]; sent != 0 && !kind.StreamsResponses() {
			t.Errorf("%v sent", sent)
		}
	})
}

// A unary RPC with another number of requests than one is not one.
func TestNumberOfRequests(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]numbers{
		0: ended(framework.ServerSide, framework.Unary, codes.Internal, 1),
		1: ended(framework.ServerSide, framework.Unary, codes.OK, 1).passed(framework.ServerSide, framework.Unary, 1, 1),
		2: ended(framework.ServerSide, framework.Unary, codes.Internal, 1),
	} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				i := newMetrics(t, metrics.Options{})
				conn := frameworktest.DummyConn(t, on(framework.ServerSide, framework.Use(i)))
				stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true}, "/"+service+"/Execute")
				if err != nil {
					t.Fatal(err)
				}
				for range n {
					if err := stream.SendMsg(&dummypb.DummyRequest{}); err != nil {
						t.Fatal(err)
					}
				}
				if err := stream.CloseSend(); err != nil {
					t.Fatal(err)
				}
				if err := stream.RecvMsg(&dummypb.DummyResponse{}); (err == nil) != (n == 1) {
					t.Error(err)
				}
				synctest.Wait()
				read(t, i.Registry()).want(t, want)
			})
		})
	}
}

// What a link leaves out is not counted, whatever becomes of it.
func TestExcept(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		client := frameworktest.DummyClient(t, raises(errmap.NotFound), on(framework.ServerSide, framework.Use(i, framework.Except("DummyService/*"))))
		for _, input := range []string{"x", "y"} {
			_, _ = frameworktest.Execute(t.Context(), client, kind, []string{input})
		}
		_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"y"}, grpc.ForceCodecV2(garbage{}))
		synctest.Wait()
		read(t, i.Registry()).want(t, numbers{})
	})
}

// One interceptor stands on two servers, and leaves out on one what it counts on the other.
func TestExceptOnOneServer(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		counted := frameworktest.DummyClient(t, raises(errmap.NotFound), on(framework.ServerSide, framework.Use(i)))
		leftOut := frameworktest.DummyClient(t, raises(errmap.NotFound), on(framework.ServerSide, framework.Use(i, framework.Except("DummyService/*"))))
		for _, client := range []dummypb.DummyServiceClient{counted, leftOut, leftOut} {
			_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		}
		synctest.Wait()
		read(t, i.Registry()).without("msg").want(t, ended(framework.ServerSide, kind, codes.NotFound, 1))
	})
}

// An RPC whose caller goes while it runs ends on both sides.
func TestCallerGoes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		ctx, cancel := context.WithCancel(t.Context())
		client := frameworktest.DummyClient(t, both(i, doing(func(ctx context.Context) error { cancel(); <-ctx.Done(); return nil }))...)
		if _, err := frameworktest.Execute(ctx, client, kind, []string{"x"}); status.Code(err) != codes.Canceled {
			t.Error(err)
		}
		synctest.Wait()
		want := numbers{}
		for _, side := range sides {
			maps.Copy(want, ended(side, kind, codes.Canceled, 1))
		}
		read(t, i.Registry()).without("msg").want(t, want)
	})
}
