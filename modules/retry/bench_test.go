package retry_test

import (
	"context"
	"io"
	"testing"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchErr      error
	errBench      = status.Error(codes.Unavailable, "down")
)

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

func atOnce(context.Context, uint) time.Duration { return 0 }

// benchChain is a chain with the link and rules for a method; without rules, with a link that does nothing.
func benchChain(b testing.TB, kind framework.Kind, s ...framework.Setting) *framework.ClientChain {
	b.Helper()
	parts := []framework.Part{framework.Use(framework.InterceptorFunc(through))}
	if len(s) > 0 {
		link := newRetry(b, retry.Options{Backoff: atOnce, Budget: retry.Budget{Ratio: 1}})
		parts = []framework.Part{framework.Use(link), framework.Rules(methods[kind], append(s, retry.Idempotent.Set(true))...)}
	}
	chain, err := framework.NewClientChain(parts...)
	if err != nil {
		b.Fatal(err)
	}
	return chain
}

// BenchmarkUnary measures what a call pays that succeeds, at once or at the second attempt, beside ggm's own interceptor and
// a chain with a link that does nothing. A hedge whose first attempt fails is left out: by the budget not all can be.
func BenchmarkUnary(b *testing.B) {
	retries := benchChain(b, framework.Unary, retry.Attempts.Set(2)).Unary()
	raw := ggm.UnaryClientInterceptor(ggm.WithMax(2), ggm.WithBackoff(atOnce))
	for _, bb := range []struct {
		name     string
		failures int
		i        grpc.UnaryClientInterceptor
	}{
		{"success/nothing", 0, benchChain(b, framework.Unary).Unary()},
		{"success/retry", 0, retries},
		{"success/ggm", 0, raw},
		{"success/hedge", 0, benchChain(b, framework.Unary, retry.Hedge.Set(retry.Hedging{Attempts: 2, After: time.Hour})).Unary()},
		{"second-attempt/retry", 1, retries},
		{"second-attempt/ggm", 1, raw},
	} {
		b.Run(bb.name, func(b *testing.B) {
			left := 0
			invoker := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
				if left--; left >= 0 {
					return errBench
				}
				return nil
			}
			b.ReportAllocs()
			for b.Loop() {
				left = bb.failures
				benchErr = bb.i(b.Context(), dummypb.DummyService_Execute_FullMethodName, benchRequest, benchResponse, nil, invoker)
				if benchErr != nil {
					b.Fatal(benchErr)
				}
			}
		})
	}
}

// benchStream is a stream of grpc's with one response.
type benchStream struct {
	ctx  context.Context
	left int
}

func (s *benchStream) Header() (metadata.MD, error) { return nil, nil }
func (s *benchStream) Trailer() metadata.MD         { return nil }
func (s *benchStream) CloseSend() error             { return nil }
func (s *benchStream) Context() context.Context     { return s.ctx }
func (s *benchStream) SendMsg(any) error            { return nil }
func (s *benchStream) RecvMsg(any) error {
	if s.left--; s.left < 0 {
		return io.EOF
	}
	return nil
}

// BenchmarkServerStream measures what a stream of a hundred messages pays that succeeds.
func BenchmarkServerStream(b *testing.B) {
	desc := &grpc.StreamDesc{ServerStreams: true}
	streamer := func(ctx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
		return &benchStream{ctx, 100}, nil
	}
	for _, link := range []struct {
		name string
		i    grpc.StreamClientInterceptor
	}{
		{"nothing", benchChain(b, framework.ServerStream).Stream()},
		{"retry", benchChain(b, framework.ServerStream, retry.Attempts.Set(2)).Stream()},
		{"ggm", ggm.StreamClientInterceptor(ggm.WithMax(2), ggm.WithBackoff(atOnce))},
	} {
		b.Run(link.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				stream, err := link.i(b.Context(), desc, nil, dummypb.DummyService_ExecuteServerStream_FullMethodName, streamer)
				if err != nil {
					b.Fatal(err)
				}
				if benchErr = stream.SendMsg(benchRequest); benchErr == nil {
					benchErr = stream.CloseSend()
				}
				for benchErr == nil {
					benchErr = stream.RecvMsg(benchResponse)
				}
				if benchErr != io.EOF {
					b.Fatal(benchErr)
				}
			}
		})
	}
}

// BenchmarkWire measures a whole unary RPC in memory, to set beside what the link adds.
func BenchmarkWire(b *testing.B) {
	for _, bb := range []struct {
		name string
		link frameworktest.Option
	}{
		{"none", frameworktest.ClientParts()},
		{"retry", ruled(b, retry.Options{}, retried, retry.Attempts.Set(2))},
		{"hedge", hedging(b, retry.Options{}, retry.Hedging{Attempts: 2, After: time.Hour})},
		{"ggm", rawRetry()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			client := frameworktest.DummyClient(b, bb.link)
			b.ReportAllocs()
			for b.Loop() {
				if _, benchErr = client.Execute(b.Context(), &dummypb.DummyRequest{Input: "request"}); benchErr != nil {
					b.Fatal(benchErr)
				}
			}
		})
	}
}
