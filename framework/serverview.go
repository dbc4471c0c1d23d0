package framework

import (
	"context"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A serverView is a server's stream as it is at a place in the chain, between base and the depth to: the functions of
// the links between see what passes. It is of no use when what it was made for has returned.
type serverView struct {
	rpc      *serverStream
	call     *Call
	base     grpc.ServerStream
	ctx      context.Context
	narrowed bool // the context can end before the stream's
	from, to int32
	held     any // the one response of a client stream
	repeated bool
	over     atomic.Bool
	sent     atomic.Bool

	sending, receiving sync.Mutex // held while functions run

	mu     sync.Mutex
	failed error // of a function: the RPC ends with it, whatever its receiver makes of it
	cut    error // of an operation that the end of the context cut short: the RPC ends with it instead of success
}

// view is the stream for what stands at a depth: a raw link, or the handler.
func (s *serverStream) view(ctx context.Context, c *Call, depth int32) *serverView {
	v := &s.first
	if v.rpc != nil {
		v = &serverView{}
	}
	v.rpc, v.call, v.base, v.ctx, v.from, v.to = s, c, s.base, ctx, s.from, depth
	v.narrowed = ctx.Done() != s.base.Context().Done()
	return v
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
	return v.send(msg)
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
		return v.receive(msg)
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
			v.repeated, err = true, assign(msg, kept)
		}
		if ok || err != nil {
			return hooks[i+1:], err
		}
	}
	if v.call.Kind().StreamsRequests() {
		return hooks, v.receive(msg)
	}
	return v.sourceSingle(hooks, msg)
}

// sourceSingle does the same for the one request of a server stream, which is kept by reference.
func (v *serverView) sourceSingle(hooks []hook, msg any) ([]hook, error) {
	if n := len(v.rpc.single); n > 0 && !v.repeated && v.rpc.single[n-1].owner >= v.from-1 && v.rpc.single[n-1].owner < v.to {
		v.repeated = true
		return between(hooks, v.rpc.single[n-1].owner+1, v.to), assign(msg, v.rpc.single[n-1].msg)
	}
	if err := v.receive(msg); err != nil {
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
			v.rpc.refused(h.owner)
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
	switch {
	case v.failed != nil:
		return v.failed
	case err == nil:
		return v.cut
	}
	return err
}

var errStreamOver = status.Error(codes.Internal, "framework: the stream was used after its handler had returned")
