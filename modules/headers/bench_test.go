package headers_test

import (
	"context"
	"slices"
	"strconv"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/headers"
)

// Origin is a struct as services have them.
type Origin struct {
	_       struct{}      `grpc:"headers"`
	Tenant  string        `grpc:"x-tenant-id,required"`
	Shard   int           `grpc:"x-shard"`
	Plan    string        `grpc:"x-plan,oneof=gold silver"`
	Budget  time.Duration `grpc:"x-budget,default=1s"`
	Trace   []byte        `grpc:"x-trace-bin"`
	Roles   []string      `grpc:"x-role"`
	Missing string        `grpc:"x-missing"`
}

var (
	benchRequest  any = &dummypb.DummyRequest{Input: "request"}
	benchResponse any = &dummypb.DummyResponse{Output: "response"}
	benchInfo         = &grpc.UnaryServerInfo{FullMethod: "/sluice.testing.v1.DummyService/Execute"}
	benchIncoming     = metadata.Pairs(
		":authority", "localhost", "content-type", "application/grpc", "user-agent", "grpc-go/1.85.0",
		"grpc-accept-encoding", "gzip", "x-request-id", "1", "traceparent", "2",
		"x-tenant-id", "acme", "x-shard", "7", "x-plan", "gold", "x-trace-bin", "\x00\x01", "x-role", "reader", "x-role", "writer")
	benchOrigin  = Origin{Tenant: "acme", Shard: 7, Plan: "gold", Trace: []byte{0, 1}, Roles: []string{"reader", "writer"}}
	benchOutcome any
	benchTenant  string
)

type originKey struct{}

// byHand is what one writes without this package, and with the same care for what comes in.
func byHand(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	md, _ := metadata.FromIncomingContext(ctx)
	origin := &Origin{Budget: time.Second}
	tenant := md.Get("x-tenant-id")
	if len(tenant) != 1 || !printable7(tenant[0]) {
		return nil, status.Error(codes.InvalidArgument, "x-tenant-id")
	}
	origin.Tenant = tenant[0]
	if shard := md.Get("x-shard"); len(shard) == 1 {
		n, err := strconv.Atoi(shard[0])
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, "x-shard")
		}
		origin.Shard = n
	}
	if plan := md.Get("x-plan"); len(plan) == 1 {
		if origin.Plan = plan[0]; !slices.Contains([]string{"gold", "silver"}, origin.Plan) {
			return nil, status.Error(codes.InvalidArgument, "x-plan")
		}
	}
	if budget := md.Get("x-budget"); len(budget) == 1 {
		d, err := time.ParseDuration(budget[0])
		if err != nil {
			return nil, status.Error(codes.InvalidArgument, "x-budget")
		}
		origin.Budget = d
	}
	if trace := md.Get("x-trace-bin"); len(trace) == 1 {
		origin.Trace = []byte(trace[0])
	}
	for _, role := range md.Get("x-role") {
		if !printable7(role) {
			return nil, status.Error(codes.InvalidArgument, "x-role")
		}
		origin.Roles = append(origin.Roles, role)
	}
	if missing := md.Get("x-missing"); len(missing) == 1 {
		origin.Missing = missing[0]
	}
	return handler(context.WithValue(ctx, originKey{}, origin), req)
}

func printable7(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// BenchmarkServer measures what a server's RPC pays for a struct of seven fields, to the handler that reads it, beside the
// same by hand, and a chain with a link that does nothing.
func BenchmarkServer(b *testing.B) {
	for _, bb := range []struct {
		name    string
		i       grpc.UnaryServerInterceptor
		handler grpc.UnaryHandler
	}{
		{"sluice", serverOf(b, newHeaders(b, headers.Of[Origin]())), func(ctx context.Context, _ any) (any, error) {
			benchTenant = headers.From[Origin](ctx).Tenant
			return benchResponse, nil
		}},
		{"sluice-nothing", serverOf(b, framework.InterceptorFunc(through)), func(context.Context, any) (any, error) {
			return benchResponse, nil
		}},
		{"by-hand", byHand, func(ctx context.Context, _ any) (any, error) {
			benchTenant = ctx.Value(originKey{}).(*Origin).Tenant
			return benchResponse, nil
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			ctx := metadata.NewIncomingContext(b.Context(), benchIncoming)
			b.ReportAllocs()
			for b.Loop() {
				benchOutcome, _ = bb.i(ctx, benchRequest, benchInfo, bb.handler)
			}
		})
	}
}

// BenchmarkRefused measures what a request costs that is refused, which anybody can send.
func BenchmarkRefused(b *testing.B) {
	i := serverOf(b, newHeaders(b, headers.Of[Origin]()))
	ctx := metadata.NewIncomingContext(b.Context(), metadata.Pairs("x-shard", "x", "x-plan", "tin"))
	b.ReportAllocs()
	for b.Loop() {
		benchOutcome, _ = i(ctx, benchRequest, benchInfo, nil)
	}
}

// BenchmarkClient measures what a client's RPC pays to send the struct, beside AppendToOutgoingContext by hand.
func BenchmarkClient(b *testing.B) {
	invoker := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
	bind, nothing := clientOf(b, newHeaders(b, headers.Of[Origin]())), clientOf(b, framework.InterceptorFunc(through))
	for _, bb := range []struct {
		name string
		i    grpc.UnaryClientInterceptor
		send func(ctx context.Context) context.Context
	}{
		{"sluice", bind, func(ctx context.Context) context.Context { return headers.Send(ctx, benchOrigin) }},
		{"sluice-nothing", nothing, func(ctx context.Context) context.Context { return ctx }},
		{"by-hand", nothing, func(ctx context.Context) context.Context {
			return metadata.AppendToOutgoingContext(ctx, "x-tenant-id", benchOrigin.Tenant, "x-shard", strconv.Itoa(benchOrigin.Shard),
				"x-plan", benchOrigin.Plan, "x-trace-bin", string(benchOrigin.Trace),
				"x-role", benchOrigin.Roles[0], "x-role", benchOrigin.Roles[1])
		}},
	} {
		b.Run(bb.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				_ = bb.i(bb.send(b.Context()), benchInfo.FullMethod, benchRequest, benchResponse, nil, invoker)
			}
		})
	}
}

func serverOf(b *testing.B, i framework.Interceptor) grpc.UnaryServerInterceptor {
	b.Helper()
	chain, err := framework.NewServerChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}

func clientOf(b *testing.B, i framework.Interceptor) grpc.UnaryClientInterceptor {
	b.Helper()
	chain, err := framework.NewClientChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}
