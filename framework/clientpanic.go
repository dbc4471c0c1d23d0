package framework

import (
	"fmt"
	"runtime/debug"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

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

// unlessReturned is deferred by what runs functions of links, or a raw link's stream, in an operation: where these panic it
// ends the RPC. The panic goes on in the caller's goroutine.
func (s *clientStream) unlessReturned(a *clientAttempt, op operation, returned *bool) {
	if !*returned {
		s.end(a, op, wake{err: s.errPanic()})
	}
}

func (s *clientStream) errPanic() error {
	return status.Errorf(codes.Internal, "framework: %s: panic while a message was passed", s.method)
}
