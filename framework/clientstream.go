package framework

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
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
	single   []passed // the one request of a server stream, on its way

	asks    chan ask
	wakes   chan wake
	unwatch func() bool // the caller's context

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

// A clientAttempt is one RPC below the chain; a retrying link makes several.
type clientAttempt struct {
	ctx    context.Context
	cancel context.CancelFunc
	stream grpc.ClientStream
	over   atomic.Bool // no function runs for it any more

	brought  *brought
	finished bool  // grpc is done with it, and has written what it brought
	gone     error // it ended with no operation to see that
	told     bool  // the chain knows
}

func (c *ClientChain) stream(
	ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption,
) (grpc.ClientStream, error) {
	l, err := c.line(method, kindOf(desc.ClientStreams, desc.ServerStreams))
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
	if len(segment.line.names) == 0 {
		return segment.around(l.streamer(i+1, outer, innermost))
	}
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		s := &clientStream{clientRPC: clientRPC{cc: cc, method: method, given: opts}, desc: desc}
		s.parent, s.line, s.driver = ctx, segment.line, s
		if outer != nil {
			s.more.Store(&more{notes: outer.extra().notes})
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
	if s.parent.Done() != nil {
		s.unwatch = context.AfterFunc(s.parent, s.abandon)
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
	} else if err := errors.Join(s.parent.Err(), a.ctx.Err()); err != nil {
		return status.FromContextError(err).Err()
	}
	s.phase, s.buffered, s.played = a.phase, a.log, a.msg
	s.moved.Broadcast()
	return nil
}

// finishWith ends the stream when the chain has returned.
func (s *clientStream) finishWith(a ask) {
	if s.unwatch != nil {
		s.unwatch()
	}
	if a.err == io.EOF {
		a.err = status.Error(codes.Unknown, "EOF") // a link's own; to the caller it would be a clean end
	}
	if a.panicked != nil {
		s.panicked.Store(a.panicked)
	}
	s.deliver(&s.Call)
	s.mu.Lock()
	if s.now != nil {
		s.now.over.Store(true)
		s.now.cancel()
	}
	if s.lapse != nil {
		s.lapse()
	}
	s.phase, s.final = ended, a.err
	s.moved.Broadcast()
	s.mu.Unlock()
	s.finish(a.err)
}

// attempt makes an RPC, and sends again what was kept for it.
func (s *clientStream) attempt(ctx context.Context) error {
	s.waitForOperations()
	a := &clientAttempt{}
	a.ctx, a.cancel = context.WithCancel(ctx)
	s.mu.Lock()
	s.now = a // before the streamer: grpc may be done with it before that returns
	s.mu.Unlock()
	method, options, brought := s.prepare(&s.Call)
	a.brought = brought
	options = append(options[:len(options):len(options)], grpc.OnFinish(func(err error) { s.finished(a, err) }))
	err := s.openAttempt(a, method, options)
	if err == nil {
		err = s.replay(a)
	}
	if err != nil {
		a.over.Store(true)
		a.cancel()
		s.bring(a)
	}
	return err
}

// waitForOperations waits, before another attempt, for those under way on the last one, which is over.
func (s *clientStream) waitForOperations() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.ops > 0 {
		s.moved.Wait()
	}
}

// openAttempt opens the stream on the caller's goroutine. A panic of a raw link inside is kept for the caller.
func (s *clientStream) openAttempt(a *clientAttempt, method string, options []grpc.CallOption) (err error) {
	defer func() {
		if p := recover(); p != nil {
			s.panicked.Store(newCarriedPanic(p))
			err = status.Errorf(codes.Internal, "framework: %s: panic while the stream was opened", s.method)
		}
	}()
	a.stream, err = s.streamer(a.ctx, s.desc, s.cc, method, options...)
	if err == nil && a.stream == nil {
		err = status.Errorf(codes.Internal, "framework: %s: a raw interceptor returned a nil stream without an error", s.method)
	}
	return asStatus(err)
}

// invoke sleeps until the RPC is over.
func (s *clientStream) invoke(ctx context.Context, c *Call) error {
	w := s.sleep(ask{phase: opened, ctx: ctx})
	s.attempts++
	s.last, s.committed = w.err, s.reached.Load()
	if w.err == nil {
		c.response = w.response
	}
	return w.err
}

func (s *clientStream) again(c *Call, m *more, owner int32) error {
	if err := s.noMore(c, m, owner); err != nil {
		return err
	}
	for n := len(s.single); n > 0 && s.single[n-1].owner > owner; n-- {
		s.single = s.single[:n-1]
	}
	return nil
}

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
	a.over.Store(true)
	a.cancel()
	s.sending.Lock()
	s.receiving.Lock()
	s.receiving.Unlock() //nolint:staticcheck // SA2001: waiting is the point
	s.sending.Unlock()
	s.bring(a)
	s.wakes <- w
	s.serve()
}

// bring takes over the metadata of an attempt that grpc is done with.
func (s *clientStream) bring(a *clientAttempt) {
	s.mu.Lock()
	finished := a.finished
	s.mu.Unlock()
	if a.brought != nil && finished {
		s.more.Load().sink.Load().bring(a.brought)
	}
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

// abandon is told that the caller's context has ended.
func (s *clientStream) abandon() {
	err := status.FromContextError(s.parent.Err()).Err()
	s.mu.Lock()
	switch s.phase {
	case opened:
		s.goneNowLocked(s.now, err)
	case buffering, playing:
		s.wakeAloneLocked(err)
	default:
		s.mu.Unlock()
	}
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

// A carriedPanic is a panic of a client stream's chain, raised again on the caller's goroutine.
type carriedPanic struct {
	value any
	stack []byte
}

// newCarriedPanic is made where the panic was recovered, whose stack it has.
func newCarriedPanic(p any) *carriedPanic { return &carriedPanic{value: p, stack: debug.Stack()} }

// Error is the value, and the chain's stack.
func (p *carriedPanic) Error() string {
	return fmt.Sprintf("%v [raised in a client stream's chain]\n\n%s", p.value, p.stack)
}

// Unwrap is the value, where it is an error.
func (p *carriedPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}

// raise raises a panic of the chain on the caller's goroutine.
func (s *clientStream) raise() {
	if s.panicked.Load() == nil {
		return
	}
	if p := s.panicked.Swap(nil); p != nil {
		panic(p)
	}
}
