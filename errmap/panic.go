package errmap

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"google.golang.org/grpc/status"
)

// A PanicError is a panic that was recovered on the way of an RPC. It is INTERNAL before any rule or hook looks,
// wherever it is in the tree: what a panic carries never chooses a status, even panic(ErrNotFound).
//
// Neither value nor stack reaches the client: Error is a fixed text, and the status, which the error has of its
// own, says "internal error". %+v and slog show both.
type PanicError struct {
	Value  any    // what was given to panic
	Stack  []byte // debug.Stack() of the goroutine, or nil
	Logged bool   // whoever recovered has written it to a log, and nobody else has to
}

// Error is the same for every panic, so that it can not leak by being wrapped.
func (e *PanicError) Error() string { return "recovered panic" }

// Unwrap gives the value where that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// GRPCStatus is INTERNAL with its default text.
func (e *PanicError) GRPCStatus() *status.Status { return Internal.GRPCStatus() }

// Is reports whether target is [Internal].
func (e *PanicError) Is(target error) bool { return isCode(target, e.GRPCStatus()) }

// Format writes the value and the stack for %+v, without the stack where a log has it already.
func (e *PanicError) Format(s fmt.State, verb rune) {
	format(s, verb, e.Error(), e.GRPCStatus(), e.attrs())
}

// LogValue is a group of code, message, panic and stack, without the stack where a log has it already.
func (e *PanicError) LogValue() slog.Value { return logValue(e.GRPCStatus(), e.attrs()) }

func (e *PanicError) attrs() []slog.Attr { return panicAttrs(e.Value, e.Stack, e.Logged) }

func panicAttrs(value any, stack []byte, logged bool) []slog.Attr {
	attrs := []slog.Attr{slog.String("panic", fmt.Sprint(value))}
	if logged {
		return attrs
	}
	return append(attrs, slog.String("stack", string(stack)))
}

// rescue makes a defect of a panic in a method of err or in a hook.
func (w *walk) rescue(err error) {
	p := recover()
	if p == nil {
		return
	}
	w.out.Panic, w.out.Stack = p, debug.Stack()
	w.defect(FlawPanic)
	if w.asked.what == "hook" {
		w.out.Hook = w.asked.name
	}
	if w.asked.what != "" && w.flaw == "" {
		w.out.Cause = fmt.Errorf("errmap: %s %q panicked: %v, given: %w", w.asked.what, w.asked.name, p, err)
		return
	}
	w.out.Cause = fmt.Errorf("%w: %v", withheld(err, FlawPanic), p)
}
