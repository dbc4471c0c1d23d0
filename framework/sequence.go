package framework

import (
	"context"
	"iter"
)

// A sequence is streamed responses that a link set in place of next.
type sequence struct {
	owner int32
	seq   iter.Seq2[any, error]
}

// A responder is a driver that can send a sequence to whoever receives the responses: through the functions of the
// links outside of its owner. It returns when the sequence is exhausted, or failed.
type responder interface {
	respond(ctx context.Context, c *Call, s *sequence) error
}

// SetResponses answers an RPC that streams its responses, in place of next. The sequence is pulled as the receiver
// takes the messages, after Intercept has returned nil; for the links outside, next returns when it is exhausted, or
// has yielded an error. Only functions of links outside see the messages.
func (c *Call) SetResponses(seq iter.Seq2[any, error]) {
	switch {
	case !c.Kind().StreamsResponses():
		c.misuse("set a sequence of responses on a %s RPC; use SetResponse", c.Kind())
	case seq == nil:
		c.misuse("set a nil sequence of responses")
	default:
		c.extra().sequence = &sequence{owner: c.link(), seq: seq}
	}
}
