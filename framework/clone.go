package framework

import (
	"context"
	"slices"
	"sync"
)

// An attempt is a Clone's run of what is inside of the link that made it.
type attempt struct {
	owner  int32
	origin *Call
	clone  *Call
	cancel context.CancelFunc

	mu      sync.Mutex
	running sync.WaitGroup
	over    bool // no run begins any more
}

// Clone is an attempt of its own, with a response, functions and metadata of its own, so that next may run side by
// side with others, to hedge for instance: next(ctx, call.Clone()). It works for unary RPCs, and for client streams
// after BufferRequests. Clone itself is called on the link's own goroutine, next from any.
//
// When the link's Intercept returns, the attempts that still run are cancelled, and have ended before the links outside
// go on. Of a client's caller the metadata and peer options are written by the adopted attempt only.
func (c *Call) Clone() *Call {
	clone, err := c.driver.(cloner).clone(c)
	if err != nil {
		clone = c.refusing(err)
	}
	m := c.extra()
	a := &attempt{owner: c.link(), origin: c, clone: clone, cancel: func() {}}
	m.clones = append(m.clones, a)
	clone.parent, clone.line, clone.request = c.context(), c.line, c.request
	clone.at = position(c.at.entered()) | slowly
	own := &more{
		requests: fork(ownedBy(m.requests, a.owner)), responses: fork(ownedBy(m.responses, a.owner)),
		headers: ownedMetadata(m.headers, a.owner), trailers: ownedMetadata(m.trailers, a.owner),
		options: slices.Clone(m.options), redirects: slices.Clone(m.redirects), notes: m.notes, attempt: a,
	}
	own.sink.Store(&sink{call: clone})
	clone.more.Store(own)
	return clone
}

// Adopt takes over a Clone's response, headers and trailers, when its next has returned nil, or its error was chosen
// to be returned. What is no Clone of this Call, or still runs, makes the RPC INTERNAL.
func (c *Call) Adopt(winner *Call) {
	m := winner.more.Load()
	if m == nil || m.attempt == nil || m.attempt.origin != c {
		c.misuse("adopted what is no Clone of its Call")
		return
	}
	if winner.at >= 0 || winner.at.entered() != m.attempt.owner+1 {
		c.misuse("adopted a Clone whose next had not returned")
		return
	}
	c.response = winner.response
	c.watch().adopt(c.link(), m.sink.Load())
}

// adopt takes over what an attempt brought.
func (s *sink) adopt(owner int32, from *sink) {
	s.forget(owner)
	_ = s.SetHeader(from.header.all()) // fails only where headers were sent already
	_ = s.SetTrailer(from.trailer.all())
	s.peer = from.peer
}

// begin gives a Clone a context of its own, that finds it and can be cancelled, when its next is called.
func (c *Call) begin(ctx context.Context, depth int32) (context.Context, func()) {
	a := c.more.Load().attempt
	if a == nil || a.owner != depth-1 {
		return ctx, func() {}
	}
	return a.begin(ctx)
}

func (a *attempt) begin(ctx context.Context) (context.Context, func()) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx, cancel := context.WithCancel(ctx)
	a.clone.parent, a.cancel = ctx, cancel
	if a.over {
		cancel()
	}
	a.running.Add(1)
	return a.clone.context(), func() {
		cancel()
		a.running.Done()
	}
}

func (a *attempt) end() {
	a.mu.Lock()
	a.over = true
	a.cancel()
	a.mu.Unlock()
	a.running.Wait()
	a.clone.end()
}

// endClones ends the attempts of a link, which has returned.
func (m *more) endClones(depth int32) {
	for n := len(m.clones); n > 0 && m.clones[n-1].owner >= depth; n-- {
		m.clones[n-1].end()
		m.clones = m.clones[:n-1]
	}
}

// refusing is a Clone whose next gives an error.
func (c *Call) refusing(err error) *Call {
	r := &refusal{err: err}
	r.driver = r
	return &r.Call
}

// refusal is the driver of a Call that can't be made.
type refusal struct {
	Call
	err error
}

func (r *refusal) invoke(context.Context, *Call) error { return r.err }
