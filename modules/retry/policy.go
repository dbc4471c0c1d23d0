package retry

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// The annotations of an RPC that had, or would have had, more than one attempt.
const (
	AnnotationAttempts = "retry.attempts" // how many there were
	AnnotationStopped  = "retry.stopped"  // why there was no other after the last failure, in one of the words below
)

// Why there was no other attempt.
const (
	byAttempts = "attempts" // there were as many as may be
	byBudget   = "budget"   // the budget is spent
	byPushback = "pushback" // the server said so, or to wait longer than MaxDelay
	byDeadline = "deadline" // it passes before the pause does
	byCaller   = "caller"   // gave up during the pause
	byRequests = "requests" // more were sent than are kept
	byResponse = "response" // of a failed attempt had reached the caller
)

// A policy is what retries and hedges of a method have in common.
type policy struct {
	on       [codes.Unauthenticated + 1]bool // that are tried again
	budget   *bucket
	maxDelay time.Duration
}

// judge tells whether the end of an attempt calls for another one, and what the server says to that. The budget learns of
// it, unless the attempt is paid for: of an attempt that fails so, or is pushed back, and of one that succeeds (gRPC A6).
func (p *policy) judge(ctx context.Context, err error, trailer metadata.MD, paid bool) (w wish, again bool) {
	if err == nil {
		p.budget.succeeded()
		return w, false
	}
	if ctx.Err() != nil { // no failure, but the caller's end
		return w, false
	}
	w = pushedBack(trailer)
	if again = p.retries(status.Code(err)); again {
		w.after = max(w.after, retryInfo(err))
	}
	if !paid && (again || w.never) {
		p.budget.failed()
	}
	return w, again
}

func (p *policy) retries(c codes.Code) bool { return int(c) < len(p.on) && p.on[c] }

// refuses says why an attempt after a pause that the server asked for can't be; "" where it can.
func (p *policy) refuses(ctx context.Context, w wish) string {
	switch {
	case w.never || w.after > p.maxDelay:
		return byPushback
	case isPast(ctx, w.after):
		return byDeadline
	}
	return ""
}

// isPast reports whether a context's deadline passes within a pause.
func isPast(ctx context.Context, pause time.Duration) bool {
	deadline, ok := ctx.Deadline()
	return ok && time.Until(deadline) <= pause
}

// bounded is a pause that a function gave: below zero it was beyond all bounds, as some of ggm's are then.
func (p *policy) bounded(pause time.Duration) time.Duration {
	if pause < 0 {
		return p.maxDelay
	}
	return min(pause, p.maxDelay)
}

// previous tells the server how many attempts there were before (gRPC A6).
const previous = "grpc-previous-rpc-attempts"

// after is the context of an attempt after so many others.
func after(ctx context.Context, attempts int) context.Context {
	if attempts == 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, previous, strconv.Itoa(attempts))
}

// interrupted is the end of an RPC whose caller's context ended during a pause. What had failed is not lost.
func interrupted(ctx context.Context, last error) error {
	code := errmap.Code(status.FromContextError(ctx.Err()).Code())
	return code.Wrapf(errors.Join(ctx.Err(), last), "%v before another attempt; the last one: %s", ctx.Err(), status.Convert(last).Message())
}

// annotate says what is not said by an RPC's end alone.
func annotate(call *framework.Call, attempts int, stopped string) {
	if attempts > 1 {
		call.Annotate(slog.Int(AnnotationAttempts, attempts))
	}
	if stopped != "" {
		call.Annotate(slog.String(AnnotationStopped, stopped))
	}
}
