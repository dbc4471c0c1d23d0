package timeout

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// A client limits the calls of one method that have no deadline.
type client struct {
	after  time.Duration
	passed error // the cause of a context that the limit ended
}

func newClient(after time.Duration) *client {
	text := fmt.Sprintf("the client's limit of %s for calls without a deadline has passed", after)
	return &client{after, errmap.DeadlineExceeded.Wrap(context.DeadlineExceeded, text)}
}

// Intercept gives a call a deadline that has none.
func (c *client) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if _, ok := ctx.Deadline(); ok {
		return next(ctx, call)
	}
	deadline := time.Now().Add(c.after)
	ctx, cancel := context.WithDeadlineCause(ctx, deadline, c.passed)
	defer cancel()
	err := next(ctx, call)
	// The clock is asked and not the context: the server has a timer of its own, and its answer may be here before ours.
	if err == nil || status.Code(err) != codes.DeadlineExceeded || time.Now().Before(deadline) {
		return err
	}
	// grpc's text is kept: it may say what the call waited for.
	return errmap.DeadlineExceeded.Wrap(err, c.passed.Error()+": "+status.Convert(err).Message())
}
