package retry

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"

	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
)

// A runner is one attempt of a race.
type runner struct {
	call    *framework.Call
	paid    bool // it took a token when it was sent
	trailer metadata.MD
	err     error
	left    func() // how it ended if it did not return, for the caller's goroutine
}

func (one *runner) run(ctx context.Context, next framework.Handler) {
	returned := false
	defer func() {
		if returned {
			return
		}
		one.left = runtime.Goexit
		if p := recover(); p != nil {
			carried := &carriedPanic{p, debug.Stack()}
			one.left = func() { panic(carried) }
		}
	}()
	one.err = next(ctx, one.call)
	returned = true
}

// A carriedPanic is a panic of an attempt, raised again on the caller's goroutine.
type carriedPanic struct {
	value any
	stack []byte
}

// Error is the value, and the attempt's stack.
func (p *carriedPanic) Error() string {
	return fmt.Sprintf("%v [raised in an attempt]\n\n%s", p.value, p.stack)
}

// Unwrap is the value, where it is an error.
func (p *carriedPanic) Unwrap() error {
	err, _ := p.value.(error)
	return err
}
