package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sluice-go/sluice/framework"
)

var errExpired = errors.New("auth: the credentials expired while the stream was open")

// untilExpiry ends a stream when its credentials expire: the context given to next ends, and with it what waits for a
// message. No message passes any more.
func untilExpiry(ctx context.Context, call *framework.Call, next framework.Handler, at time.Time) error {
	ctx, cancel := context.WithDeadlineCause(ctx, at, errExpired)
	defer cancel()
	err := next(ctx, call)
	switch {
	case !expired(ctx):
		return err
	case err == nil:
		return unauthenticated(errExpired)
	}
	return unauthenticated(fmt.Errorf("%w, and then: %w", errExpired, err))
}

// expired reports whether it was this that ended the context.
func expired(ctx context.Context) bool { return ctx.Err() != nil && context.Cause(ctx) == errExpired }
