package framework

import (
	"io"
	"math"
	"reflect"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// keeps reports whether there may be another attempt that sends again what was sent.
func (s *clientStream) keeps() bool {
	m := s.more.Load()
	if m == nil || s.reached.Load() {
		return false
	}
	for _, h := range m.requests {
		if h.log != nil && !h.log.isOver() {
			return true
		}
	}
	return false
}

// afterEOF finds out, for an operation that saw that the attempt has ended, with which status: another attempt may
// follow, and then it gives nil. Else it gives io.EOF.
func (s *clientStream) afterEOF(a *clientAttempt, op operation) error {
	if !s.becomeReceiver(a, op) {
		return s.afterOther(a)
	}
	t := s.line.response
	if t == nil { // nothing to receive into: the caller will learn the status
		s.done(a, receives)
		return io.EOF
	}
	msg := reflect.New(t.Elem()).Interface()
	err := a.stream.RecvMsg(msg)
	if err == nil && s.desc.ServerStreams {
		s.mu.Lock()
		s.pending = msg
		s.mu.Unlock()
		s.done(a, receives)
		return io.EOF
	}
	s.end(a, receives, endOf(err, msg))
	return s.afterOther(a)
}

// becomeReceiver makes a receive of an operation, unless the attempt ends, or has brought something, meanwhile.
func (s *clientStream) becomeReceiver(a *clientAttempt, op operation) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undoLocked(op)
	for s.receivers > 0 && s.now == a && s.phase == opened || s.phase == driving {
		s.moved.Wait()
	}
	if s.phase != opened || s.now != a || s.reached.Load() || s.pending != nil {
		return false
	}
	s.beginLocked(receives)
	return true
}

// afterOther is nil when another attempt has taken the place of this one.
func (s *clientStream) afterOther(a *clientAttempt) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == opened && s.now != a {
		return nil
	}
	return io.EOF
}

// replay sends what links kept on a new attempt, and the half-close. On a bidi stream it does that on a goroutine of
// its own, since the peer may stop reading until somebody receives; only senders wait for it.
func (s *clientStream) replay(a *clientAttempt) error {
	msgs, hooks := s.kept()
	s.mu.Lock()
	closed := s.closed
	s.mu.Unlock()
	if len(msgs) == 0 && !closed {
		return nil
	}
	if s.Kind() != BidiStream {
		return s.resend(a, msgs, hooks, closed)
	}
	s.mu.Lock()
	s.replaying = true
	s.beginLocked(sends)
	s.mu.Unlock()
	go s.alone(func() { s.resendAlone(a, msgs, hooks, closed) })
	return nil
}

// kept are the messages to send again: those of the innermost log that has any, and the functions that they have still
// to pass.
func (s *clientStream) kept() (msgs []any, hooks []hook) {
	m := s.more.Load()
	if m != nil {
		hooks = m.requests
	}
	for i := len(hooks) - 1; i >= 0; i-- {
		if hooks[i].log == nil {
			continue
		}
		if msgs := hooks[i].log.all(); len(msgs) > 0 {
			return msgs, hooks[i+1:]
		}
	}
	if n := len(s.single); n > 0 {
		return []any{s.single[n-1].msg}, between(hooks, s.single[n-1].owner+1, math.MaxInt32)
	}
	return nil, nil
}

// resend sends messages again. That the attempt ends meanwhile is for a receive to see.
func (s *clientStream) resend(a *clientAttempt, msgs []any, hooks []hook, closed bool) error {
	for _, msg := range msgs {
		msg, err := s.passHooks(a, hooks, msg)
		if err == nil {
			err = a.stream.SendMsg(msg)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return asStatus(err)
		}
	}
	if closed {
		return a.stream.CloseSend()
	}
	return nil
}

func (s *clientStream) resendAlone(a *clientAttempt, msgs []any, hooks []hook, closed bool) {
	err := status.Errorf(codes.Internal, "framework: %s: panic while requests were sent again", s.method)
	defer func() {
		if p := recover(); p != nil {
			s.panicked.CompareAndSwap(nil, newCarriedPanic(p))
		}
		s.mu.Lock()
		s.replaying = false
		s.mu.Unlock()
		if err == nil || err == errAttemptOver {
			s.done(a, sends)
		} else {
			s.end(a, sends, wake{err: err})
		}
	}()
	err = s.resend(a, msgs, hooks, closed)
}
