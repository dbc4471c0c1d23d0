package ratelimit_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"strconv"
	"testing"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	"golang.org/x/time/rate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/ratelimit"
)

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/sluice.testing.v1.DummyService/Execute"}
	benchOutcome  any
)

func answer(context.Context, any) (any, error) { return benchResponse, nil }

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// principal annotates who calls, which is most of what a key by it costs.
func principal(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.Annotate(slog.String(framework.AnnotationPrincipal, "ann"))
	return next(ctx, call)
}

// ggmLimiter is what one writes for ggm's interceptor, which has no limiter of its own.
type ggmLimiter struct{ *rate.Limiter }

var errTooMany = errors.New("too many")

func (l ggmLimiter) Limit(context.Context) error {
	if l.Allow() {
		return nil
	}
	return errTooMany
}

// BenchmarkUnary measures what a call pays for its token, beside ggm's own interceptor with x/time/rate and a chain with a
// link that does nothing.
func BenchmarkUnary(b *testing.B) {
	fast := ratelimit.Rate.Set(1e12)
	by := func(key string) []framework.Setting { return []framework.Setting{fast, ratelimit.By.Set(key)} }
	options := ratelimit.Options{Keys: map[string]func(context.Context, *framework.Call) (string, bool){
		"own": func(context.Context, *framework.Call) (string, bool) { return "ann", true },
	}}
	link := func(s []framework.Setting, o ...framework.LinkOption) []framework.Part {
		return []framework.Part{framework.Use(newLimit(b, options), o...), framework.Rules("?*", s...)}
	}
	annotates := framework.Use(framework.InterceptorFunc(principal), framework.At(framework.StageAuthenticate))
	for _, bb := range []struct {
		name string
		i    grpc.UnaryServerInterceptor
	}{
		{"nothing", chainOf(b, framework.Use(framework.InterceptorFunc(through)))},
		{"all", chainOf(b, link([]framework.Setting{fast})...)},
		{"ggm", ggm.UnaryServerInterceptor(ggmLimiter{rate.NewLimiter(1e12, 1e9)})},
		{"own-key", chainOf(b, link(by("own"))...)},
		{"header", chainOf(b, link(by("header:x-tenant-id"))...)},
		{"peer", chainOf(b, link(by("peer"))...)},
		{"principal", chainOf(b, append(link(by("principal"), framework.At(framework.StageAuthorize)), annotates)...)},
		{"principal-nothing", chainOf(b, annotates, framework.Use(framework.InterceptorFunc(through)))},
	} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := metadata.NewIncomingContext(b.Context(), metadata.Pairs("x-tenant-id", "acme", "user-agent", "grpc-go"))
			ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 50051}})
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

// BenchmarkRefused measures what a call pays that gets none, beside ggm's.
func BenchmarkRefused(b *testing.B) {
	seldom := ratelimit.Rate.Set(rate.Every(1000 * time.Hour))
	for _, bb := range []struct {
		name string
		i    grpc.UnaryServerInterceptor
	}{
		{"all", chainOf(b, framework.Use(newLimit(b, ratelimit.Options{})), framework.Rules("?*", seldom))},
		{"ggm", ggm.UnaryServerInterceptor(ggmLimiter{rate.NewLimiter(rate.Every(1000*time.Hour), 1)})},
	} {
		b.Run(bb.name, func(b *testing.B) {
			_, _ = bb.i(b.Context(), benchRequest, benchInfo, answer)
			b.ReportAllocs()
			for b.Loop() {
				var err error
				if benchOutcome, err = bb.i(b.Context(), benchRequest, benchInfo, answer); err == nil {
					b.Fatal("it got through")
				}
			}
		})
	}
}

// BenchmarkKeys measures a call of a key that comes for the first time, with room for it, in place of one that is full, and
// in place of none: it takes as long however many there are.
func BenchmarkKeys(b *testing.B) {
	for _, bb := range []struct {
		name  string
		rules []framework.Setting
	}{
		{"in-place-of-a-full-one", []framework.Setting{ratelimit.Rate.Set(1e9)}},
		{"in-place-of-none", []framework.Setting{ratelimit.Rate.Set(rate.Every(1000 * time.Hour)), ratelimit.Burst.Set(1e6)}},
	} {
		for _, most := range []int{100, 10000, 1000000} {
			b.Run(bb.name+"/"+strconv.Itoa(most), func(b *testing.B) {
				var n int
				options := ratelimit.Options{MaxKeys: most, Logger: slog.New(slog.DiscardHandler), Keys: map[string]func(context.Context, *framework.Call) (string, bool){
					"new": func(context.Context, *framework.Call) (string, bool) { n++; return strconv.Itoa(n), true },
				}}
				limit := bound(b, options, append(bb.rules, ratelimit.By.Set("new"))...)
				for range most {
					if err := limit(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportAllocs()
				for b.Loop() {
					if err := limit(b.Context()); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}

func chainOf(t testing.TB, parts ...framework.Part) grpc.UnaryServerInterceptor {
	t.Helper()
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return chain.Unary()
}
