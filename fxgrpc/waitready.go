package fxgrpc

import (
	"context"
	"errors"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc/connectivity"
)

// WaitReady has the app wait when it starts until the client has a connection, at the client's place among the options:
// an app that can not reach its peer does not start. It waits as long as fx lets hooks take; the error says in which state
// the connection was left. Without it nothing is dialled before the first call.
func WaitReady() ClientOption {
	return clientOption(func(c *clientSpec) { c.waitReady = true })
}

// waiting has a client wait when the app starts, where that is said.
func (c *clientSpec) waiting() fx.Option {
	if !c.waitReady {
		return fx.Options()
	}
	return fx.Invoke(fx.Annotate(func(made *client, lc fx.Lifecycle) {
		if made.err == nil {
			lc.Append(fx.StartStopHook(made.ready, made.conn.Close))
		}
	}, fx.ParamTags(nameTag(c.name))))
}

// ready connects, and waits until there is a connection. fx does not stop what failed to start, so that is done here.
func (c *client) ready(ctx context.Context) error {
	err := c.connect(ctx)
	if err != nil {
		err = errors.Join(err, c.conn.Close())
	}
	return err
}

func (c *client) connect(ctx context.Context) error {
	cc, err := c.conn.get()
	if err != nil {
		return c.errorf("%w", err)
	}
	wait, cancel := aLittleLess(ctx)
	defer cancel()
	for {
		cc.Connect()
		state := cc.GetState()
		if state == connectivity.Ready {
			return nil
		}
		if !cc.WaitForStateChange(wait, state) {
			return c.errorf("no connection to %q in the time that fx gives for starting; it is %s: %w", c.address, state, wait.Err())
		}
	}
}

// aLittleLess ends before ctx does: when that has ended, fx tells nothing of what a hook returns.
func aLittleLess(ctx context.Context) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(slack, time.Until(deadline)/4)))
}
