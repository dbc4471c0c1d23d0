package framework

import (
	"context"
	"slices"

	"google.golang.org/grpc"
)

// more is what a Call holds that most RPCs never need. It is made by the first who does. Everything in it that links
// register has an owner, the depth of the link, and is dropped when the owner is left.
type more struct {
	requests  []hook
	responses []hook
	headers   []metadataHook
	trailers  []metadataHook
	options   []ownedOption
	replaced  []replacedRequest
	sequence  *sequence
	redirects []redirect
	sink      sinkPointer
	notes     *notes
	clones    []*attempt // of the running links
	attempt   *attempt   // that this Call is, where it is a Clone

	last error // that a stream's next returned; what was left last is what is called again

	mistaker int32
	mistake  error
}

// A replacedRequest is put back when its owner is left.
type replacedRequest struct {
	owner   int32
	request any
}

// A redirect is a method to call in place of the caller's.
type redirect struct {
	owner  int32
	method string
}

type ownedOption struct {
	owner  int32
	option grpc.CallOption
}

// extra is the Call's more, made where there is none, for what links register: the call then looks there on its way.
func (c *Call) extra() *more {
	c.goSlowly()
	return c.aside()
}

// aside is the Call's more for what does not concern the call on its way. It is safe for concurrent use.
func (c *Call) aside() *more {
	if m := c.more.Load(); m != nil {
		return m
	}
	m := &more{notes: &notes{}}
	if !c.more.CompareAndSwap(nil, m) {
		return c.more.Load()
	}
	return m
}

// replaceRequest has what is at a depth, and inside of it, see another request.
func (c *Call) replaceRequest(depth int32, request any) {
	if request == c.request {
		return
	}
	m := c.extra()
	m.replaced = append(m.replaced, replacedRequest{depth, c.request})
	c.request = request
}

// pass has what the link outside registered see the request, when its next is called.
func (l *line) pass(ctx context.Context, c *Call, depth int32, again bool) error {
	m, owner := c.extra(), depth-1
	if m.mistake != nil && m.mistaker == owner {
		return m.mistake
	}
	if again {
		if err := l.forget(c, m, owner); err != nil {
			return err
		}
	}
	if l.info.Kind != Unary {
		return nil
	}
	request, err := l.passHooks(ctx, ownedBy(m.requests, owner), c.request)
	if err == nil {
		err = l.unlike(owner, "request", c.Side() == ClientSide, c.request, request)
	}
	if err == nil {
		c.replaceRequest(depth, request)
	}
	return err
}

// forget drops what a failed attempt left, before the next one, if there may be one.
func (l *line) forget(c *Call, m *more, owner int32) error {
	c.response = nil
	c.release() // the last run may have panicked
	if r, ok := c.driver.(requester); ok {
		if err := r.again(c, m, owner); err != nil {
			return err
		}
	}
	if s := m.sink.Load(); s != nil {
		s.forget(owner)
	}
	for _, h := range ownedBy(m.requests, owner) {
		if h.log != nil {
			h.log.rewind()
		}
	}
	return nil
}

// slow is the handler for a call that is not there for the first time, has more to do, or is out of turn.
func (n *node) slow(ctx context.Context, c *Call) error {
	again, ok := c.enterSlowly(n.depth)
	if !ok {
		return n.line.outOfTurn(c, int32(n.depth))
	}
	if err := n.line.pass(ctx, c, int32(n.depth), again); err != nil {
		c.leave(n.depth)
		c.extra().drop(c, int32(n.depth))
		return err
	}
	ctx, done := c.begin(ctx, int32(n.depth))
	defer done()
	err := n.interceptor.Intercept(ctx, c, n.next)
	return n.line.leave(ctx, c, n.depth, err)
}

// leave ends what stands at a depth, and has what the link outside registered see what comes back.
func (l *line) leave(ctx context.Context, c *Call, at position, err error) error {
	m, depth := c.more.Load(), int32(at)
	m.endClones(depth)
	if err == nil && m.mistake != nil && m.mistaker == depth {
		err = m.mistake
	}
	if err == nil {
		err = l.settle(ctx, c, m, depth)
	}
	c.leave(at)
	m.drop(c, depth)
	if err == nil && !l.info.Kind.StreamsResponses() {
		err = l.passResponse(ctx, c, m, depth-1)
	}
	if s := m.sink.Load(); s != nil {
		err = s.pass(c, depth-1, err)
	}
	if err != nil {
		c.response = nil
	}
	m.last = err
	return err
}

// settle plays the responses that a link set, or judges its nil.
func (l *line) settle(ctx context.Context, c *Call, m *more, depth int32) error {
	if s := m.sequence; s != nil && s.owner == depth {
		m.sequence = nil
		return c.driver.(responder).respond(ctx, c, s)
	}
	return l.judge(c, depth)
}

// passResponse passes the one response through a link's functions, inner ones first.
func (l *line) passResponse(ctx context.Context, c *Call, m *more, owner int32) error {
	response, err := l.passHooks(ctx, reversed(ownedBy(m.responses, owner)), c.response)
	if err == nil {
		err = l.unlike(owner, "response", true, c.response, response)
	}
	if err == nil {
		c.response = response
	}
	return err
}

// deliver sends on a server the metadata that was held to the end.
func (m *more) deliver() {
	if s := m.sink.Load(); s != nil {
		s.deliver()
	}
}

// drop forgets what the links at a depth and inside of it registered.
func (m *more) drop(c *Call, depth int32) {
	for n := len(m.replaced); n > 0 && m.replaced[n-1].owner >= depth; n-- {
		c.request = m.replaced[n-1].request
		m.replaced = m.replaced[:n-1]
	}
	m.requests = dropHooks(m.requests, depth)
	m.responses = dropHooks(m.responses, depth)
	m.headers = slices.DeleteFunc(m.headers, func(h metadataHook) bool { return h.owner >= depth })
	m.trailers = slices.DeleteFunc(m.trailers, func(h metadataHook) bool { return h.owner >= depth })
	m.options = slices.DeleteFunc(m.options, func(o ownedOption) bool { return o.owner >= depth })
	m.redirects = slices.DeleteFunc(m.redirects, func(r redirect) bool { return r.owner >= depth })
	if m.sequence != nil && m.sequence.owner >= depth {
		m.sequence = nil
	}
	if m.mistaker >= depth {
		m.mistake = nil
	}
}
