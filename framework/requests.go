package framework

import (
	"context"
	"io"
	"slices"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A requester is a driver of streamed requests.
type requester interface {
	// buffer fills a log with all requests, which waits for the caller's half-close.
	buffer(ctx context.Context, c *Call, log *requestLog) error
	// again prepares for the next attempt, or says why there is none.
	again(c *Call, m *more, owner int32) error
}

// BufferRequests waits until the caller half-closes and gives all request messages as they are at this link, so that a
// client stream can be answered without next, or sent again: next, called after it, sends them, each time anew.
// More than limit messages are RESOURCE_EXHAUSTED. The messages are not to be changed. Of a unary call it gives the one
// request. On a bidi stream, where ping-pong would wait for ever, it is INTERNAL; so it is on a server where the
// message's type is not linked into the binary.
func (c *Call) BufferRequests(ctx context.Context, limit int) ([]any, error) {
	switch c.Kind() {
	case Unary:
		return []any{c.request}, nil
	case BidiStream:
		return nil, c.line.errorf(int(c.link()), "buffers the requests of a bidi stream, which may wait for ever; use OnRequest or KeepRequests")
	}
	m, log := c.extra(), &requestLog{limit: limit, buffers: true}
	if err := c.driver.(requester).buffer(ctx, c, log); err != nil {
		return nil, err
	}
	m.requests = append(m.requests, hook{owner: c.link(), log: log})
	return slices.Clone(log.msgs), nil
}

// KeepRequests is for a link that may call next again. It keeps copies of the first request messages, as they are at
// this link, while they flow on: the kept ones are sent first. Past that many messages, or when a response message or
// header has reached the caller, another next returns the last attempt's status with the reason. The one request of
// a unary call or server stream is kept by reference anyhow; KeepRequests(1) copies that of a server stream.
//
// On a server it also holds back, like OnHeader, what is set as response metadata, so that what a failed attempt has
// set is dropped.
func (c *Call) KeepRequests(messages int) {
	if messages < 1 {
		c.misuse("keeps %d requests; keep at least one", messages)
		return
	}
	if c.Side() == ServerSide {
		c.watch().hold(true, true)
	}
	if c.Kind() != Unary {
		m := c.extra()
		m.requests = append(m.requests, hook{owner: c.link(), log: &requestLog{limit: messages}})
	}
}

// requestLog holds streamed requests in the place of their hooks where a link asked for it.
type requestLog struct {
	limit   int
	buffers bool // for BufferRequests: complete before next, and past the limit an error

	mu       sync.Mutex
	msgs     []any
	next     int  // of those to send again
	complete bool // the caller has half-closed
	over     bool // there were more than limit
}

// add keeps a copy of a message that flows on.
func (l *requestLog) add(msg any) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case len(l.msgs) < l.limit && !l.over:
		l.msgs = append(l.msgs, copyOf(msg))
		l.next = len(l.msgs)
	case l.buffers:
		return status.Errorf(codes.ResourceExhausted, "framework: more than %d request messages to buffer", l.limit)
	default:
		l.over, l.msgs, l.next = true, nil, 0
	}
	return nil
}

// take gives a copy of the next message to send again. It gives io.EOF when all requests are known to have been
// taken.
func (l *requestLog) take() (msg any, ok bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.next < len(l.msgs) {
		l.next++
		return copyOf(l.msgs[l.next-1]), true, nil
	}
	if l.complete {
		return nil, false, io.EOF
	}
	return nil, false, nil
}

// all are copies of all messages, to send again.
func (l *requestLog) all() []any {
	l.mu.Lock()
	defer l.mu.Unlock()
	msgs := make([]any, len(l.msgs))
	for i, msg := range l.msgs {
		msgs[i] = copyOf(msg)
	}
	return msgs
}

func (l *requestLog) isOver() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.over
}

func (l *requestLog) finish() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.complete, l.next = true, 0
}

func (l *requestLog) rewind() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.next = 0
}

// fork is the log for a Clone, which sends the messages on its own account.
func (l *requestLog) fork() *requestLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &requestLog{limit: l.limit, msgs: slices.Clip(l.msgs), complete: l.complete}
}

// A tried RPC knows whether another attempt may follow.
type tried struct {
	attempts  int
	committed bool
	single    []passed     // the one request of a server stream, on its way
	refuser   atomic.Int32 // the depth, plus one, of a link whose function refused a request; 0 for none
}

// refused notes that a function of a link has refused a request: no link inside of that one ever had it.
func (t *tried) refused(owner int32) { t.refuser.Store(owner + 1) }

// A passed request is one as it was when it had passed the functions of a link.
type passed struct {
	owner int32
	msg   any
}

// again has the next attempt begin with what the link that makes it let pass.
func (t *tried) again(c *Call, m *more, owner int32) error {
	if err := t.noMore(c, m, owner); err != nil {
		return err
	}
	t.refuser.Store(0)
	for n := len(t.single); n > 0 && t.single[n-1].owner > owner; n-- {
		t.single = t.single[:n-1]
	}
	return nil
}

// noMore says why there is no further attempt; nil where there may be one.
func (t *tried) noMore(c *Call, m *more, owner int32) error {
	if t.attempts == 0 {
		return nil
	}
	if t.committed {
		return m.refused(c, owner, "a response had reached the caller")
	}
	if by := t.refuser.Load(); by > 0 && by-1 < owner {
		return m.refused(c, owner, "a link outside refused a request")
	}
	if !c.Kind().StreamsRequests() {
		return nil
	}
	log := m.logOf(owner)
	switch {
	case log == nil:
		return c.line.errorf(int(owner), "called next again on a %s without BufferRequests or KeepRequests", c.Kind())
	case log.isOver():
		return m.refused(c, owner, "more requests were sent than are kept")
	}
	return nil
}

// refused is the last error that a link's next returned, with the reason why there is no other.
func (m *more) refused(c *Call, owner int32, reason string) error {
	if m.last == nil {
		return c.line.errorf(int(owner), "called next again although %s", reason)
	}
	st, _ := status.FromError(m.last)
	p := st.Proto()
	p.Message += " (not tried again since " + reason + ")"
	return &refusedError{last: m.last, status: status.FromProto(p)}
}

// A refusedError is an attempt's error that stands although the link would have tried again.
type refusedError struct {
	last   error
	status *status.Status
}

func (e *refusedError) Error() string { return e.status.Err().Error() }

func (e *refusedError) GRPCStatus() *status.Status { return e.status }

func (e *refusedError) Unwrap() error { return e.last }

// logOf is the log of a link; nil where it has none.
func (m *more) logOf(owner int32) *requestLog {
	for _, h := range ownedBy(m.requests, owner) {
		if h.log != nil {
			return h.log
		}
	}
	return nil
}
