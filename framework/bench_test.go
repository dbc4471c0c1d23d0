package framework_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/framework"
)

var (
	benchRequest  any = wrapperspb.String("request")
	benchResponse any = wrapperspb.String("response")
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/bench.Service/Method"}
	benchOutcome  any
)

func benchHandler(context.Context, any) (any, error) { return benchResponse, nil }

// passThrough does what any interceptor does at least: it looks at the error.
func passThrough(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if err := next(ctx, call); err != nil {
		return err
	}
	return nil
}

func handPassThrough(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	resp, err := next(ctx, req)
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// handChain chains as grpc-go's own chainUnaryInterceptors does: a closure for each link and call.
func handChain(links []grpc.UnaryServerInterceptor) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		return links[0](ctx, req, info, handAt(links, 0, info, handler))
	}
}

func handAt(links []grpc.UnaryServerInterceptor, at int, info *grpc.UnaryServerInfo, last grpc.UnaryHandler) grpc.UnaryHandler {
	if at == len(links)-1 {
		return last
	}
	return func(ctx context.Context, req any) (any, error) {
		return links[at+1](ctx, req, info, handAt(links, at+1, info, last))
	}
}

func passThroughs(n int) []framework.Part {
	parts := make([]framework.Part, n)
	for i := range parts {
		parts[i] = framework.Use(framework.InterceptorFunc(passThrough))
	}
	return parts
}

func chainOf(tb testing.TB, n int) *framework.ServerChain {
	tb.Helper()
	c, err := framework.NewServerChain(passThroughs(n)...)
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func handOf(n int) grpc.UnaryServerInterceptor {
	if n == 0 {
		return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
			return handler(ctx, req)
		}
	}
	links := make([]grpc.UnaryServerInterceptor, n)
	for i := range links {
		links[i] = handPassThrough
	}
	return handChain(links)
}

// BenchmarkServerUnary measures the chain alone, beside the same links as hand-written grpc interceptors chained the way
// grpc-go chains them.
func BenchmarkServerUnary(b *testing.B) {
	for _, n := range []int{0, 1, 5, 10} {
		for _, v := range []struct {
			name string
			i    grpc.UnaryServerInterceptor
		}{{"sluice", chainOf(b, n).Unary()}, {"hand", handOf(n)}} {
			b.Run(v.name+"/links="+string(rune('0'+n/10))+string(rune('0'+n%10)), func(b *testing.B) {
				ctx, cancel := context.WithCancel(context.Background())
				defer cancel()
				b.ReportAllocs()
				for b.Loop() {
					benchOutcome, _ = v.i(ctx, benchRequest, benchInfo, benchHandler)
				}
			})
		}
	}
}
