package framework

import (
	"context"
	"log/slog"
	"sync"

	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"
)

// end tells the chain the end of an attempt, which an operation on it has seen that is over with it, and waits for what
// comes of it. If another did that already it waits for the same.
func (s *clientStream) end(a *clientAttempt, op operation, w wake) {
	s.mu.Lock()
	s.undoLocked(op)
	mine := s.tellLocked(a)
	s.mu.Unlock()
	if mine {
		s.tell(a, w)
	} else {
		s.waitUntilServed()
	}
}

// tell wakes the chain with the end of an attempt, when none of the attempt's functions runs any more.
func (s *clientStream) tell(a *clientAttempt, w wake) {
	a.close()
	waitFor(&s.sending)
	waitFor(&s.receiving)
	s.bring(a)
	s.wake(w)
}

// waitFor waits until nobody holds a lock.
func waitFor(l sync.Locker) {
	l.Lock()
	defer l.Unlock()
}

// finished is told by grpc that it is done with a stream. That is the end of the attempt only if its context, or the
// connection, has ended: under a raw link that retries there may be a next one.
func (s *clientStream) finished(a *clientAttempt, err error) {
	s.mu.Lock()
	a.finished = true
	s.mu.Unlock()
	if err == nil {
		err = context.Canceled
	}
	if a.ctx.Err() != nil || s.cc != nil && s.cc.GetState() == connectivity.Shutdown {
		s.gone(a, asStatus(err))
	}
}

// abandoned is told that the context of an attempt has ended.
func (s *clientStream) abandoned(a *clientAttempt) {
	s.gone(a, status.FromContextError(a.ctx.Err()).Err())
}

// gone notes that an attempt has ended, and tells the chain, unless somebody is at work who will.
func (s *clientStream) gone(a *clientAttempt, err error) {
	s.mu.Lock()
	if a.gone == nil {
		a.gone = err
	}
	mine := s.ops == 0 && s.tellLocked(a)
	s.mu.Unlock()
	if mine {
		go s.alone(func() { s.tell(a, wake{err: a.gone}) })
	}
}

// tellLocked makes the caller the one to tell the end of an attempt; false where it is told, or not the one in use.
func (s *clientStream) tellLocked(a *clientAttempt) bool {
	if s.phase != opened || s.now != a || a.told {
		return false
	}
	s.phase, a.told = driving, true
	return true
}

// cut ends what the chain waits for without an RPC when its context ends.
func (s *clientStream) cut(ctx context.Context, waits phase) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		if s.drive(waits) {
			s.alone(func() { s.wake(wake{err: status.FromContextError(ctx.Err()).Err()}) })
		}
	})
}

// drive makes the caller the one to wake the chain in a phase; false where that is over.
func (s *clientStream) drive(in phase) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase != in {
		return false
	}
	s.phase = driving
	return true
}

// wake wakes the chain and serves it, for the one who drives.
func (s *clientStream) wake(w wake) {
	s.wakes <- w
	s.serve()
}

// alone serves the chain where no caller waits: nobody is there for a panic, so it is logged.
func (s *clientStream) alone(serve func()) {
	serve()
	if p := s.panicked.Swap(nil); p != nil {
		slog.Error("framework: panic in a client chain", "grpc.method", s.method, "panic", p.value, "stack", string(p.stack))
	}
}

// goneLocked is why an attempt has ended without an operation to see that; nil while it goes on.
func (s *clientStream) goneLocked(a *clientAttempt) error {
	if a.gone == nil && a.ctx.Err() != nil {
		a.gone = status.FromContextError(a.ctx.Err()).Err()
	}
	return a.gone
}
