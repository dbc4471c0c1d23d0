package framework

import (
	"context"
	"io"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A clientStream is a streaming RPC of a client.
//
// Its chain runs on a goroutine of its own, so that it has a place to sleep, inside of next, while the caller uses the
// stream. The two never run at the same time: the chain asks for something and sleeps, and whoever serves it, mostly
// the caller inside of an operation, wakes it when that has come, and waits until it sleeps again or has returned.
//
//	caller                       chain
//	NewStream ──────── start ──▶ Intercept … next
//	  opens the RPC ◀── ask ──── asleep
//	SendMsg, RecvMsg …              ·
//	RecvMsg sees the end ─ wake ▶ next returns … Intercept returns
//	  gives its error ◀── ask ── gone
//
// Not a coroutine of package iter: that ends the process where one side is locked to an OS thread.
type clientStream struct {
	Call
	clientRPC
	tried
	desc     *grpc.StreamDesc
	streamer grpc.Streamer

	asks  chan ask
	wakes chan wake

	sending, receiving sync.Mutex // held while functions run

	mu        sync.Mutex
	moved     sync.Cond // told of every change of what follows
	phase     phase
	now       *clientAttempt
	ops       int  // operations under way on now
	receivers int  // those of them that receive
	replaying bool // a bidi stream's kept requests are being sent
	closed    bool // by the caller's CloseSend
	buffered  *requestLog
	pending   any // a response that was received while looking for a status
	played    any // a response of a set sequence, for who asked for it
	reached   atomic.Bool
	handedOut bool // the one response was
	final     error
	panicked  atomic.Pointer[carriedPanic]
	lifetime  context.Context // of the whole RPC, made when the caller asks for a Context
	lapse     context.CancelFunc
}

// A phase says what the caller's operations meet.
type phase uint8

const (
	driving   phase = iota // the chain is at work: wait
	opened                 // there is an RPC
	buffering              // requests are collected for BufferRequests
	playing                // responses come from SetResponses
	ended
)

// An ask is what the chain sleeps for.
type ask struct {
	phase    phase // that the stream is in while it sleeps
	ctx      context.Context
	log      *requestLog
	msg      any
	err      error
	panicked *carriedPanic
}

// A wake is what has come of it.
type wake struct {
	err      error
	response any
}

func (c *ClientChain) stream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	l, err := c.line(method, streamKind(desc.ClientStreams, desc.ServerStreams))
	if err != nil {
		return nil, err
	}
	return l.streamer(0, nil, streamer)(ctx, desc, cc, method, opts...)
}

// streamer opens a stream through the segments from one on. A segment's links have a Call of their own, since a raw
// link may open what is inside of it more than once; they share their annotations.
func (l *line) streamer(i int, outer *Call, innermost grpc.Streamer) grpc.Streamer {
	if i == len(l.segments) {
		return innermost
	}
	segment := l.segments[i]
	if segment.line.isBare() {
		return segment.around(l.streamer(i+1, outer, innermost))
	}
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		s := &clientStream{clientRPC: clientRPC{cc: cc, method: method, given: opts}, desc: desc}
		s.parent, s.line, s.driver = ctx, segment.line, s
		if outer != nil {
			s.more.Store(&more{notes: outer.aside().notes})
		}
		s.streamer = segment.around(l.streamer(i+1, &s.Call, innermost))
		return s.open()
	}
}

// around puts the segment's raw link, where it has one, around what is inside.
func (s segment) around(inner grpc.Streamer) grpc.Streamer {
	if s.raw == nil {
		return inner
	}
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		return s.raw(ctx, desc, cc, method, inner, opts...)
	}
}

// open starts the chain, and gives the stream when it sleeps.
func (s *clientStream) open() (grpc.ClientStream, error) {
	s.moved.L = &s.mu
	s.asks, s.wakes = make(chan ask), make(chan wake)
	s.takeFinishes()
	if wantsMetadata(s.given) {
		s.watch()
	}
	go s.chain()
	s.serve()
	s.raise()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.phase == ended && s.final != nil {
		return nil, s.final
	}
	return s, nil
}

// chain runs the links on their goroutine.
func (s *clientStream) chain() {
	end := ask{phase: ended, err: status.Errorf(codes.Internal, "framework: %s: a link ended its goroutine", s.method)}
	returned := false
	defer func() {
		if !returned {
			if p := recover(); p != nil {
				end.panicked = newCarriedPanic(p)
				end.err = status.Errorf(codes.Internal, "framework: %s: a link panicked", s.method)
			}
		}
		s.asks <- end
	}()
	end.err = s.line.run(s.context(), &s.Call)
	returned = true
}

// sleep asks for something on the chain's goroutine, and gives what came of it.
func (s *clientStream) sleep(a ask) wake {
	s.asks <- a
	return <-s.wakes
}

// serve does what the chain asks for until it sleeps, or has returned. One goroutine at a time does that: the phase is
// driving.
func (s *clientStream) serve() {
	for {
		a := <-s.asks
		if a.phase == ended {
			s.finishWith(a)
			return
		}
		var err error
		if a.phase == opened {
			err = s.attempt(a.ctx)
		}
		if err == nil {
			err = s.rest(a)
		}
		if err == nil {
			return
		}
		s.wakes <- wake{err: err}
	}
}

// rest lets the caller go on while the chain sleeps, unless what it sleeps for has ended already.
func (s *clientStream) rest(a ask) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.phase == opened {
		if err := s.goneLocked(s.now); err != nil {
			s.now.told = true
			return err
		}
	} else if err := a.ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	s.phase, s.buffered, s.played = a.phase, a.log, a.msg
	s.moved.Broadcast()
	return nil
}

// finishWith ends the stream when the chain has returned.
func (s *clientStream) finishWith(a ask) {
	if a.err == io.EOF {
		a.err = status.Error(codes.Unknown, "EOF") // a link's own; to the caller it would be a clean end
	}
	if a.panicked != nil {
		s.panicked.Store(a.panicked)
	}
	s.deliver(&s.Call)
	s.mu.Lock()
	if s.now != nil {
		s.now.close()
	}
	if s.lapse != nil {
		s.lapse()
	}
	s.phase, s.final = ended, a.err
	s.moved.Broadcast()
	s.mu.Unlock()
	s.finish(a.err)
}
