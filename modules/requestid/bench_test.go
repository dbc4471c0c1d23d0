package requestid_test

import (
	"context"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/requestid"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: dummypb.DummyService_Execute_FullMethodName}
	benchOutcome  any
	benchID       string
	benchErr      error
)

func answer(context.Context, any) (any, error) { return benchResponse, nil }

func invoke(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error {
	return nil
}

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

type benchKey struct{}

// serveByHand is what one writes without this package: no log line outside has the id, and what is sent is believed.
func serveByHand(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	id := ""
	if sent := metadata.ValueFromIncomingContext(ctx, header); len(sent) > 0 {
		id = sent[0]
	} else {
		id = uuid.NewString()
	}
	_ = grpc.SetHeader(ctx, metadata.Pairs(header, id))
	return handler(context.WithValue(ctx, benchKey{}, id), req)
}

func callByHand(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, o ...grpc.CallOption,
) error {
	id, ok := ctx.Value(benchKey{}).(string)
	if !ok {
		id = uuid.NewString()
	}
	return invoker(metadata.AppendToOutgoingContext(ctx, header, id), method, req, reply, cc, o...)
}

// transport takes metadata as a server's does.
type transport struct{ header, trailer metadata.MD }

func (*transport) Method() string { return benchInfo.FullMethod }
func (s *transport) SetHeader(md metadata.MD) error {
	s.header = metadata.Join(s.header, md)
	return nil
}
func (*transport) SendHeader(metadata.MD) error { return nil }
func (s *transport) SetTrailer(md metadata.MD) error {
	s.trailer = metadata.Join(s.trailer, md)
	return nil
}

// BenchmarkServerUnary measures what an RPC pays for its id, one that was sent and a new one, beside an interceptor
// written by hand and a chain with a link that does nothing.
func BenchmarkServerUnary(b *testing.B) {
	for _, sent := range []struct {
		name string
		md   metadata.MD
	}{
		{"sent", metadata.Pairs("user-agent", "grpc-go", header, "0190b0a8-9f7c-7cc4-8000-5a3c1d2e4f60")},
		{"new", metadata.Pairs("user-agent", "grpc-go")},
	} {
		for _, bb := range []struct {
			name string
			i    grpc.UnaryServerInterceptor
		}{
			{"sluice", serverChain(b, newRequestID(b, requestid.Options{}))},
			{"sluice-nothing", serverChain(b, framework.InterceptorFunc(through))},
			{"by-hand", serveByHand},
		} {
			b.Run(sent.name+"/"+bb.name, func(b *testing.B) {
				ctx := metadata.NewIncomingContext(b.Context(), sent.md)
				b.ReportAllocs()
				for b.Loop() {
					benchOutcome, benchErr = bb.i(grpc.NewContextWithServerTransportStream(ctx, &transport{}), benchRequest, benchInfo, answer)
				}
			})
		}
	}
}

// BenchmarkClientUnary measures the same of a call: of a job that has an id, and of one that has none.
func BenchmarkClientUnary(b *testing.B) {
	for _, bb := range []struct {
		name string
		ctx  func(context.Context) context.Context
		i    grpc.UnaryClientInterceptor
	}{
		{"known/sluice", known, clientChain(b, newRequestID(b, requestid.Options{}))},
		{"known/sluice-nothing", known, clientChain(b, framework.InterceptorFunc(through))},
		{"known/by-hand", known, callByHand},
		{"new/sluice", unknown, clientChain(b, newRequestID(b, requestid.Options{}))},
		{"new/sluice-nothing", unknown, clientChain(b, framework.InterceptorFunc(through))},
		{"new/by-hand", unknown, callByHand},
	} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := bb.ctx(b.Context())
			b.ReportAllocs()
			for b.Loop() {
				benchErr = bb.i(ctx, benchInfo.FullMethod, benchRequest, benchResponse, nil, invoke)
			}
		})
	}
}

func unknown(ctx context.Context) context.Context { return ctx }

func known(ctx context.Context) context.Context {
	return requestid.NewContext(context.WithValue(ctx, benchKey{}, "job-7"), "job-7")
}

// BenchmarkID measures a new id: of version 7, which all goroutines make under one lock, and of random bits.
func BenchmarkID(b *testing.B) {
	for _, bb := range []struct {
		name string
		id   func() (uuid.UUID, error)
	}{{"v7", uuid.NewV7}, {"v4", uuid.NewRandom}} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				id, err := bb.id()
				benchID, benchErr = id.String(), err
			}
		})
		b.Run(bb.name+"-parallel", func(b *testing.B) {
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if id, err := bb.id(); err != nil || id.String() == "" {
						b.Error(err)
					}
				}
			})
		})
	}
}

func serverChain(b *testing.B, i framework.Interceptor) grpc.UnaryServerInterceptor {
	b.Helper()
	chain, err := framework.NewServerChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}

func clientChain(b *testing.B, i framework.Interceptor) grpc.UnaryClientInterceptor {
	b.Helper()
	chain, err := framework.NewClientChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}
