package framework

import (
	"context"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// RecvMsg receives a response. Like grpc's it is not for concurrent use with itself.
func (s *clientStream) RecvMsg(msg any) error {
	defer s.raise()
	for {
		a, phase := s.begin(receives)
		switch phase {
		case ended:
			return s.result(msg)
		case playing:
			if err, ok := s.pull(msg); ok {
				return err
			}
			continue
		}
		if s.receive(a, msg) {
			return nil
		}
	}
}

// receive receives on an attempt; false when it ended, or when another ended it.
func (s *clientStream) receive(a *clientAttempt, msg any) bool {
	returned := false
	defer s.unlessReturned(a, receives, &returned)
	err := s.receiveInto(a, msg)
	if err == nil && s.desc.ServerStreams {
		if err = s.passResponse(a, msg); err == nil {
			returned = true
			s.done(a, receives)
			return true
		}
	}
	returned = true
	s.end(a, receives, endOf(err, msg))
	return false
}

// endOf is the end that a receive saw.
func endOf(err error, msg any) wake {
	switch err {
	case nil:
		return wake{response: msg}
	case io.EOF:
		return wake{}
	}
	return wake{err: asStatus(err)}
}

func (s *clientStream) receiveInto(a *clientAttempt, msg any) error {
	s.mu.Lock()
	pending := s.pending
	s.pending = nil
	s.mu.Unlock()
	if pending != nil {
		return assign(msg, pending)
	}
	return a.stream.RecvMsg(msg)
}

// result is what RecvMsg gives after the end.
func (s *clientStream) result(msg any) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.final != nil:
		return s.final
	case s.desc.ServerStreams || s.handedOut:
		return io.EOF
	}
	s.handedOut = true
	if err := assign(msg, s.response); err != nil {
		s.final = status.Errorf(codes.Internal, "framework: %s: %v", s.method, err)
	}
	return s.final
}

// pull has the chain give the next response of a set sequence; false when it is exhausted.
func (s *clientStream) pull(msg any) (error, bool) {
	if !s.drive(playing) {
		return nil, false
	}
	s.wake(wake{})
	s.mu.Lock()
	played := s.played
	s.played = nil
	s.mu.Unlock()
	if played == nil {
		return nil, false
	}
	s.reached.Store(true)
	return assign(msg, played), true
}

// respond plays a set sequence, a message for each RecvMsg.
func (s *clientStream) respond(ctx context.Context, c *Call, seq *sequence) error {
	m := c.more.Load()
	hooks := reversed(between(m.responses, 0, seq.owner))
	if ctx.Done() != nil {
		defer s.cut(ctx, playing)()
	}
	if w := s.sleep(ask{phase: playing, ctx: ctx}); w.err != nil {
		return w.err
	}
	for msg, err := range seq.seq {
		if err == nil {
			err = s.flushHeader(nil)
		}
		if err == nil {
			msg, err = c.line.passHooks(ctx, hooks, msg)
		}
		if err != nil {
			return err
		}
		if isNil(msg) {
			return c.line.errorf(int(seq.owner), "set a sequence that yields a nil response")
		}
		if w := s.sleep(ask{phase: playing, ctx: ctx, msg: msg}); w.err != nil {
			return w.err
		}
	}
	return nil
}
