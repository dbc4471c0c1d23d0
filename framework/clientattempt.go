package framework

import (
	"context"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A clientAttempt is one RPC below the chain; a retrying link makes several.
type clientAttempt struct {
	ctx     context.Context
	cancel  context.CancelFunc
	unwatch func() bool // ctx
	stream  grpc.ClientStream
	over    atomic.Bool // no function runs for it any more

	brought  *brought
	finished bool  // grpc is done with it, and has written what it brought
	gone     error // it ended with no operation to see that
	told     bool  // the chain knows
}

// attempt makes an RPC, and sends again what was kept for it.
func (s *clientStream) attempt(ctx context.Context) error {
	s.waitForOperations()
	a := &clientAttempt{}
	a.ctx, a.cancel = context.WithCancel(ctx)
	a.unwatch = context.AfterFunc(a.ctx, func() { s.abandoned(a) })
	s.mu.Lock()
	s.now = a // before the streamer: grpc may be done with it before that returns
	s.mu.Unlock()
	method, options, brought := s.prepare(&s.Call)
	a.brought = brought
	options = append(options[:len(options):len(options)], grpc.OnFinish(func(err error) { s.finished(a, err) }))
	err := s.openAttempt(a, method, options)
	if err == nil {
		err = s.replay(a)
	}
	if err != nil {
		a.close()
		s.bring(a)
	}
	return err
}

// close ends an attempt: no function runs for it any more, and what is inside of it is cancelled.
func (a *clientAttempt) close() {
	a.over.Store(true)
	a.unwatch()
	a.cancel()
}

// waitForOperations waits, before another attempt, for those under way on the last one, which is over.
func (s *clientStream) waitForOperations() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.ops > 0 {
		s.moved.Wait()
	}
}

// openAttempt opens the stream on the caller's goroutine. A panic of a raw link inside is kept for the caller.
func (s *clientStream) openAttempt(a *clientAttempt, method string, options []grpc.CallOption) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked.Store(newCarriedPanic(p))
			err = status.Errorf(codes.Internal, "framework: %s: panic while the stream was opened", s.method)
		}
	}()
	a.stream, err = s.streamer(a.ctx, s.desc, s.cc, method, options...)
	if err == nil && a.stream == nil {
		err = status.Errorf(codes.Internal, "framework: %s: a raw interceptor returned a nil stream without an error", s.method)
	}
	return asStatus(err)
}

// invoke sleeps until the RPC is over.
func (s *clientStream) invoke(ctx context.Context, c *Call) error {
	w := s.sleep(ask{phase: opened, ctx: ctx})
	s.attempts++
	s.committed = s.reached.Load()
	if w.err == nil {
		c.response = w.response
	}
	return w.err
}

// bring takes over the metadata of an attempt that grpc is done with.
func (s *clientStream) bring(a *clientAttempt) {
	s.mu.Lock()
	finished := a.finished
	s.mu.Unlock()
	if a.brought != nil && finished {
		s.more.Load().sink.Load().bring(a.brought)
	}
}
