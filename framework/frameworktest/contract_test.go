package frameworktest_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// Points of the contract of Interceptor that broken links brought to light.

// next again after a success: the responses of a stream had reached the caller.
func TestNextAgainAfterSuccess(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		again := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.KeepRequests(10)
			return errors.Join(next(ctx, call), next(ctx, call))
		}
		want := codes.OK
		if kind.StreamsResponses() {
			want = codes.Internal
		}
		wantCode(t, frameworktest.DummyClient(t, over, onServer(again)), kind, "foo", want)
		wantCode(t, frameworktest.DummyClient(t, over, onClient(again)), kind, "foo", want)
	})
}

// A next that is refused gives the last attempt's error: its type, for errors.As, as well as its status.
func TestRefusedNextKeepsTheError(t *testing.T) {
	each(t, []framework.Kind{framework.BidiStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		own := errors.New("an error of its own")
		fail := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			return errors.Join(next(ctx, call), own)
		}
		for name, side := range map[string]sides{"server": onServer, "client": onClient} {
			var seen error
			watch := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				seen = next(ctx, call)
				return seen
			}
			_, _ = frameworktest.Execute(t.Context(), frameworktest.DummyClient(t, over, side(watch, retry, fail)), kind, []string{"foo"})
			if !errors.Is(seen, own) {
				t.Errorf("%s: %v is not the error of the last attempt", name, seen)
			}
		}
	})
}

// A link that buffers runs again for a retrying link outside, and buffers again.
func TestBufferRequestsAgain(t *testing.T) {
	each(t, []framework.Kind{framework.ClientStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		buffer := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			msgs, err := call.BufferRequests(ctx, 10)
			if err != nil {
				return err
			}
			if len(msgs) != 2 {
				t.Errorf("buffered %q", msgs)
			}
			return next(ctx, call)
		}
		for _, side := range []sides{onServer, onClient} {
			client := frameworktest.DummyClient(t, over, side(retry, buffer), frameworktest.SpecialCases(cases{"b": flaky(1)}))
			wantOutputs(t, client, kind, []string{"a", "b"}, "ab")
		}
	})
}

// io.EOF as the error of a link is an error. To the caller of a stream the bare one would say success.
func TestEOFIsNoSuccess(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		raise := func(context.Context, *framework.Call, framework.Handler) error { return io.EOF }
		late := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			_ = next(ctx, call)
			return io.EOF
		}
		refuse := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.OnResponse(func(context.Context, any) (any, error) { return nil, io.EOF })
			return next(ctx, call)
		}
		for name, link := range map[string]framework.InterceptorFunc{"raise": raise, "late": late, "refuse": refuse} {
			for side, on := range map[string]sides{"server": onServer, "client": onClient} {
				if _, err := frameworktest.Execute(t.Context(), frameworktest.DummyClient(t, over, on(link)), kind, []string{"foo"}); err == nil {
					t.Errorf("%s on a %s: the caller has success", name, side)
				}
			}
		}
	})
}

// What a failed attempt set is not the caller's to see.
func TestRetryDropsMetadata(t *testing.T) { retryDropsMetadata(t, onClient) }

func TestServerRetryDropsMetadata(t *testing.T) { retryDropsMetadata(t, onServer) }

func retryDropsMetadata(t *testing.T, on sides) {
	t.Helper()
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		fail := flaky(1)
		client := frameworktest.DummyClient(t, over, on(retry), frameworktest.SpecialCases(cases{
			"error_once": func(ctx context.Context, input string) (string, error) {
				output, err := fail(ctx, input)
				md := metadata.Pairs("attempt", output)
				return output, errors.Join(err, grpc.SetHeader(ctx, md), grpc.SetTrailer(ctx, md))
			},
		}))
		var header, trailer metadata.MD
		_, err := frameworktest.Execute(t.Context(), client, kind, []string{"error_once"}, grpc.Header(&header), grpc.Trailer(&trailer))
		wantEqual(t, "error", err, nil)
		wantEqual(t, "header", header.Get("attempt"), []string{"error_once"})
		wantEqual(t, "trailer", trailer.Get("attempt"), []string{"error_once"})
	})
}

// The end of an abandoned stream is a status, not a bare context error.
func TestAbandonedIsStatus(t *testing.T) {
	each(t, []framework.Kind{framework.ServerStream, framework.BidiStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		left := make(chan error, 1)
		watch := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			err := next(ctx, call)
			left <- err
			return err
		}
		client := frameworktest.DummyClient(t, over, onClient(watch), frameworktest.SpecialCases(cases{
			"wait": func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		}))
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		if kind == framework.ServerStream {
			_, err = client.ExecuteServerStream(ctx, requests("wait")[0].(*request))
		} else {
			_, err = client.ExecuteClientServerStream(ctx)
		}
		cancel()
		ended := <-left
		if s, ok := status.FromError(ended); err != nil || !ok || s.Code() != codes.Canceled {
			t.Errorf("next returned %#v (opened: %v)", ended, err)
		}
	})
}

// A handler that asks for the end of the one request of a server stream, as a proxy's does, finds it in each attempt.
func TestServerStreamRequestEndsAgain(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, over frameworktest.Option) {
		var seen journal
		fail := flaky(1)
		handler := func(_ any, stream grpc.ServerStream) error {
			msg := &request{}
			for err := stream.RecvMsg(msg); err != io.EOF; err = stream.RecvMsg(msg) {
				if err != nil {
					return err
				}
				seen.note("%s", msg.GetInput())
			}
			_, err := fail(stream.Context(), "")
			return err
		}
		desc := &grpc.ServiceDesc{
			ServiceName: "sluice.testing.v1.DummyService",
			Streams:     []grpc.StreamDesc{{StreamName: "ExecuteServerStream", Handler: handler, ServerStreams: true}},
		}
		conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { s.RegisterService(desc, nil) }, over, onServer(retry))
		wantOutputs(t, dummypb.NewDummyServiceClient(conn), framework.ServerStream, []string{"foo"}, "")
		wantEqual(t, "requests", seen.read(), []string{"foo", "foo"})
	})
}
