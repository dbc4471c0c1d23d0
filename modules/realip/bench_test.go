package realip_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/realip"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/realip"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: dummypb.DummyService_Execute_FullMethodName}
	benchProxies      = []netip.Prefix{netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("10.0.0.0/24")}
	benchOutcome  any
)

func answer(context.Context, any) (any, error) { return benchResponse, nil }

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// BenchmarkUnary measures what an RPC pays for its address: of a caller, behind two proxies, and of one who writes much
// into the header, beside ggm's own interceptor and a chain with a link that does nothing.
func BenchmarkUnary(b *testing.B) {
	ours, err := realip.New(realip.Options{TrustedProxies: benchProxies})
	if err != nil {
		b.Fatal(err)
	}
	theirs := ggm.UnaryServerInterceptorOpts(ggm.WithTrustedPeers(benchProxies), ggm.WithTrustedProxies(benchProxies), ggm.WithHeaders([]string{ggm.XForwardedFor}))
	for _, caller := range []struct{ name, addr, header string }{
		{"direct", "203.0.113.7", ""},
		{"behind-two", "10.0.0.1", "203.0.113.7, 10.0.0.2"},
		{"16KiB", "10.0.0.1", strings.Repeat("10.0.0.9,", 16<<10/9) + " 203.0.113.7, 10.0.0.2"},
	} {
		for _, bb := range []struct {
			name string
			i    grpc.UnaryServerInterceptor
		}{
			{"sluice", chainOf(b, ours)},
			{"sluice-nothing", chainOf(b, framework.InterceptorFunc(through))},
			{"ggm", theirs},
		} {
			b.Run(caller.name+"/"+bb.name, func(b *testing.B) {
				ctx := from(b.Context(), tcp(caller.addr), "user-agent", "grpc-go", "x-forwarded-for", caller.header)
				b.ReportAllocs()
				for b.Loop() {
					var err error
					if benchOutcome, err = bb.i(ctx, benchRequest, benchInfo, answer); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
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
