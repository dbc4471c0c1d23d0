package frameworktest

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

func checkSuccess(ctx context.Context, t *trial) error {
	got := t.execute(ctx, twoInputs)
	if got.err != nil {
		return fmt.Errorf("the caller had the error %w", got.err)
	}
	return t.calledOnce()
}

// calledOnce wants next to have been called once, if the interceptor is not one of those that need not.
func (t *trial) calledOnce() error {
	switch n := t.inner.times(); {
	case n == 0 && !t.answers:
		return errors.New("next was not called")
	case n > 1 && !t.retries:
		return fmt.Errorf("next was called %d times", n)
	}
	return nil
}

func checkError(ctx context.Context, t *trial) error {
	got := t.execute(ctx, []string{inputFail})
	if err := t.passedOn(got); err != nil {
		return fmt.Errorf("for a status error: %w", err)
	}
	if err := t.calledOnce(); err != nil {
		return err
	}
	plain := errors.New("an error without a status")
	t.inner.around = func(context.Context, *framework.Call, framework.Handler) error { return plain }
	if err := t.passedOn(t.execute(ctx, twoInputs)); err != nil {
		return fmt.Errorf("for an error that has no status: %w", err)
	}
	return nil
}

// passedOn wants the inner probe's error to be the outer one's and the caller's.
func (t *trial) passedOn(got outcome) error {
	inside, called := t.inner.last()
	outside, _ := t.outer.last()
	switch {
	case t.answers && (got.answered || got.err == nil):
		return nil
	case !called:
		return errors.New("next was not called")
	case inside == nil:
		return errors.New("the request for which the RPC fails did not reach it")
	case outside == nil:
		return fmt.Errorf("next returned the error %q, Intercept returned nil", inside)
	case got.err == nil:
		return fmt.Errorf("Intercept returned the error %q, the caller had success", outside)
	case t.changesErrors:
		return nil
	case status.Code(outside) != status.Code(inside):
		return fmt.Errorf("next returned an error of code %s, Intercept one of code %s: %q", status.Code(inside), status.Code(outside), outside)
	case !errors.Is(outside, inside):
		return fmt.Errorf("next returned the error %q, and by errors.Is what Intercept returned is another: %q", inside, outside)
	}
	return nil
}

func checkLateError(ctx context.Context, t *trial) error {
	var passed atomic.Int32
	t.inner.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnResponse(func(_ context.Context, msg any) (any, error) {
			if passed.Add(1) > 2 {
				return nil, errInside
			}
			return msg, nil
		})
		return next(ctx, call)
	}
	got := t.execute(ctx, []string{"a", "b", "c"})
	if passed.Load() <= 2 && (t.answers || t.changesMessages) { // there was no third message
		return nil
	}
	if err := t.passedOn(got); err != nil || got.err == nil {
		return err
	}
	if len(got.outputs) != 2 {
		return fmt.Errorf("of two messages before the error the caller had %q", got.outputs)
	}
	return nil
}

func checkPanic(ctx context.Context, t *trial) error {
	t.inner.around = func(context.Context, *framework.Call, framework.Handler) error { panic("a panic inside") }
	if got := t.execute(ctx, twoInputs); got.err == nil && !got.answered {
		return fmt.Errorf("the caller had success, and the responses %q", got.outputs)
	}
	return nil
}
