package recovery_test

import (
	"context"
	"testing"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/recovery"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/sluice.testing.v1.DummyService/Execute"}
	benchOutcome  any
)

func benchHandler(context.Context, any) (any, error) { return benchResponse, nil }

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// BenchmarkUnary measures what an RPC without a panic pays, beside ggm's own interceptor and a chain with a link that
// does nothing.
func BenchmarkUnary(b *testing.B) {
	interceptor, err := recovery.New(recovery.Options{})
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name string
		i    grpc.UnaryServerInterceptor
	}{
		{"sluice", chainOf(b, interceptor)},
		{"sluice-nothing", chainOf(b, framework.InterceptorFunc(through))},
		{"ggm", ggm.UnaryServerInterceptor()},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchOutcome, _ = bb.i(b.Context(), benchRequest, benchInfo, benchHandler)
			}
		})
	}
}

func chainOf(b *testing.B, i framework.Interceptor) grpc.UnaryServerInterceptor {
	b.Helper()
	chain, err := framework.NewServerChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}
