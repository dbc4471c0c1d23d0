package framework

import (
	"context"
	"time"

	"google.golang.org/grpc"
)

// callContext is the Call as the context that its links, and its handler, see: a field of the Call and no allocation
// of its own. It outlives the RPC in the hands of who keeps it; then it has no Call any more.
type callContext Call

type callKey struct{}

// CallFrom is the Call that a context belongs to, in a handler and whatever it calls with its context, so that they
// can Annotate it. It is false outside of an RPC, where no link stands on the method, and when the RPC has ended.
func CallFrom(ctx context.Context) (*Call, bool) {
	c, ok := ctx.Value(callKey{}).(*Call)
	return c, ok
}

func (c *Call) context() context.Context { return (*callContext)(c) }

// Deadline is the parent's.
func (c *callContext) Deadline() (time.Time, bool) { return c.parent.Deadline() }

// Done is the parent's.
func (c *callContext) Done() <-chan struct{} { return c.parent.Done() }

// Err is the parent's.
func (c *callContext) Err() error { return c.parent.Err() }

// Value is the Call while it lasts, a value of the chain, the sink of response metadata where a link watches that, else the parent's.
func (c *callContext) Value(key any) any {
	if _, ok := key.(callKey); ok {
		if (*Call)(c).hasEnded() {
			return nil
		}
		return (*Call)(c)
	}
	for _, v := range c.line.values {
		if v.key == key {
			return v.value
		}
	}
	v := c.parent.Value(key)
	if m := c.more.Load(); m != nil {
		if s := m.sink.Load(); s != nil && isTransportStream(v) && c.line.info.Side == ServerSide {
			return s
		}
	}
	return v
}

func isTransportStream(v any) bool {
	_, ok := v.(grpc.ServerTransportStream)
	return ok
}

// String keeps the printing of a context, which grpc's own errors do, from looking into the Call.
func (c *callContext) String() string { return "framework.callContext" }
