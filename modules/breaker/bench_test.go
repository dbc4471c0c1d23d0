package breaker_test

import (
	"context"
	"testing"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/breaker"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchErr      error
	errBench      = status.Error(codes.DeadlineExceeded, "hangs")
)

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

func benchChain(b testing.TB, i framework.Interceptor) *framework.ClientChain {
	b.Helper()
	chain, err := framework.NewClientChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain
}

// raw is gobreaker around a call, as one writes it by hand.
func raw() grpc.UnaryClientInterceptor {
	circuit := gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		ReadyToTrip: func(n gobreaker.Counts) bool { return n.ConsecutiveFailures >= 5 },
	})
	return func(
		ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption,
	) error {
		done, err := circuit.Allow()
		if err != nil {
			return status.Error(codes.Unavailable, err.Error())
		}
		err = invoker(ctx, method, req, reply, cc, opts...)
		done(err)
		return err
	}
}

type benchLink struct {
	name string
	i    grpc.UnaryClientInterceptor
}

func benchLinks(b *testing.B) []benchLink {
	return []benchLink{
		{"nothing", benchChain(b, framework.InterceptorFunc(through)).Unary()},
		{"breaker", benchChain(b, newBreaker(b, breaker.Options{})).Unary()},
		{"breaker-ratio", benchChain(b, newBreaker(b, breaker.Options{Ratio: 0.5})).Unary()},
		{"gobreaker", raw()},
	}
}

func benchCall(b *testing.B, link benchLink, err error) error {
	return link.i(b.Context(), dummypb.DummyService_Execute_FullMethodName, benchRequest, benchResponse, nil,
		func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return err })
}

// BenchmarkClosed measures what a call pays that succeeds, beside gobreaker by hand and a link that does nothing. The difference
// to gobreaker is what it takes to tell a server's errors from others.
func BenchmarkClosed(b *testing.B) {
	for _, link := range benchLinks(b) {
		b.Run(link.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchErr = benchCall(b, link, nil)
			}
			if benchErr != nil {
				b.Error(benchErr)
			}
		})
	}
}

// BenchmarkOpen measures what a refusal costs: it has a reason and a time, which gobreaker's has not.
func BenchmarkOpen(b *testing.B) {
	for _, link := range benchLinks(b)[1:] {
		b.Run(link.name, func(b *testing.B) {
			for range 20 {
				benchErr = benchCall(b, link, errBench)
			}
			b.ReportAllocs()
			for b.Loop() {
				benchErr = benchCall(b, link, nil)
			}
			if status.Code(benchErr) != codes.Unavailable {
				b.Error(benchErr)
			}
		})
	}
}

// benchStream is a stream of grpc's that has ended.
type benchStream struct{ ctx context.Context }

func (s *benchStream) Header() (metadata.MD, error) { return nil, nil }
func (s *benchStream) Trailer() metadata.MD         { return nil }
func (s *benchStream) CloseSend() error             { return nil }
func (s *benchStream) Context() context.Context     { return s.ctx }
func (s *benchStream) SendMsg(any) error            { return nil }
func (s *benchStream) RecvMsg(any) error            { return errBench }

// BenchmarkStream measures what a stream pays.
func BenchmarkStream(b *testing.B) {
	desc := &grpc.StreamDesc{ServerStreams: true}
	streamer := func(ctx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, _ ...grpc.CallOption) (grpc.ClientStream, error) {
		return &benchStream{ctx}, nil
	}
	for _, link := range []struct {
		name string
		i    framework.Interceptor
	}{
		{"nothing", framework.InterceptorFunc(through)},
		{"breaker", newBreaker(b, breaker.Options{Failures: 1 << 30})},
	} {
		b.Run(link.name, func(b *testing.B) {
			chain := benchChain(b, link.i).Stream()
			b.ReportAllocs()
			for b.Loop() {
				stream, err := chain(b.Context(), desc, nil, dummypb.DummyService_ExecuteServerStream_FullMethodName, streamer)
				if err != nil {
					b.Fatal(err)
				}
				benchErr = stream.RecvMsg(benchResponse)
			}
		})
	}
}
