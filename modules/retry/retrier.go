package retry

import (
	"context"
	"errors"
	"reflect"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
)

// A retrier tries the RPCs of one method again when they have failed.
type retrier struct {
	policy
	kind     framework.Kind
	attempts int
	backoff  ggm.BackoffFunc
	keep     int
}

// Intercept makes attempts, one after the other.
func (r *retrier) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	s := &series{retrier: r, call: call}
	s.watch()
	for {
		err := next(after(ctx, s.made), call)
		again, err := s.again(ctx, err)
		if !again {
			annotate(call, s.made, s.stopped)
			return err
		}
	}
}

// A series is the attempts of one RPC.
type series struct {
	*retrier
	call *framework.Call

	made    int // attempts that have ended
	pauses  uint
	last    error
	stopped string

	trailer  metadata.MD // of the last attempt
	sent     int         // requests
	answered bool        // a response has passed
}

// watch registers what is to be known of the attempts. A response's reaching the caller, and requests beyond those that are
// kept, rule another one out; that next would say so is not waited for.
func (s *series) watch() {
	s.call.OnTrailer(func(_ context.Context, md metadata.MD) (metadata.MD, error) {
		s.trailer = md
		return md, nil
	})
	switch s.kind {
	case framework.ClientStream:
		s.call.OnRequest(func(_ context.Context, msg any) (any, error) {
			s.sent++
			return msg, nil
		})
		s.call.KeepRequests(s.keep)
	case framework.ServerStream:
		s.call.OnResponse(func(_ context.Context, msg any) (any, error) {
			s.answered = true
			return msg, nil
		})
	}
}

// again reports whether there is to be another attempt, after the pause before it, and else gives the RPC's error.
func (s *series) again(ctx context.Context, err error) (bool, error) {
	if s.kind != framework.Unary && wasRefused(err, s.last) {
		s.stopped = byResponse
		if s.isOver() {
			s.stopped = byRequests
		}
		return false, err
	}
	s.made++
	s.last = err
	w, again := s.judge(ctx, err, s.trailer, false)
	if !again {
		return false, err
	}
	pause := s.pause(ctx, w)
	if s.stopped = s.stops(ctx, w, pause); s.stopped != "" {
		return false, err
	}
	if s.isOver() {
		return true, nil // next gives the reason, in the RPC's status
	}
	if !rest(ctx, pause) {
		s.stopped = byCaller
		return false, interrupted(ctx, err)
	}
	return true, nil
}

// isOver reports whether more was sent than is kept.
func (s *series) isOver() bool { return s.sent > s.keep }

// pause is what to wait before another attempt. A server's pushback is in place of the backoff, which begins anew then
// (gRPC A6); a RetryInfo is the least that it is.
func (s *series) pause(ctx context.Context, w wish) time.Duration {
	if w.pushed {
		s.pauses = 0
		return w.after
	}
	s.pauses++
	return max(w.after, s.bounded(s.backoff(ctx, s.pauses)))
}

// stops says why there is no other attempt; "" where there is.
func (s *series) stops(ctx context.Context, w wish, pause time.Duration) string {
	switch reason := s.refuses(ctx, w); {
	case s.answered:
		return byResponse
	case s.made >= s.attempts:
		return byAttempts
	case !s.budget.open():
		return byBudget
	case reason != "":
		return reason
	case isPast(ctx, pause):
		return byDeadline
	}
	return ""
}

// rest waits; false where the context ended before.
func rest(ctx context.Context, pause time.Duration) bool {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return ctx.Err() == nil
	}
}

// wasRefused reports whether next made no attempt, and gave the last one's error with the reason why it can't be followed by
// another: that is in front of the very error.
func wasRefused(err, last error) bool {
	return err != nil && last != nil && reflect.ValueOf(last).Comparable() && errors.Unwrap(err) == last
}
