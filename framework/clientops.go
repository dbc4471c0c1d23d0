package framework

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// errAttemptOver is given by what finds that its attempt was ended by another operation.
var errAttemptOver = errors.New("framework: the attempt is over")

// An operation is one that the caller has under way.
type operation uint8

const (
	sends operation = iota
	receives
	asksHeader
)

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
	defer func() {
		if !returned {
			s.broken(a, sends)
		}
	}()
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

// broken ends the RPC when a function of a link, or a raw link's stream, panics under an operation. The panic goes
// on in the caller's goroutine.
func (s *clientStream) broken(a *clientAttempt, op operation) {
	s.end(a, op, wake{err: status.Errorf(codes.Internal, "framework: %s: panic while a message was passed", s.method)})
}

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
	defer func() {
		if !returned {
			s.broken(a, receives)
		}
	}()
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
	s.mu.Lock()
	if s.phase != playing {
		s.mu.Unlock()
		return nil, false
	}
	s.phase = driving
	s.mu.Unlock()
	s.wakes <- wake{}
	s.serve()
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

// Header waits for the response headers, or the end.
func (s *clientStream) Header() (metadata.MD, error) {
	defer s.raise()
	for {
		a, phase := s.begin(asksHeader)
		if phase == ended || phase == playing {
			return s.endHeader(), s.finalError()
		}
		md, err := a.stream.Header()
		if err == nil && len(md) > 0 { // else it has ended without headers, as an error does
			err = s.flushHeader(md)
		}
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

// Trailer is the response trailer, after the end.
func (s *clientStream) Trailer() metadata.MD {
	s.mu.Lock()
	a, phase := s.now, s.phase
	s.mu.Unlock()
	if sink := s.sink(); sink != nil && phase == ended {
		return sink.trailer
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
		sink.header = md.Copy()
	}
	sink.mu.Unlock()
	return sink.flush()
}

func (s *clientStream) passedHeader(md metadata.MD) metadata.MD {
	if sink := s.sink(); sink != nil && sink.passed {
		return sink.header
	}
	return md
}

// endHeader is the header after the end.
func (s *clientStream) endHeader() metadata.MD {
	if sink := s.sink(); sink != nil {
		return sink.header
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
	if s.now != a || s.phase != opened || a.told || s.ops > 0 || s.goneLocked(a) == nil {
		s.mu.Unlock()
		return
	}
	s.phase, a.told = driving, true
	s.mu.Unlock()
	s.tell(a, wake{err: a.gone})
}

// waitUntilServed waits while another operation serves the chain.
func (s *clientStream) waitUntilServed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.phase == driving {
		s.moved.Wait()
	}
}
