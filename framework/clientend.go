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
	if s.phase != opened || s.now != a || a.told {
		for s.phase == driving {
			s.moved.Wait()
		}
		s.mu.Unlock()
		return
	}
	s.phase, a.told = driving, true
	s.mu.Unlock()
	s.tell(a, w)
}

// tell wakes the chain with the end of an attempt, when none of the attempt's functions runs any more.
func (s *clientStream) tell(a *clientAttempt, w wake) {
	a.close()
	waitFor(&s.sending)
	waitFor(&s.receiving)
	s.bring(a)
	s.wakes <- w
	s.serve()
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
	if a.ctx.Err() != nil || s.cc != nil && s.cc.GetState() == connectivity.Shutdown {
		s.goneNowLocked(a, asStatus(orCanceled(err)))
		return
	}
	s.mu.Unlock()
}

func orCanceled(err error) error {
	if err == nil {
		return context.Canceled
	}
	return err
}

// abandoned is told that the context of an attempt has ended.
func (s *clientStream) abandoned(a *clientAttempt) {
	s.mu.Lock()
	s.goneNowLocked(a, status.FromContextError(a.ctx.Err()).Err())
}

// cut ends what the chain waits for without an RPC when its context ends.
func (s *clientStream) cut(ctx context.Context, waits phase) (stop func() bool) {
	return context.AfterFunc(ctx, func() {
		s.mu.Lock()
		if s.phase != waits {
			s.mu.Unlock()
			return
		}
		s.wakeAloneLocked(status.FromContextError(ctx.Err()).Err())
	})
}

// goneNowLocked notes that an attempt has ended, and tells the chain, unless somebody is at work who will.
func (s *clientStream) goneNowLocked(a *clientAttempt, err error) {
	if s.now != a || a.told {
		s.mu.Unlock()
		return
	}
	if a.gone == nil {
		a.gone = err
	}
	if s.phase != opened || s.ops > 0 {
		s.mu.Unlock()
		return
	}
	s.phase, a.told = driving, true
	s.mu.Unlock()
	go s.alone(func() { s.tell(a, wake{err: a.gone}) })
}

// wakeAloneLocked ends what the chain waits for without an RPC.
func (s *clientStream) wakeAloneLocked(err error) {
	s.phase = driving
	s.mu.Unlock()
	s.alone(func() {
		s.wakes <- wake{err: err}
		s.serve()
	})
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
