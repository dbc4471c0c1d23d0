package concurrency_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/concurrency"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/sluice.testing.v1.DummyService/Execute"}
	benchOutcome  any
	benchErr      error
)

func benchHandler(context.Context, any) (any, error) { return benchResponse, nil }

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// byHand is what one writes without a library, by a channel as a semaphore.
func byHand(limit int) grpc.UnaryServerInterceptor {
	slots := make(chan struct{}, limit)
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		select {
		case slots <- struct{}{}:
			defer func() { <-slots }()
			return handler(ctx, req)
		default:
			return nil, status.Error(codes.ResourceExhausted, "too many RPCs")
		}
	}
}

type benchLink struct {
	name string
	i    grpc.UnaryServerInterceptor
}

// benchLinks are the link with a limit, and with two, and one made by hand.
func benchLinks(b *testing.B, limit int) []benchLink {
	return []benchLink{
		{"sluice", newChain(b, limiting(b, concurrency.Options{Limit: limit})).Unary()},
		{"sluice-total", newChain(b, limiting(b, concurrency.Options{Limit: limit, Total: limit})).Unary()},
		{"by-hand", byHand(limit)},
	}
}

// nothing is a chain with a link that does nothing: what the chain itself costs.
func nothing(b *testing.B) benchLink {
	return benchLink{"sluice-nothing", newChain(b, framework.Use(framework.InterceptorFunc(through))).Unary()}
}

// BenchmarkServed measures what an RPC pays that has a slot, alone.
func BenchmarkServed(b *testing.B) {
	for _, bb := range append(benchLinks(b, 1<<20), nothing(b)) {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchOutcome, benchErr = bb.i(b.Context(), benchRequest, benchInfo, benchHandler)
			}
		})
	}
}

// BenchmarkServedAtOnce measures the same where all processors want one.
func BenchmarkServedAtOnce(b *testing.B) {
	for _, bb := range append(benchLinks(b, 1<<20), nothing(b)) {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					_, _ = bb.i(b.Context(), benchRequest, benchInfo, benchHandler)
				}
			})
		})
	}
}

// BenchmarkRefused measures what a refusal costs: what is refused in a flood is not to cost what it was refused for.
func BenchmarkRefused(b *testing.B) {
	for _, bb := range benchLinks(b, 1) {
		b.Run(bb.name, func(b *testing.B) {
			_, err := bb.i(b.Context(), benchRequest, benchInfo, func(ctx context.Context, req any) (any, error) {
				b.ReportAllocs()
				for b.Loop() {
					benchOutcome, benchErr = bb.i(ctx, req, benchInfo, benchHandler)
				}
				return benchResponse, nil
			})
			if err != nil || status.Code(benchErr) != codes.ResourceExhausted {
				b.Error(err, benchErr)
			}
		})
	}
}
