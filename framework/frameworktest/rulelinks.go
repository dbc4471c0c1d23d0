package frameworktest

import (
	"context"
	"fmt"
	"slices"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func checkShort(ctx context.Context, t *trial) error {
	t.inner.around = func(context.Context, *framework.Call, framework.Handler) error { return errInside }
	if err := t.passedOn(t.execute(ctx, twoInputs)); err != nil {
		return fmt.Errorf("the link inside refused: %w", err)
	}
	t.inner.around = answerOne
	got := t.execute(ctx, twoInputs)
	switch {
	case got.answered:
		return nil
	case got.err != nil:
		return fmt.Errorf("the link inside answered, the caller had the error %w", got.err)
	case !t.changesMessages && !slices.Equal(got.outputs, []string{"answer"}):
		return fmt.Errorf(`the link inside answered "answer", the caller had %q`, got.outputs)
	}
	return nil
}

// answerOne answers with one message in place of next.
func answerOne(_ context.Context, call *framework.Call, _ framework.Handler) error {
	answer := &dummypb.DummyResponse{Output: "answer"}
	if !call.Kind().StreamsResponses() {
		call.SetResponse(answer)
		return nil
	}
	call.SetResponses(func(yield func(any, error) bool) { yield(answer, nil) })
	return nil
}

func checkAgain(ctx context.Context, t *trial) error {
	var again bool
	t.outer.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.KeepRequests(1)
		err := next(ctx, call)
		if err == nil {
			return nil
		}
		again = true
		return next(ctx, call)
	}
	got := t.execute(ctx, []string{inputFlaky})
	switch {
	case got.answered:
		return nil
	case got.err != nil:
		return fmt.Errorf("the handler fails once, next was called again (%t), and the caller had the error %w", again, got.err)
	case !t.changesMessages && !t.answers && !slices.Equal(got.outputs, outputsOf(t.kind, []string{inputFlaky})):
		return fmt.Errorf("of the second attempt the caller had the outputs %q", got.outputs)
	}
	return nil
}
