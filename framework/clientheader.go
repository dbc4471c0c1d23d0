package framework

import "google.golang.org/grpc/metadata"

// Header waits for the response headers, or the end.
func (s *clientStream) Header() (metadata.MD, error) {
	defer s.raise()
	for {
		a, phase := s.begin(asksHeader)
		if phase == ended || phase == playing {
			return s.endHeader(), s.finalError()
		}
		md, err := s.header(a)
		switch {
		case err != nil:
			s.end(a, asksHeader, wake{err: asStatus(err)})
		case len(md) > 0 || !s.keeps():
			s.reached.Store(true)
			s.done(a, asksHeader)
			return s.passedHeader(md), nil
		case s.afterEOF(a, asksHeader) != nil: // no headers: it had ended, and there was no other attempt
			return s.endHeader(), nil
		}
	}
}

// header waits for the headers of an attempt, and passes them through the functions. There are none where it has ended
// without, as an error does.
func (s *clientStream) header(a *clientAttempt) (metadata.MD, error) {
	returned := false
	defer s.unlessReturned(a, asksHeader, &returned)
	md, err := a.stream.Header()
	if err == nil && len(md) > 0 {
		err = s.flushAlone(md)
	}
	returned = true
	return md, err
}

// flushAlone passes headers through the functions while the first message, which does the same, does not.
func (s *clientStream) flushAlone(md metadata.MD) error {
	s.receiving.Lock()
	defer s.receiving.Unlock()
	return s.flushHeader(md)
}

// Trailer is the response trailer, after the end.
func (s *clientStream) Trailer() metadata.MD {
	s.mu.Lock()
	a, phase := s.now, s.phase
	s.mu.Unlock()
	if sink := s.sink(); sink != nil && phase == ended {
		_, trailer := sink.current()
		return trailer
	}
	if a == nil || a.stream == nil {
		return nil
	}
	return a.stream.Trailer()
}

func (s *clientStream) sink() *sink {
	if m := s.more.Load(); m != nil {
		return m.sink.Load()
	}
	return nil
}

// flushHeader passes headers through the links' functions, once.
func (s *clientStream) flushHeader(md metadata.MD) error {
	sink := s.sink()
	if sink == nil {
		return nil
	}
	sink.mu.Lock()
	if !sink.passed {
		sink.header = whole(md)
	}
	sink.mu.Unlock()
	return sink.flush()
}

// flushFirst passes the headers through the functions; they are there when a message is.
func (s *clientStream) flushFirst(a *clientAttempt) error {
	if s.sink() == nil || s.reached.Load() {
		return nil
	}
	md, err := a.stream.Header()
	if err != nil {
		return asStatus(err)
	}
	return s.flushHeader(md)
}

func (s *clientStream) passedHeader(md metadata.MD) metadata.MD {
	if sink := s.sink(); sink != nil && len(md) > 0 {
		md, _ = sink.current()
	}
	return md
}

// endHeader is the header after the end.
func (s *clientStream) endHeader() metadata.MD {
	if sink := s.sink(); sink != nil {
		md, _ := sink.current()
		return md
	}
	s.mu.Lock()
	a := s.now
	s.mu.Unlock()
	if a == nil || a.stream == nil {
		return nil
	}
	md, _ := a.stream.Header() // the error is the RPC's, which the chain has made its own of
	return md
}

func (s *clientStream) finalError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.final
}
