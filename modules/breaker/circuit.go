package breaker

import (
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
)

// A circuit is a gobreaker with what it does not know: how long it stays open, and how many of the last RPCs failed.
type circuit struct {
	place    Place
	breaker  *gobreaker.TwoStepCircuitBreaker[struct{}]
	fails    *[codes.Unauthenticated + 1]bool
	failures uint32
	ratio    float64
	least    int
	openFor  time.Duration
	changes  changes
	refusals refusals

	window window // only gobreaker's own functions use it, under its lock

	halfOpen atomic.Bool
	until    atomic.Pointer[time.Time] // it is open
}

// What gobreaker is told that an RPC came to, beside nil for success.
var (
	errFailed  = errors.New("failed")
	errIgnored = errors.New("says nothing of the server")
)

func (i *Interceptor) newCircuit(p Place) *circuit {
	o := i.options
	c := &circuit{
		place: p, fails: &i.fails, failures: uint32(o.Failures), ratio: o.Ratio, least: o.MinRequests,
		openFor: o.OpenFor, changes: changes{place: p, f: o.OnChange}, refusals: newRefusals(p),
		window: newWindow(o.Window),
	}
	c.breaker = gobreaker.NewTwoStepCircuitBreaker[struct{}](gobreaker.Settings{
		MaxRequests:   uint32(o.HalfOpen),
		Timeout:       o.OpenFor,
		ReadyToTrip:   c.trips,
		OnStateChange: c.changed,
		IsSuccessful:  c.counted,
		IsExcluded:    func(err error) bool { return err == errIgnored },
	})
	return c
}

// counted is asked once for each RPC that counts.
func (c *circuit) counted(err error) bool {
	if c.ratio > 0 {
		c.window.add(time.Now(), err != nil)
	}
	return err == nil
}

func (c *circuit) trips(n gobreaker.Counts) bool {
	if c.failures > 0 && n.ConsecutiveFailures >= c.failures {
		return true
	}
	if c.ratio == 0 {
		return false
	}
	all, failed := c.window.sum(time.Now())
	return all >= c.least && float64(failed) >= c.ratio*float64(all)
}

// changed notes a change. Whoever is told of it may ask the circuit for its state, so that is done later, without the lock.
func (c *circuit) changed(_ string, from, to gobreaker.State) {
	c.window.clear()
	c.halfOpen.Store(to == gobreaker.StateHalfOpen)
	if to == gobreaker.StateOpen {
		until := time.Now().Add(c.openFor)
		c.until.Store(&until)
	}
	c.changes.add(from, to)
}

// Intercept sends an RPC if the circuit lets it. One whose context has ended tells nothing of the server.
func (c *circuit) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if ctx.Err() != nil {
		return next(ctx, call)
	}
	done, err := c.breaker.Allow()
	if err != nil {
		c.changes.tell()
		return c.refuse(call, err)
	}
	a := &attempt{circuit: c, done: done}
	outcome := errIgnored // of a panic, and of runtime.Goexit
	defer func() { a.end(outcome) }()
	c.changes.tell()
	a.watch(call)
	err = next(ctx, call)
	outcome = a.outcome(ctx, err)
	return err
}
