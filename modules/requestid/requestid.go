package requestid

import (
	"context"

	"github.com/sluice-go/sluice/framework"
)

// An Interceptor gives RPCs their ids. It is safe for concurrent use.
type Interceptor struct{ options Options }

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if o.Header == "" {
		o.Header = defaultHeader
	}
	return &Interceptor{o}, nil
}

// Placement is the stage Observe, on both sides, outside of a link "logging" where there is one: also the line of an
// RPC's start has the id.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{Name: "requestid", Stage: framework.StageObserve, Before: []string{"?logging"}}
}

// Bind makes the interceptor of one method on its side.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	return i.on(m.Side), nil
}

// Intercept is for an Interceptor that nobody bound to a method.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return i.on(call.Side()).Intercept(ctx, call, next)
}

func (i *Interceptor) on(side framework.Side) framework.Interceptor {
	if side == framework.ClientSide {
		return client{&i.options}
	}
	return server{&i.options}
}
