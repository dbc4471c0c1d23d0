package concurrency

import (
	"context"
	"sync/atomic"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// slots are what the RPCs of one method need to run: one of the method's, and one of the server's.
type slots struct{ method, total counter }

// Intercept runs the RPC in a slot.
func (s *slots) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if !s.method.take() {
		return s.method.full
	}
	defer s.method.give()
	if !s.total.take() {
		return s.total.full
	}
	defer s.total.give()
	return next(ctx, call)
}

// A counter counts slots that are taken. The zero counter has no limit and counts nothing.
type counter struct {
	taken *atomic.Int64
	limit int64
	full  error
}

func newCounter(taken *atomic.Int64, limit int, text string) counter {
	return counter{taken, int64(limit), errmap.ResourceExhausted.Newf(text, limit)}
}

// take does not add first and look then: for a moment a refused RPC would hold a slot that another could have had.
func (c *counter) take() bool {
	for c.limit > 0 {
		n := c.taken.Load()
		if n >= c.limit {
			return false
		}
		if c.taken.CompareAndSwap(n, n+1) {
			return true
		}
	}
	return true
}

func (c *counter) give() {
	if c.limit > 0 {
		c.taken.Add(-1)
	}
}
