package framework

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
)

// serverStream is a streaming RPC on a server.
type serverStream struct {
	Call
	tried
	implementation any
	info           *grpc.StreamServerInfo
	handler        grpc.StreamHandler
	base           grpc.ServerStream // grpc's own, or what the raw link outside made of it
	from           int32             // the depth of the outermost link inside of base
	sent           atomic.Bool
	lost           atomic.Bool // a wait for a request that was given up still receives
	first          serverView
}

func (c *ServerChain) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	l, err := c.line(info.FullMethod, streamKind(info.IsClientStream, info.IsServerStream))
	if err != nil {
		return err
	}
	if l.isBare() {
		_, err := l.bare(ss.Context(), nil, func(context.Context, any) (any, error) { return nil, handler(srv, ss) })
		return err
	}
	rpc := &serverStream{implementation: srv, info: info, handler: handler, base: ss}
	rpc.parent, rpc.line, rpc.driver = ss.Context(), l, rpc
	err = l.guarded(&rpc.Call)
	if err == nil && !l.info.Kind.StreamsResponses() {
		return ss.SendMsg(rpc.response)
	}
	return err
}

func (s *serverStream) service() any { return s.implementation }

// invoke runs the handler.
func (s *serverStream) invoke(ctx context.Context, c *Call) error {
	view := s.view(ctx, c, int32(len(c.line.names)))
	err := view.close(s.handler(s.implementation, view))
	s.attempts++
	s.committed = s.sent.Load()
	if err != nil || c.Kind().StreamsResponses() {
		return err
	}
	if c.response = view.held; c.response == nil {
		return c.line.errNoResponse()
	}
	return nil
}

// through runs a raw stream interceptor, whose handler is the rest of the chain.
func (s *serverStream) through(ctx context.Context, c *Call, raw grpc.StreamServerInterceptor, next Handler) error {
	depth := c.link()
	view := s.view(ctx, c, depth)
	err := raw(s.implementation, view, s.info, func(srv any, ss grpc.ServerStream) error {
		base, from, implementation := s.base, s.from, s.implementation
		s.base, s.from, s.implementation = ss, depth+1, srv
		err := next(ss.Context(), c)
		s.base, s.from, s.implementation = base, from, implementation
		if err == nil && !c.Kind().StreamsResponses() {
			return ss.SendMsg(c.response)
		}
		return err
	})
	if err = view.close(err); err != nil {
		return err
	}
	if c.response = view.held; view.sent.Load() && !c.hasCalled(depth) {
		c.leave(position(depth + 1)) // it answered by the stream itself, as grpc allows
	}
	return nil
}

func (s *serverStream) respond(ctx context.Context, c *Call, seq *sequence) error {
	view := s.view(ctx, c, seq.owner)
	for msg, err := range seq.seq {
		if err == nil {
			err = view.SendMsg(msg)
		}
		if err != nil {
			return view.close(err)
		}
	}
	return view.close(nil)
}
