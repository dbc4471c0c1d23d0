//go:build !race

package metrics_test

import (
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/metrics"
)

// TestAllocations pins that counting costs no allocation: an RPC has as many as with a link that does nothing. The race
// detector allocates itself.
func TestAllocations(t *testing.T) {
	count := func(i framework.Interceptor, handler grpc.UnaryHandler) float64 {
		unary := chainOf(t, i)
		return testing.AllocsPerRun(100, func() { benchOutcome, benchErr = unary(t.Context(), benchRequest, benchInfo, handler) })
	}
	for name, handler := range map[string]grpc.UnaryHandler{"success": answers, "failure": complains} {
		nothing := count(framework.InterceptorFunc(through), handler)
		if got := count(newMetrics(t, metrics.Options{}), handler); got != nothing {
			t.Errorf("%s: %v allocations, with a link that does nothing %v", name, got, nothing)
		}
	}
}
