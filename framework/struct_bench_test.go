//go:build !race

package framework_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// tenLinks are the same ten links, from a struct and from options.
func tenLinks() map[string][]framework.Part {
	fields := make([]field, 10)
	options := make([]framework.Part, 10)
	for i := range fields {
		name := fmt.Sprint("l", i)
		fields[i] = tagged(fmt.Sprint("L", i), name, framework.InterceptorFunc(passThrough))
		options[i] = framework.Use(framework.InterceptorFunc(passThrough), framework.Name(name))
	}
	return map[string][]framework.Part{"struct": {server(fields...)}, "options": options}
}

func unaryOf(tb testing.TB, parts []framework.Part) grpc.UnaryServerInterceptor {
	tb.Helper()
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		tb.Fatal(err)
	}
	return chain.Unary()
}

// TestStructAllocations pins that where links were declared costs an RPC nothing: one allocation, the Call.
func TestStructAllocations(t *testing.T) {
	for name, parts := range tenLinks() {
		unary := unaryOf(t, parts)
		got := testing.AllocsPerRun(100, func() { benchOutcome, _ = unary(context.Background(), benchRequest, benchInfo, benchHandler) })
		if got != 1 {
			t.Errorf("%s: %v allocations, want 1", name, got)
		}
	}
}

// BenchmarkStruct measures ten links that fields hold, beside the same ones from options.
func BenchmarkStruct(b *testing.B) {
	for name, parts := range tenLinks() {
		unary := unaryOf(b, parts)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				benchOutcome, _ = unary(context.Background(), benchRequest, benchInfo, benchHandler)
			}
		})
	}
}
