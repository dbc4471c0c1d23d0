package framework

import (
	"context"
)

// buffer sleeps until the caller has half-closed. What was sent already, for another attempt, is taken first.
func (s *clientStream) buffer(ctx context.Context, _ *Call, log *requestLog) error {
	if err := s.bufferKept(log); err != nil || log.complete {
		return err
	}
	if ctx.Done() != nil {
		defer s.cut(ctx, buffering)()
	}
	return s.sleep(ask{phase: buffering, ctx: ctx, log: log}).err
}

// bufferKept takes what links outside kept.
func (s *clientStream) bufferKept(log *requestLog) error {
	msgs, hooks := s.kept()
	for _, msg := range msgs {
		msg, err := s.passHooks(nil, hooks, msg)
		if err == nil {
			err = log.add(msg)
		}
		if err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		log.finish()
	}
	return nil
}

// bufferRequest takes a request for BufferRequests.
func (s *clientStream) bufferRequest(msg any) error {
	var hooks []hook
	if m := s.more.Load(); m != nil {
		hooks = m.requests
	}
	returned := false
	defer func() {
		if !returned {
			s.wakeBuffering(s.errPanic())
		}
	}()
	msg, err := s.passHooks(nil, hooks, msg)
	if err == nil {
		err = s.buffered.add(msg)
	}
	returned = true
	if err != nil {
		s.wakeBuffering(err)
		return s.afterServed()
	}
	if !s.desc.ClientStreams {
		s.bufferComplete()
	}
	return nil
}

// bufferComplete wakes the chain when the caller has half-closed.
func (s *clientStream) bufferComplete() {
	s.buffered.finish()
	s.closeNow()
	s.wakeBuffering(nil)
}

// wakeBuffering tells the chain, unless another did, what came of waiting for the caller's half-close.
func (s *clientStream) wakeBuffering(err error) {
	if s.drive(buffering) {
		s.wake(wake{err: err})
	} else {
		s.waitUntilServed()
	}
}
