package framework

// An operation is one that the caller has under way.
type operation uint8

const (
	sends operation = iota
	receives
	asksHeader
)

// begin begins an operation when the chain sleeps: on the attempt, if there is one.
func (s *clientStream) begin(op operation) (*clientAttempt, phase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.phase == driving || s.busyLocked(op) {
		s.moved.Wait()
	}
	if s.phase == opened {
		s.beginLocked(op)
	}
	return s.now, s.phase
}

// busyLocked reports whether an operation has to wait for others, or for there to be an RPC.
func (s *clientStream) busyLocked(op operation) bool {
	switch op {
	case sends:
		return s.replaying
	case receives:
		return s.phase == buffering || s.receivers > 0
	default:
		return s.phase == buffering
	}
}

func (s *clientStream) beginLocked(op operation) {
	s.ops++
	if op == receives {
		s.receivers++
	}
}

func (s *clientStream) undoLocked(op operation) {
	s.ops--
	if op == receives {
		s.receivers--
	}
	s.moved.Broadcast()
}

// done ends an operation after which the stream goes on, unless its attempt went while it was under way.
func (s *clientStream) done(a *clientAttempt, op operation) {
	s.mu.Lock()
	s.undoLocked(op)
	mine := s.ops == 0 && s.goneLocked(a) != nil && s.tellLocked(a)
	s.mu.Unlock()
	if mine {
		s.tell(a, wake{err: a.gone})
	}
}

// waitUntilServed waits while another operation serves the chain.
func (s *clientStream) waitUntilServed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.phase == driving {
		s.moved.Wait()
	}
}
