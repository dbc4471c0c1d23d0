package timeout

import (
	"context"
	"errors"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// A server limits the RPCs of one method on a server.
type server struct {
	after  time.Duration
	passed error // the cause of a context that the limit ended
}

func newServer(after time.Duration) *server {
	text := fmt.Sprintf("the server's limit of %s for this method has passed", after)
	return &server{after, errmap.DeadlineExceeded.Wrap(context.DeadlineExceeded, text)}
}

// Intercept gives what is inside the sooner deadline.
func (s *server) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= s.after {
		return next(ctx, call)
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.after, s.passed)
	defer cancel()
	if err := next(ctx, call); err != nil {
		return s.outcome(ctx, err)
	}
	return nil
}

// hasPassed reports whether it was the limit that ended the context, and not the caller.
func (s *server) hasPassed(ctx context.Context) bool {
	return ctx.Err() != nil && context.Cause(ctx) == s.passed
}

// outcome is what an RPC ends with that failed inside.
func (s *server) outcome(ctx context.Context, err error) error {
	switch {
	case !s.hasPassed(ctx) || err == s.passed:
		return err
	case isEnd(err):
		return errmap.DeadlineExceeded.Wrap(err, s.passed.Error())
	case !hasStatus(err):
		return &late{err, s.passed}
	}
	return err
}

// isEnd reports whether an error says that a context has ended, its own or that of a call further on.
func isEnd(err error) bool {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return true
	}
	code := status.Code(err)
	return code == codes.DeadlineExceeded || code == codes.Canceled
}

func hasStatus(err error) bool {
	var s interface{ GRPCStatus() *status.Status }
	return errors.As(err, &s)
}

// late is an error that does not say what it is and came when the limit had passed: most likely that is why, as with a
// driver's "canceling statement due to user request". A rule of errmap may know it, so its own error comes first.
type late struct{ err, passed error }

func (l *late) Error() string   { return l.passed.Error() }
func (l *late) Unwrap() []error { return []error{l.err, l.passed} }
