package framework

import (
	"context"
	"reflect"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// grpc's streams end their waiting with the stream's own context alone. A context that a link gave to next may end
// earlier, at the deadline of a method or when a token expires: then the wait is given up, and what waits is left to the
// end of the RPC, which is near. The RPC is no success then: a receiver that takes the error for the end of the stream
// would have half a stream pass for the whole.

// receive receives from the base until the view's context ends, unless somebody still does who gave up waiting.
func (v *serverView) receive(msg any) error {
	if v.rpc.lost.Load() {
		return status.Errorf(codes.Internal, "framework: %s: requests were lost when the context ended that they were waited for with", v.call.line.full)
	}
	if !v.narrowed {
		return v.base.RecvMsg(msg)
	}
	if v.ctx.Err() != nil {
		return v.cutShort()
	}
	// Into a message of its own: the caller's is the caller's again when the wait is given up.
	fresh, ok := newLike(msg)
	if !ok {
		return v.base.RecvMsg(msg)
	}
	err, gaveUp := await(v.ctx, func() error { return v.base.RecvMsg(fresh) })
	switch {
	case gaveUp:
		v.rpc.lost.Store(true)
		return v.cutShort()
	case err == nil:
		move(msg, fresh)
	}
	return err
}

// send sends to the base until the view's context ends: a receiver that takes nothing makes it wait.
func (v *serverView) send(msg any) error {
	if !v.narrowed {
		return v.base.SendMsg(msg)
	}
	if v.ctx.Err() != nil {
		return v.cutShort()
	}
	err, gaveUp := await(v.ctx, func() error { return v.base.SendMsg(msg) })
	if gaveUp {
		return v.cutShort()
	}
	return err
}

// cutShort is the error of an operation that the end of the context kept from being done.
func (v *serverView) cutShort() error {
	err := status.FromContextError(v.ctx.Err()).Err()
	v.mu.Lock()
	defer v.mu.Unlock()
	v.cut = err
	return err
}

// await runs f until ctx ends, and reports whether it gave up on it. A panic of f is raised again here.
func await(ctx context.Context, f func() error) (err error, gaveUp bool) {
	type result struct {
		err      error
		panicked any
	}
	done := make(chan result, 1)
	go func() {
		var r result
		defer func() {
			r.panicked = recover()
			done <- r
		}()
		r.err = f()
	}()
	select {
	case r := <-done:
		if r.panicked != nil {
			panic(r.panicked)
		}
		return r.err, false
	case <-ctx.Done():
		return nil, true
	}
}

// move gives dst what src holds, which is used no more.
func move(dst, src any) { reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem()) }
