package framework

import (
	"context"
	"io"
	"reflect"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
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
	single         []passed // the one request of a server stream, on its way
	first          serverView
}

// A passed request is one as it was when it had passed the functions of a link.
type passed struct {
	owner int32
	msg   any
}

func (c *ServerChain) stream(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	l, err := c.line(info.FullMethod, kindOf(info.IsClientStream, info.IsServerStream))
	if err != nil {
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
	s.last, s.committed = err, s.sent.Load()
	if err != nil || c.Kind().StreamsResponses() {
		return err
	}
	if c.response = view.held; c.response == nil {
		return status.Errorf(codes.Internal, "framework: the handler of %s returned nil without a response", c.line.full)
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
	if c.response = view.held; view.sent.Load() && c.reached == depth+1 {
		c.reached++ // it answered by the stream itself, as grpc allows
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

// buffer receives all requests, until ctx ends.
func (s *serverStream) buffer(ctx context.Context, c *Call, log *requestLog) error {
	t := goType(inputOf(c.line.info.Descriptor))
	if t == nil {
		return c.line.errorf(int(c.link()), "can't buffer requests: their message type is not linked into the binary")
	}
	view := s.view(ctx, c, c.link()+1)
	received := make(chan error, 1)
	go func() { received <- view.receiveAll(t, log) }()
	select {
	case err := <-received:
		return err
	case <-ctx.Done():
		view.over.Store(true)
		return status.FromContextError(ctx.Err()).Err()
	}
}

func (v *serverView) receiveAll(t reflect.Type, log *requestLog) error {
	for {
		msg := reflect.New(t.Elem()).Interface()
		err := v.RecvMsg(msg)
		if err == io.EOF {
			log.finish()
			return nil
		}
		if err == nil {
			err = log.add(msg)
		}
		if err != nil {
			return err
		}
	}
}

func (s *serverStream) again(c *Call, m *more, owner int32) error {
	if err := s.noMore(c, m, owner); err != nil {
		return err
	}
	for n := len(s.single); n > 0 && s.single[n-1].owner > owner; n-- {
		s.single = s.single[:n-1]
	}
	return nil
}

// clone is a run of the handler that keeps its response and metadata to itself, for a client stream whose requests are
// buffered.
func (s *serverStream) clone(c *Call) (*Call, error) {
	m := c.extra()
	if log := m.logOf(c.link()); c.Kind() != ClientStream || log == nil || !log.complete {
		return nil, c.line.errorf(int(c.link()), "cloned a %s: only unary RPCs can be, and client streams after BufferRequests", c.Kind())
	}
	rpc := &serverStream{implementation: s.implementation, info: s.info, handler: s.handler, from: c.link()}
	rpc.driver, rpc.base = rpc, &silentStream{call: &rpc.Call}
	return &rpc.Call, nil
}

// silentStream is the stream of a Clone: nothing of it reaches the wire.
type silentStream struct{ call *Call }

func (s *silentStream) Context() context.Context { return s.call.parent }

func (s *silentStream) SetHeader(md metadata.MD) error { return s.call.watch().SetHeader(md) }

func (s *silentStream) SendHeader(md metadata.MD) error { return s.call.watch().SendHeader(md) }

func (s *silentStream) SetTrailer(md metadata.MD) { _ = s.call.watch().SetTrailer(md) }

func (s *silentStream) SendMsg(any) error { return nil }

func (s *silentStream) RecvMsg(any) error { return io.EOF }

// view is the stream for what stands at a depth: a raw link, or the handler.
func (s *serverStream) view(ctx context.Context, c *Call, depth int32) *serverView {
	v := &s.first
	if v.rpc != nil {
		v = &serverView{}
	}
	v.rpc, v.call, v.base, v.ctx, v.from, v.to = s, c, s.base, ctx, s.from, depth
	return v
}

// A serverView is a server's stream as it is at a place in the chain, between base and the depth to: the functions of
// the links between see what passes. It is of no use when what it was made for has returned.
type serverView struct {
	rpc      *serverStream
	call     *Call
	base     grpc.ServerStream
	ctx      context.Context
	from, to int32
	held     any // the one response of a client stream
	repeated bool
	over     atomic.Bool
	sent     atomic.Bool

	sending, receiving sync.Mutex // held while functions run

	mu     sync.Mutex
	failed error // of a function: the RPC ends with it, whatever its receiver makes of it
}

// Context is the context given to next.
func (v *serverView) Context() context.Context { return v.ctx }

// SetHeader is grpc's, but where a link watches headers.
func (v *serverView) SetHeader(md metadata.MD) error {
	if s := v.sink(); s != nil {
		return s.SetHeader(md)
	}
	return v.base.SetHeader(md)
}

// SendHeader is grpc's, but where a link watches headers.
func (v *serverView) SendHeader(md metadata.MD) error {
	v.rpc.sent.Store(true)
	if s := v.sink(); s != nil {
		return s.SendHeader(md)
	}
	return v.base.SendHeader(md)
}

// SetTrailer is grpc's, but where a link watches trailers.
func (v *serverView) SetTrailer(md metadata.MD) {
	if s := v.sink(); s != nil {
		_ = s.SetTrailer(md) // fails only after the status was written
		return
	}
	v.base.SetTrailer(md)
}

// sink is the call's sink for the view next to the wire; the others reach it through the raw links between.
func (v *serverView) sink() *sink {
	if m := v.call.more.Load(); m != nil && v.from == 0 {
		return m.sink.Load()
	}
	return nil
}

// SendMsg passes a response through the functions and sends it. The one response of a client stream is held until
// the chain has returned.
func (v *serverView) SendMsg(msg any) error {
	if v.over.Load() {
		return errStreamOver
	}
	v.sent.Store(true)
	if !v.call.Kind().StreamsResponses() {
		return v.hold(msg)
	}
	if m := v.call.more.Load(); m != nil {
		passed, err := v.passResponse(m, msg)
		if err != nil {
			return v.fail(err)
		}
		msg = passed
	}
	v.rpc.sent.Store(true)
	return v.base.SendMsg(msg)
}

func (v *serverView) hold(msg any) error {
	if v.held != nil {
		return status.Errorf(codes.Internal, "framework: %s sent two responses", v.call.line.full)
	}
	if isNil(msg) {
		return status.Errorf(codes.Internal, "framework: %s sent a nil response", v.call.line.full)
	}
	v.held = msg
	return nil
}

func (v *serverView) passResponse(m *more, msg any) (any, error) {
	if s := v.sink(); s != nil {
		if err := s.flush(); err != nil {
			return nil, err
		}
	}
	hooks := between(m.responses, v.from, v.to)
	if len(hooks) == 0 {
		return msg, nil
	}
	v.sending.Lock()
	defer v.sending.Unlock()
	if v.over.Load() {
		return nil, errStreamOver
	}
	return v.call.line.passHooks(v.ctx, reversed(hooks), msg)
}

// RecvMsg receives a request and passes it through the functions.
func (v *serverView) RecvMsg(msg any) error {
	if v.over.Load() {
		return errStreamOver
	}
	m := v.call.more.Load()
	if m == nil && v.call.Kind().StreamsRequests() {
		return v.base.RecvMsg(msg)
	}
	var hooks []hook
	if m != nil {
		hooks = between(m.requests, v.from, v.to)
	}
	hooks, err := v.source(hooks, msg)
	if err != nil || len(hooks) == 0 {
		return err
	}
	return v.passRequest(hooks, msg)
}

// source fills a message from the innermost place that has one to repeat, or from the base, and gives the hooks it is
// still to pass.
func (v *serverView) source(hooks []hook, msg any) ([]hook, error) {
	for i := len(hooks) - 1; i >= 0; i-- {
		if hooks[i].log == nil {
			continue
		}
		kept, ok, err := hooks[i].log.take()
		if ok {
			err = assign(msg, kept)
		}
		if ok || err != nil {
			return hooks[i+1:], err
		}
	}
	if v.call.Kind().StreamsRequests() {
		return hooks, v.base.RecvMsg(msg)
	}
	return v.sourceSingle(hooks, msg)
}

// sourceSingle does the same for the one request of a server stream, which is kept by reference.
func (v *serverView) sourceSingle(hooks []hook, msg any) ([]hook, error) {
	if n := len(v.rpc.single); n > 0 && !v.repeated && v.rpc.single[n-1].owner >= v.from-1 && v.rpc.single[n-1].owner < v.to {
		v.repeated = true
		return between(hooks, v.rpc.single[n-1].owner+1, v.to), assign(msg, v.rpc.single[n-1].msg)
	}
	if err := v.base.RecvMsg(msg); err != nil {
		return nil, err
	}
	v.repeated = true
	kept := msg
	if len(hooks) > 0 {
		kept = copyOf(msg)
	}
	v.rpc.single = append(v.rpc.single, passed{v.from - 1, kept})
	return hooks, nil
}

func (v *serverView) passRequest(hooks []hook, msg any) error {
	v.receiving.Lock()
	defer v.receiving.Unlock()
	if v.over.Load() {
		return errStreamOver
	}
	got := msg
	for _, h := range hooks {
		next, err := v.call.line.passHook(v.ctx, h, got)
		if err != nil {
			return v.fail(err)
		}
		if got = next; !v.call.Kind().StreamsRequests() {
			v.rpc.single = append(v.rpc.single, passed{h.owner, got})
		}
	}
	if err := assign(msg, got); err != nil {
		return v.fail(v.call.line.errorf(int(hooks[len(hooks)-1].owner), "replaced a request: %v", err))
	}
	return nil
}

func (v *serverView) fail(err error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failed == nil {
		v.failed = err
	}
	return err
}

// close ends the view when what it was made for has returned: no function runs any more. The outcome is what
// a function said, else err.
func (v *serverView) close(err error) error {
	v.over.Store(true)
	v.sending.Lock()
	v.receiving.Lock()
	defer v.receiving.Unlock()
	defer v.sending.Unlock()
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.failed != nil {
		return v.failed
	}
	return err
}

var errStreamOver = status.Error(codes.Internal, "framework: the stream was used after its handler had returned")

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
