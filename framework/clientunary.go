package framework

import (
	"context"
	"reflect"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// clientUnary is a unary RPC of a client.
type clientUnary struct {
	Call
	clientRPC
	reply   any
	invoker grpc.UnaryInvoker
}

func (c *ClientChain) unary(
	ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption,
) error {
	l, err := c.line(method, Unary)
	if err != nil {
		return err
	}
	if l.isBare() {
		return invoker(ctx, method, req, reply, cc, opts...)
	}
	rpc := &clientUnary{clientRPC: clientRPC{cc: cc, method: method, given: opts}, reply: reply, invoker: invoker}
	rpc.parent, rpc.line, rpc.driver, rpc.request = ctx, l, rpc, req
	rpc.takeFinishes()
	err = l.run(rpc.context(), &rpc.Call)
	rpc.deliver(&rpc.Call)
	if err == nil && rpc.response != reply {
		if err = assign(reply, rpc.response); err != nil {
			err = status.Errorf(codes.Internal, "framework: %s: %v", method, err)
		}
	}
	rpc.finish(err)
	return err
}

func (u *clientUnary) responseType() reflect.Type { return reflect.TypeOf(u.reply) }

func (u *clientUnary) invoke(ctx context.Context, c *Call) error {
	method, options, brought := u.prepare(c)
	err := u.invoker(ctx, method, c.request, u.reply, u.cc, options...)
	if brought != nil {
		c.more.Load().sink.Load().bring(brought)
	}
	if err != nil {
		return asStatus(err)
	}
	c.response = u.reply
	return nil
}

func (u *clientUnary) clone(c *Call) (*Call, error) {
	reply, ok := newLike(u.reply)
	if !ok {
		return nil, status.Errorf(codes.Internal, "framework: %s: a reply of type %T can't be cloned", u.method, u.reply)
	}
	rpc := &clientUnary{clientRPC: clientRPC{cc: u.cc, method: u.method, given: u.given}, reply: reply, invoker: u.invoker}
	rpc.driver = rpc
	return &rpc.Call, nil
}

// through runs a raw unary interceptor, whose invoker is the rest of the chain.
func (u *clientUnary) through(ctx context.Context, c *Call, raw grpc.UnaryClientInterceptor, next Handler) error {
	outer, reply := u.clientRPC, u.reply
	err := raw(ctx, u.target(c), c.request, reply, u.cc, func(
		ctx context.Context, method string, req, inner any, cc *grpc.ClientConn, opts ...grpc.CallOption,
	) error {
		if req != c.request {
			c.SetRequest(req)
		}
		u.cc, u.method, u.given, u.reply = cc, method, opts, inner
		err := u.nextFrom(ctx, c, next)
		u.deliver(c) // to the raw interceptor, which may want metadata of its own
		u.cc, u.method, u.given, u.reply = outer.cc, outer.method, outer.given, reply
		if err == nil {
			err = assign(inner, c.response)
		}
		return err
	}, c.CallOptions()...)
	if err == nil {
		c.response = reply
	}
	return err
}

// nextFrom calls next with the options, and the method, that a raw interceptor chose in place of all said so far.
func (u *clientUnary) nextFrom(ctx context.Context, c *Call, next Handler) error {
	m := c.more.Load()
	if m == nil {
		return next(ctx, c)
	}
	options, redirects := m.options, m.redirects
	m.options, m.redirects = nil, nil
	err := next(ctx, c)
	m.options, m.redirects = options, redirects
	return err
}
