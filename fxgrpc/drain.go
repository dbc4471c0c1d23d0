package fxgrpc

import (
	"context"

	"github.com/sluice-go/sluice/framework"
)

// Draining gives, in a handler or an interceptor, a channel that is closed when the server begins to drain: no new
// calls come, and this one has until the end of the timeout that [Drain] sets. A handler of a stream without end
// watches it to end the stream. In a context of no RPC of a [Server] it is nil, which is never ready.
func Draining(ctx context.Context) <-chan struct{} {
	draining, _ := ctx.Value(drainingKey{}).(<-chan struct{})
	return draining
}

type drainingKey struct{}

// drainable puts the channel into the context of every RPC of a chain.
func drainable(draining <-chan struct{}) framework.Part {
	return framework.Value(drainingKey{}, draining)
}
