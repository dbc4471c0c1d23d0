package frameworktest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
)

type contextKey struct{}

func checkContext(ctx context.Context, t *trial) error {
	var cancel context.CancelFunc
	t.outer.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		ctx, cancel = context.WithCancel(context.WithValue(ctx, contextKey{}, "value"))
		defer cancel()
		return next(ctx, call)
	}
	var broken error
	t.inner.around = func(ctx context.Context, _ *framework.Call, _ framework.Handler) error {
		if ctx.Value(contextKey{}) != "value" {
			broken = errors.New("a value of the context outside was not in the context inside")
			return errInside
		}
		cancel()
		if !passes(ctx.Done(), t.within/4) {
			broken = errors.New("the context outside was cancelled, and the context inside was not")
		}
		return errInside
	}
	got := t.execute(ctx, twoInputs)
	return t.unless(got, broken)
}

// unless is what is broken, also that the RPC did not come to where it is looked for.
func (t *trial) unless(got outcome, broken error) error {
	if broken == nil && t.inner.times() == 0 && !got.answered {
		return fmt.Errorf("next was not called; the caller had the error %v", got.err)
	}
	return broken
}

func checkDeadline(ctx context.Context, t *trial) error {
	for _, given := range []time.Time{{}, time.Now().Add(t.within / 2)} {
		t.outer.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			ctx = context.WithoutCancel(ctx)
			if !given.IsZero() {
				var cancel context.CancelFunc
				ctx, cancel = context.WithDeadline(ctx, given)
				defer cancel()
			}
			return next(ctx, call)
		}
		var broken error
		t.inner.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			deadline, _ := ctx.Deadline()
			broken = t.judgeDeadline(given, deadline)
			return next(ctx, call)
		}
		got := t.execute(ctx, twoInputs)
		if err := t.unless(got, broken); err != nil {
			return err
		}
	}
	return nil
}

// judgeDeadline compares deadlines, of which the zero one is none.
func (t *trial) judgeDeadline(given, got time.Time) error {
	switch {
	case got.Equal(given):
		return nil
	case got.IsZero():
		return errors.New("the caller's deadline was not inside")
	case given.IsZero() && !t.setsDeadline:
		return fmt.Errorf("the caller had given no deadline, inside there was one in %s", time.Until(got).Round(time.Millisecond))
	case !given.IsZero() && got.After(given):
		return fmt.Errorf("inside the deadline was %s later than the caller's", got.Sub(given))
	case !t.setsDeadline:
		return fmt.Errorf("inside the deadline was %s earlier than the caller's", given.Sub(got))
	}
	return nil
}

func checkMetadata(ctx context.Context, t *trial) error {
	ctx = metadata.AppendToOutgoingContext(ctx, keyRequest, "request")
	var header, trailer metadata.MD
	got := t.execute(ctx, []string{inputMetadata}, grpc.Header(&header), grpc.Trailer(&trailer))
	switch {
	case got.answered:
		return nil
	case got.err != nil:
		return fmt.Errorf("the caller had the error %w", got.err)
	case !slices.Contains(header.Get(keyHeader), "header"):
		return fmt.Errorf("the handler set the header %s: header, the caller had %q", keyHeader, header.Get(keyHeader))
	case !slices.Contains(trailer.Get(keyTrailer), "trailer"):
		return fmt.Errorf("the handler set the trailer %s: trailer, the caller had %q", keyTrailer, trailer.Get(keyTrailer))
	}
	trailer = nil
	got = t.execute(ctx, []string{inputFail}, grpc.Trailer(&trailer))
	if got.err != nil && !slices.Contains(trailer.Get(keyTrailer), "trailer") {
		return fmt.Errorf("the handler set the trailer %s: trailer and failed, the caller had %q", keyTrailer, trailer.Get(keyTrailer))
	}
	return nil
}
