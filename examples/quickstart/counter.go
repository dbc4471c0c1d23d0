package main

import (
	"context"
	"fmt"
	"io"

	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// region interceptor

// Counter counts the responses of an RPC, whatever its kind, on whichever side it stands.
type Counter struct{ out io.Writer }

// NewCounter takes what it needs from the fx graph.
func NewCounter(out io.Writer) *Counter { return &Counter{out} }

// Intercept runs around the whole RPC: next returns when that has ended, streams too.
func (c *Counter) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	responses := 0
	call.OnResponse(func(_ context.Context, msg any) (any, error) { responses++; return msg, nil })
	err := next(ctx, call)
	fmt.Fprintf(c.out, "  counter on the %s: %s, %d responses, %s\n", call.Side(), call.Kind(), responses, status.Code(err))
	return err
}

// endregion
