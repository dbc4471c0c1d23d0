package translate_test

import (
	"context"
	"errors"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/translate"
)

var (
	benchRequest    any = &dummypb.DummyRequest{Input: "request"}
	benchResponse   any = &dummypb.DummyResponse{Output: "response"}
	benchInfo           = &grpc.UnaryServerInfo{FullMethod: service + "Execute"}
	errBench            = errors.New("order not found")
	benchOutcome    any
	benchOutcomeErr error
)

func answers(context.Context, any) (any, error)   { return benchResponse, nil }
func complains(context.Context, any) (any, error) { return nil, errBench }

// byHand is what a server does without this module: a raw interceptor around the same mapper. ggm has none.
func byHand(m *errmap.Mapper) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		resp, err := handler(ctx, req)
		if err != nil {
			return nil, m.Error(ctx, info.FullMethod, err)
		}
		return resp, nil
	}
}

// BenchmarkUnary measures what an RPC pays that succeeds, and one that fails by a rule, beside the mapper in a raw
// interceptor.
func BenchmarkUnary(b *testing.B) {
	mapper := newMapper(b, errmap.Config{}, errmap.On(errBench, errmap.NotFound))
	chain, err := framework.NewServerChain(framework.Use(newTranslate(b, translate.Options{Mapper: mapper})))
	if err != nil {
		b.Fatal(err)
	}
	for _, bb := range []struct {
		name    string
		i       grpc.UnaryServerInterceptor
		handler grpc.UnaryHandler
	}{
		{"success/sluice", chain.Unary(), answers},
		{"success/hand", byHand(mapper), answers},
		{"failure/sluice", chain.Unary(), complains},
		{"failure/hand", byHand(mapper), complains},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchOutcome, benchOutcomeErr = bb.i(b.Context(), benchRequest, benchInfo, bb.handler)
			}
		})
	}
}
