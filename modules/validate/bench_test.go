package validate_test

import (
	"context"
	"strings"
	"testing"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/validate"
)

var (
	benchOutcome any
	benchErr     error
)

func through(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

func serverChain(b *testing.B, i framework.Interceptor) grpc.UnaryServerInterceptor {
	b.Helper()
	chain, err := framework.NewServerChain(framework.Use(i))
	if err != nil {
		b.Fatal(err)
	}
	return chain.Unary()
}

// BenchmarkUnary measures what an RPC pays for its rules, of a method with and without, beside ggm's own interceptor and a
// chain with a link that does nothing; and what it costs that a request is wrong, in a few places and in many.
func BenchmarkUnary(b *testing.B) {
	ours := serverChain(b, interceptor(b, framework.ServerSide, validate.Options{}))
	theirs := ggm.UnaryServerInterceptor(newValidator(b))
	for _, request := range []struct {
		name, method string
		message      proto.Message
	}{
		{"valid", "Place", message(b, "Order", goodOrder)},
		{"valid-large", "Place", message(b, "Order", goodOrder+strings.Repeat(` lines { sku: "ABC" count: 1 }`, 100))},
		{"no-rules", "Ping", message(b, "Plain", `text: "x"`)},
		{"invalid", "Place", message(b, "Order", badOrder)},
		{"invalid-10000", "Place", coupons(b, 10000)},
	} {
		info := &grpc.UnaryServerInfo{FullMethod: "/acme.orders.v1.Orders/" + request.method}
		var response any = message(b, "Receipt", goodReceipt)
		if request.method == "Ping" {
			response = message(b, "Plain", "")
		}
		handler := func(context.Context, any) (any, error) { return response, nil }
		for _, bb := range []struct {
			name string
			i    grpc.UnaryServerInterceptor
		}{{"sluice", ours}, {"sluice-nothing", serverChain(b, framework.InterceptorFunc(through))}, {"ggm", theirs}} {
			b.Run(request.name+"/"+bb.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					benchOutcome, benchErr = bb.i(b.Context(), request.message, info, handler)
				}
			})
		}
	}
}

// BenchmarkBind measures what startup pays for the methods of a service, whose rules are compiled once, and then are.
func BenchmarkBind(b *testing.B) {
	s := &shop{}
	server := grpc.NewServer()
	server.RegisterService(s.description(), s)
	services := server.GetServiceInfo()
	for _, bb := range []struct {
		name  string
		fresh bool
	}{{"first", true}, {"again", false}} {
		b.Run(bb.name, func(b *testing.B) {
			o := validate.Options{Responses: true}
			b.ReportAllocs()
			for b.Loop() {
				if bb.fresh {
					o.Validator = newValidator(b)
				}
				chain, err := framework.NewServerChain(framework.Use(interceptor(b, framework.ServerSide, o)))
				if err != nil {
					b.Fatal(err)
				}
				if err := chain.Bind(services); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
