package timeout

import (
	"context"
	"fmt"
	"time"

	"github.com/sluice-go/sluice/framework"
)

// Options say how long an RPC may take where no rule says it. The zero value has no limit but those of rules.
type Options struct {
	// Default is the limit of methods that no rule is for. 0 means none, as None does.
	Default time.Duration
}

// An Interceptor limits how long RPCs may take. It is safe for concurrent use.
type Interceptor struct{ options Options }

// New makes an Interceptor, or tells what is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if o.Default < 0 {
		return nil, fmt.Errorf("timeout: Options.Default is %s; it is the time that an RPC may take, 0 for no limit", o.Default)
	}
	return &Interceptor{o}, nil
}

// Placement is the stage Admit, on both sides.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{Name: "timeout", Stage: framework.StageAdmit, Keys: []framework.AnyKey{Key}}
}

// Bind makes the interceptor of one method, and none where there is no limit.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	after, said := Key.Of(m)
	if !said {
		return limited(m.Side, i.options.Default), nil
	}
	return limited(m.Side, after), nil
}

// Intercept is for an Interceptor that nobody bound to a method: it knows of no rules.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if bound := limited(call.Side(), i.options.Default); bound != nil {
		return bound.Intercept(ctx, call, next)
	}
	return next(ctx, call)
}

// limited is the interceptor of a limit; nil for none.
func limited(side framework.Side, after time.Duration) framework.Interceptor {
	switch {
	case after == 0 || after == None:
		return nil
	case side == framework.ClientSide:
		return newClient(after)
	}
	return newServer(after)
}
