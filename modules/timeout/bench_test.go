package timeout_test

import (
	"context"
	"testing"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/timeout"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/timeout"
)

const benchMethod = "/sluice.testing.v1.DummyService/Execute"

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: benchMethod}
	benchOutcome  any
	benchErr      error
)

func benchHandler(context.Context, any) (any, error) { return benchResponse, nil }

func benchInvoker(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
	return nil
}

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// benchContexts are what a link has to tell apart: a deadline costs a timer, none that has to be set costs none.
var benchContexts = []struct {
	name string
	of   func(ctx context.Context) (context.Context, context.CancelFunc)
}{
	{"no-deadline", context.WithCancel},
	{"sooner-deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, time.Minute)
	}},
}

// BenchmarkClientUnary measures what a call pays, beside ggm's own interceptor and a chain with a link that does nothing.
func BenchmarkClientUnary(b *testing.B) {
	for _, caller := range benchContexts {
		for _, bb := range []struct {
			name string
			i    grpc.UnaryClientInterceptor
		}{
			{"sluice", clientChain(b, newTimeout(b, timeout.Options{Default: time.Hour}))},
			{"sluice-nothing", clientChain(b, framework.InterceptorFunc(through))},
			{"ggm", ggm.UnaryClientInterceptor(time.Hour)},
		} {
			b.Run(caller.name+"/"+bb.name, func(b *testing.B) {
				ctx, cancel := caller.of(b.Context())
				defer cancel()
				b.ReportAllocs()
				for b.Loop() {
					benchErr = bb.i(ctx, benchMethod, benchRequest, benchResponse, nil, benchInvoker)
				}
			})
		}
	}
}

// BenchmarkServerUnary measures what an RPC pays on a server, for which ggm has none, beside a context with a timeout made
// by hand.
func BenchmarkServerUnary(b *testing.B) {
	byHand := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		return handler(ctx, req)
	}
	for _, caller := range benchContexts {
		for _, bb := range []struct {
			name string
			i    grpc.UnaryServerInterceptor
		}{
			{"sluice", serverChain(b, newTimeout(b, timeout.Options{Default: time.Hour}))},
			{"sluice-nothing", serverChain(b, framework.InterceptorFunc(through))},
			{"by-hand", byHand},
		} {
			b.Run(caller.name+"/"+bb.name, func(b *testing.B) {
				ctx, cancel := caller.of(b.Context())
				defer cancel()
				b.ReportAllocs()
				for b.Loop() {
					benchOutcome, benchErr = bb.i(ctx, benchRequest, benchInfo, benchHandler)
				}
			})
		}
	}
}

func clientChain(b *testing.B, i framework.Interceptor) grpc.UnaryClientInterceptor {
	b.Helper()
	chain, err := framework.NewClientChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}

func serverChain(b *testing.B, i framework.Interceptor) grpc.UnaryServerInterceptor {
	b.Helper()
	chain, err := framework.NewServerChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}
