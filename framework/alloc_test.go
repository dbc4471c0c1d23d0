//go:build !race

package framework_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// TestAllocations pins what an RPC costs, whatever the number of links: the Call, and nothing where no link stands.
// The race detector allocates itself.
func TestAllocations(t *testing.T) {
	for links, want := range map[int]float64{0: 0, 1: 1, 5: 1, 10: 1} {
		t.Run(fmt.Sprint("server unary, links ", links), func(t *testing.T) {
			unary := chainOf(t, links).Unary()
			got := testing.AllocsPerRun(100, func() { benchOutcome, _ = unary(context.Background(), benchRequest, benchInfo, benchHandler) })
			if got != want {
				t.Errorf("%v allocations, want %v", got, want)
			}
		})
		t.Run(fmt.Sprint("client unary, links ", links), func(t *testing.T) {
			chain, err := framework.NewClientChain(passThroughs(links)...)
			if err != nil {
				t.Fatal(err)
			}
			unary := chain.Unary()
			invoker := func(context.Context, string, any, any, *grpc.ClientConn, ...grpc.CallOption) error { return nil }
			got := testing.AllocsPerRun(100, func() {
				_ = unary(context.Background(), benchInfo.FullMethod, benchRequest, benchResponse, nil, invoker)
			})
			if got != want {
				t.Errorf("%v allocations, want %v", got, want)
			}
		})
	}
}

// TestSize pins what the one allocation holds on a server: at most 160 bytes.
func TestSize(t *testing.T) {
	unary := chainOf(t, 1).Unary()
	r := testing.Benchmark(func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			benchOutcome, _ = unary(context.Background(), benchRequest, benchInfo, benchHandler)
		}
	})
	if r.AllocedBytesPerOp() > 160 {
		t.Errorf("%d bytes", r.AllocedBytesPerOp())
	}
}
