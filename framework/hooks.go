package framework

import (
	"context"
	"io"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

type hook struct {
	owner int32
	f     MessageFunc
	log   *requestLog // in place of f: what KeepRequests and BufferRequests hold
}

// between are the hooks of the links from one depth to below another.
func between(hooks []hook, from, to int32) []hook {
	for len(hooks) > 0 && hooks[0].owner < from {
		hooks = hooks[1:]
	}
	for len(hooks) > 0 && hooks[len(hooks)-1].owner >= to {
		hooks = hooks[:len(hooks)-1]
	}
	return hooks
}

// reversed are hooks in the order in which responses pass them.
func reversed(hooks []hook) []hook {
	r := make([]hook, 0, len(hooks))
	for i := len(hooks) - 1; i >= 0; i-- {
		r = append(r, hooks[i])
	}
	return r
}

// dropHooks cuts the hooks of a depth and inside of it, which are the last ones.
func dropHooks(hooks []hook, depth int32) []hook {
	n := len(hooks)
	for n > 0 && hooks[n-1].owner >= depth {
		n--
	}
	return hooks[:n:n]
}

// ownedBy is the part of the hooks that one link registered.
func ownedBy(hooks []hook, owner int32) []hook {
	from := slices.IndexFunc(hooks, func(h hook) bool { return h.owner == owner })
	if from < 0 {
		return nil
	}
	to := from
	for to < len(hooks) && hooks[to].owner == owner {
		to++
	}
	return hooks[from:to]
}

// fork copies hooks for a Clone.
func fork(hooks []hook) []hook {
	copies := append([]hook(nil), hooks...)
	for i, h := range copies {
		if h.log != nil {
			copies[i].log = h.log.fork()
		}
	}
	return copies
}

// passHooks passes a message through functions, in order.
func (l *line) passHooks(ctx context.Context, hooks []hook, msg any) (any, error) {
	for _, h := range hooks {
		next, err := l.passHook(ctx, h, msg)
		if err != nil {
			return nil, err
		}
		msg = next
	}
	return msg, nil
}

func (l *line) passHook(ctx context.Context, h hook, msg any) (any, error) {
	if h.log != nil {
		return msg, h.log.add(msg)
	}
	next, err := h.f(ctx, msg)
	if err == io.EOF {
		err = status.Error(codes.Unknown, "EOF") // the bare one is how streams say success
	}
	if err != nil {
		return nil, err
	}
	if isNil(next) {
		return nil, l.errorf(int(h.owner), "has a message function that returned nil, nil; return the message, or an error")
	}
	return next, nil
}

// unlike is the error of a link whose functions made a message of another type of one; nil where that can stand for it.
func (l *line) unlike(owner int32, what string, wire bool, was, is any) error {
	if was == is || sameMessage(wire, was, is) {
		return nil
	}
	return l.errorf(int(owner), "made a %s of type %T of one of type %T", what, is, was)
}

// registersNil notes the mistake of a link that registers no function.
func (c *Call) registersNil(is bool) bool {
	if is {
		c.misuse("registered a nil function")
	}
	return is
}

// OnRequest has f see every request message, of all kinds, in order. Functions are nested like the chain: a request
// passes the outer links' first. A unary request passes f when next is called. Functions of one direction never run at
// the same time; when next has returned none is running and none will.
func (c *Call) OnRequest(f MessageFunc) {
	if c.registersNil(f == nil) {
		return
	}
	m := c.extra()
	m.requests = append(m.requests, hook{owner: c.link(), f: f})
}

// OnResponse has f see every response message, of all kinds, in order: inner links' functions first. One response,
// of a unary call or a client stream, passes f when next returns. See OnRequest.
func (c *Call) OnResponse(f MessageFunc) {
	if c.registersNil(f == nil) {
		return
	}
	m := c.extra()
	m.responses = append(m.responses, hook{owner: c.link(), f: f})
}
