package framework

import "io"

// SendMsg sends a request. Like grpc's it is not for concurrent use with itself or CloseSend.
func (s *clientStream) SendMsg(msg any) error {
	defer s.raise()
	for {
		a, phase := s.begin(sends)
		switch phase {
		case ended, playing:
			return s.endOfSends()
		case buffering:
			return s.bufferRequest(msg)
		}
		if err := s.send(a, msg); err != errAttemptOver {
			return err
		}
	}
}

// endOfSends is what a send gets after the end: io.EOF, whose status RecvMsg knows. Where there is one request grpc
// says nil.
func (s *clientStream) endOfSends() error {
	if s.desc.ClientStreams {
		return io.EOF
	}
	return nil
}

// send sends a request on an attempt.
func (s *clientStream) send(a *clientAttempt, msg any) error {
	returned := false
	defer s.unlessReturned(a, sends, &returned)
	passed, err := s.passRequest(a, msg)
	refused := err
	if err == nil {
		err = a.stream.SendMsg(passed)
	}
	returned = true
	switch {
	case err == errAttemptOver:
		s.done(a, sends)
		s.waitUntilServed()
		return err
	case refused == nil && err == io.EOF && s.keeps():
		return s.afterEOF(a, sends)
	case refused == nil && (err == nil || err == io.EOF):
		s.done(a, sends)
		return err
	}
	return s.refuse(a, asStatus(err))
}

// refuse ends the RPC with an error made on this side, and gives what the chain made of it; nil if it made another
// attempt, which has sent the message.
func (s *clientStream) refuse(a *clientAttempt, err error) error {
	s.end(a, sends, wake{err: err})
	return s.afterServed()
}

// afterServed is what a send gets that was not done, when the chain has been served.
func (s *clientStream) afterServed() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.phase != ended:
		return nil
	case s.final == nil:
		return s.endOfSends()
	}
	return s.final
}

// CloseSend ends the requests.
func (s *clientStream) CloseSend() error {
	defer s.raise()
	a, phase := s.begin(sends)
	switch phase {
	case ended, playing:
		return nil
	case buffering:
		s.bufferComplete()
		return nil
	}
	defer s.done(a, sends)
	if s.closeNow() {
		return a.stream.CloseSend()
	}
	return nil
}

func (s *clientStream) closeNow() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	first := !s.closed
	s.closed = true
	return first
}
