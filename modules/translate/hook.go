package translate

import (
	"context"
	"fmt"
	"runtime/debug"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// A hook is Options.OnError. It does here, where the Call is, what errmap does for a mapper's own hooks.
type hook struct {
	onError func(ctx context.Context, call *framework.Call, err error) error
	plain   *errmap.Mapper // without rules, and silent
}

func newHook(onError func(ctx context.Context, call *framework.Call, err error) error) (*hook, error) {
	plain, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}})
	return &hook{onError, plain}, err
}

// place gives the error to map: err, or what OnError put in its place.
//
// Whether err holds a panic is asked of a mapper, which looks through any error without harm, also one that wraps
// itself; and its Outcome has a cause that can be printed.
func (h *hook) place(ctx context.Context, call *framework.Call, err error) error {
	mapped := h.plain.Error(ctx, "", err).(*errmap.Error)
	if err == error(mapped) || mapped.Outcome().Source == errmap.SourcePanic {
		return err
	}
	if answer := h.ask(ctx, call, err); answer != nil {
		return &replaced{answer, mapped.Outcome().Cause}
	}
	return err
}

// ask calls OnError; a panic in it is its answer.
func (h *hook) ask(ctx context.Context, call *framework.Call, err error) (answer error) {
	defer func() {
		if p := recover(); p != nil {
			answer = &errmap.PanicError{Value: p, Stack: debug.Stack()}
		}
	}()
	return h.onError(ctx, call, err)
}

// A replaced error is mapped by the answer alone. The handler's error is in the text, which is for logs.
type replaced struct{ answer, handlers error }

func (r *replaced) Error() string {
	return fmt.Sprintf("%v (by OnError, in place of: %v)", r.answer, r.handlers)
}

func (r *replaced) Unwrap() error { return r.answer }
