package ratelimit_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/ratelimit"
)

// What a call that gets through allocates, beside one of a chain with a link that does nothing: nothing, but for what it
// takes to make a key.
func TestAllocations(t *testing.T) {
	options := ratelimit.Options{Limit: 1e12, Keys: map[string]func(context.Context, *framework.Call) (string, bool){
		"own": func(context.Context, *framework.Call) (string, bool) { return "ann", true },
	}}
	ctx := metadata.NewIncomingContext(t.Context(), metadata.Pairs("x-tenant-id", "acme"))
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 50051}})
	allocs := func(i grpc.UnaryServerInterceptor) float64 {
		return testing.AllocsPerRun(100, func() { benchOutcome, _ = i(ctx, benchRequest, benchInfo, answer) })
	}
	nothing := allocs(chainOf(t, framework.Use(framework.InterceptorFunc(through))))
	if got := allocs(chainOf(t, framework.Use(newLimit(t, options)))) - nothing; got != 0 {
		t.Errorf("all calls: %v allocations", got)
	}
	for by, want := range map[string]float64{"own": 0, "header:x-tenant-id": 1, "peer": 1} {
		chain := chainOf(t, framework.Use(newLimit(t, options)), framework.Rules("?*", ratelimit.By.Set(by)))
		if got := allocs(chain) - nothing; got != want {
			t.Errorf("%s: %v allocations, want %v", by, got, want)
		}
	}
}
