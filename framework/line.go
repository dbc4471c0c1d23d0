package framework

import (
	"context"
	"fmt"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A line is the links that stand on one method, compiled: handlers that hold no state of a call, each calling the one
// inside. The last of its nodes is the RPC itself.
type line struct {
	info     MethodInfo
	full     string
	names    []string // of the links, by depth
	rules    []MethodRule
	raw      string // the name of a link that is a raw pair; "" for none
	segments []segment
	values   []contextValue
	handler  Handler // enters the outermost node
	response reflect.Type
	refusal  error // of every call, where the chain is wrong for the method
}

// newLine compiles bound links.
func newLine(info MethodInfo, full string, bound []boundLink, values []contextValue) *line {
	l := compileLine(info, full, bound, values)
	if info.Side == ClientSide && info.Kind != Unary {
		l.segments = segments(info, full, bound, values)
	}
	return l
}

// isBare reports whether an RPC needs no Call.
func (l *line) isBare() bool { return len(l.names)+len(l.values) == 0 }

// A segment is the links of a client's streams up to a raw one. Each has a line of its own: a raw link makes the stream
// that is inside of it when it likes, and uses it on the caller's goroutine.
type segment struct {
	line *line
	raw  grpc.StreamClientInterceptor // inside of the line; nil for the last
}

func segments(info MethodInfo, full string, bound []boundLink, values []contextValue) (all []segment) {
	from := 0
	for i, b := range bound {
		if raw, ok := b.interceptor.(*rawClient); ok {
			all = append(all, segment{compileLine(info, full, bound[from:i], values), raw.stream})
			from = i + 1
		}
	}
	if from < len(bound) || len(bound) == 0 && len(values) > 0 {
		all = append(all, segment{line: compileLine(info, full, bound[from:], values)})
	}
	return all
}

// A node is one place in a line: a link, or the RPC itself.
type node struct {
	interceptor Interceptor
	next        Handler
	depth       position
	line        *line
}

// compileLine makes the handlers, from the RPC outwards.
func compileLine(info MethodInfo, full string, bound []boundLink, values []contextValue) *line {
	l := &line{info: info, full: full, values: values, response: goType(outputOf(info.Descriptor))}
	l.handler = (&node{interceptor: theRPC{}, depth: position(len(bound)), line: l}).rpc()
	for depth := len(bound) - 1; depth >= 0; depth-- {
		l.handler = (&node{interceptor: bound[depth].interceptor, next: l.handler, depth: position(depth), line: l}).handler()
	}
	for _, b := range bound {
		l.names = append(l.names, b.link.name)
		if b.link.isRaw() {
			l.raw = b.link.name
		}
	}
	return l
}

// handler lets a call enter the node's link, and judges what came of it. What most calls do is here, the rest in
// slow and left.
//
// Not inlined, since then nothing would be inlined into the handler, which is thrice as slow.
//
//go:noinline
func (n *node) handler() Handler {
	depth, next, interceptor := n.depth, n.next, n.interceptor
	function, _ := interceptor.(InterceptorFunc) // called without a detour
	return func(ctx context.Context, c *Call) error {
		if !c.enter(depth) {
			return n.slow(ctx, c)
		}
		var err error
		if function != nil {
			err = function(ctx, c, next)
		} else {
			err = interceptor.Intercept(ctx, c, next)
		}
		if err == nil && c.response != nil && c.leaveQuickly(depth) {
			return nil
		}
		return n.left(ctx, c, err)
	}
}

// rpc is handler for the RPC itself.
//
//go:noinline
func (n *node) rpc() Handler {
	depth := n.depth
	return func(ctx context.Context, c *Call) error {
		if !c.enter(depth) {
			return n.slow(ctx, c)
		}
		if !c.claim() {
			return n.line.outOfTurn(c, int32(depth))
		}
		err := c.driver.invoke(ctx, c)
		c.release()
		if err == nil && !c.isSlow() {
			c.leave(depth)
			return nil
		}
		return n.left(ctx, c, err)
	}
}

// left judges what a link returned.
func (n *node) left(ctx context.Context, c *Call, err error) error {
	if c.isSlow() {
		return n.line.leave(ctx, c, n.depth, err)
	}
	if err == nil {
		err = n.line.judge(c, int32(n.depth))
	}
	if err != nil {
		c.response = nil
		if n.line.info.Kind != Unary {
			c.extra().last = err
		}
	}
	c.leave(n.depth)
	return err
}

// theRPC is the RPC itself for slow.
type theRPC struct{}

func (theRPC) Intercept(ctx context.Context, c *Call, _ Handler) error {
	if !c.claim() {
		return c.line.outOfTurn(c, int32(len(c.line.names)))
	}
	defer c.release()
	return c.driver.invoke(ctx, c)
}

// judge refuses a link's nil that stands for nothing.
func (l *line) judge(c *Call, depth int32) error {
	switch {
	case int(depth) == len(l.names):
		return nil
	case !l.info.Kind.StreamsResponses():
		if c.response == nil {
			return l.errorf(int(depth), "returned nil without a response: call next, SetResponse, or return an error")
		}
	case !c.hasCalled(depth):
		return l.errorf(int(depth), "returned nil without calling next and without SetResponses")
	}
	return nil
}

// outOfTurn is the error of a next called when it was not its turn.
func (l *line) outOfTurn(c *Call, depth int32) error {
	if c.at.entered() < depth {
		return l.errorf(int(depth)-1, "called next after Intercept returned")
	}
	return l.errorf(int(depth)-1, "called next twice at once; use Clone for attempts side by side")
}

// errorf is the INTERNAL of a link that broke the contract of Intercept. It names the link.
func (l *line) errorf(depth int, format string, args ...any) error {
	name := "the caller"
	if depth >= 0 && depth < len(l.names) {
		name = fmt.Sprintf("link %q", l.names[depth])
	}
	return status.Errorf(codes.Internal, "framework: %s: %s %s", l.full, name, fmt.Sprintf(format, args...))
}
