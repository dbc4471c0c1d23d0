package framework

import (
	"context"
	"errors"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// errAttemptOver is given by what finds that its attempt was ended by another operation.
var errAttemptOver = errors.New("framework: the attempt is over")

// passRequest passes a request through the functions, and into the logs, of the links.
func (s *clientStream) passRequest(a *clientAttempt, msg any) (any, error) {
	if !s.desc.ClientStreams {
		s.single = append(s.single[:0], passed{-1, msg})
	}
	m := s.more.Load()
	if m == nil || len(m.requests) == 0 {
		return msg, nil
	}
	return s.passHooks(a, m.requests, msg)
}

func (s *clientStream) passHooks(a *clientAttempt, hooks []hook, msg any) (any, error) {
	s.sending.Lock()
	defer s.sending.Unlock()
	for _, h := range hooks {
		if a != nil && a.over.Load() {
			return nil, errAttemptOver
		}
		next, err := s.line.passHook(s.functionContext(a), h, msg)
		if err == nil {
			err = s.line.unlike(h.owner, "request", true, msg, next)
		}
		if err != nil {
			s.refused(h.owner)
			return nil, err
		}
		if msg = next; !s.desc.ClientStreams {
			s.single = append(s.single, passed{h.owner, msg})
		}
	}
	return msg, nil
}

// functionContext is what message functions get: the attempt's context, or the Call's before there is one.
func (s *clientStream) functionContext(a *clientAttempt) context.Context {
	if a == nil {
		return s.context()
	}
	return a.ctx
}

// passResponse passes a response through the functions of the links, and headers before the first one.
func (s *clientStream) passResponse(a *clientAttempt, msg any) error {
	m := s.more.Load()
	if m == nil {
		s.reached.Store(true)
		return nil
	}
	s.receiving.Lock()
	defer s.receiving.Unlock()
	if a.over.Load() {
		return errAttemptOver
	}
	if err := s.flushFirst(a); err != nil {
		return err
	}
	got, err := s.line.passHooks(a.ctx, reversed(m.responses), msg)
	if err != nil {
		return err
	}
	if err := assign(msg, got); err != nil {
		return status.Errorf(codes.Internal, "framework: %s: a link replaced a response: %v", s.method, err)
	}
	s.reached.Store(true)
	return nil
}
