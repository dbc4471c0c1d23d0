package breaker

import (
	"sync"
	"sync/atomic"

	"github.com/sony/gobreaker/v2"
)

// changes are those of a circuit that nobody was told of yet. gobreaker tells of them under its lock, where a question
// to the circuit would wait for ever.
type changes struct {
	place Place
	f     func(place Place, from, to gobreaker.State)

	waiting atomic.Int64
	turn    sync.Mutex // to tell

	mu  sync.Mutex
	all []change
}

type change struct{ from, to gobreaker.State }

func (c *changes) add(from, to gobreaker.State) {
	if c.f == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.all = append(c.all, change{from, to})
	c.waiting.Add(1)
}

// tell tells what waits, in order. Where another does that already it goes on to do so.
func (c *changes) tell() {
	for c.waiting.Load() > 0 && c.turn.TryLock() {
		c.next()
	}
}

func (c *changes) next() {
	defer c.turn.Unlock() // f may panic
	if told, ok := c.take(); ok {
		c.f(c.place, told.from, told.to)
	}
}

func (c *changes) take() (change, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) == 0 {
		return change{}, false
	}
	first := c.all[0]
	c.all = c.all[1:]
	c.waiting.Add(-1)
	return first, true
}
