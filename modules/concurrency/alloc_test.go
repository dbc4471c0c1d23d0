//go:build !race

package concurrency_test

import (
	"testing"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/concurrency"
)

// TestAllocations pins that a slot costs no allocation: an RPC has as many as with a link that does nothing. The race
// detector allocates itself.
func TestAllocations(t *testing.T) {
	count := func(part framework.Part) float64 {
		unary := newChain(t, part).Unary()
		return testing.AllocsPerRun(100, func() { benchOutcome, benchErr = unary(t.Context(), benchRequest, benchInfo, benchHandler) })
	}
	nothing := count(framework.Use(framework.InterceptorFunc(through)))
	if got := count(limiting(t, concurrency.Options{Limit: 1, Total: 1})); got != nothing || benchErr != nil {
		t.Errorf("%v allocations, with a link that does nothing %v; %v", got, nothing, benchErr)
	}
}
