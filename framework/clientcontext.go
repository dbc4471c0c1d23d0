package framework

import (
	"context"
	"time"
)

// Context is the stream's: it is done when the whole RPC is, however many attempts there were, and has the values of
// the attempt. It never asks the attempt's stream before the first message, which would keep grpc from retrying.
func (s *clientStream) Context() context.Context {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lifetime == nil {
		s.lifetime, s.lapse = context.WithCancel(s.parent)
		if s.phase == ended {
			s.lapse()
		}
	}
	return &streamContext{s}
}

type streamContext struct{ s *clientStream }

func (c *streamContext) Deadline() (time.Time, bool) { return c.s.lifetime.Deadline() }

func (c *streamContext) Done() <-chan struct{} { return c.s.lifetime.Done() }

func (c *streamContext) Err() error { return c.s.lifetime.Err() }

func (c *streamContext) String() string { return "framework.streamContext" }

// AfterFunc lets package context watch it without a goroutine, though Done and Value belong to different contexts.
func (c *streamContext) AfterFunc(f func()) (stop func() bool) {
	return context.AfterFunc(c.s.lifetime, f)
}

func (c *streamContext) Value(key any) any {
	c.s.mu.Lock()
	a := c.s.now
	c.s.mu.Unlock()
	switch {
	case a == nil:
		return c.s.context().Value(key)
	case c.s.reached.Load() && a.stream != nil:
		return a.stream.Context().Value(key)
	}
	return a.ctx.Value(key)
}
