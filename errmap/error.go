package errmap

import (
	"fmt"
	"log/slog"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// An Error is what [Mapper.Error] makes of an error: the status that the client gets, and the cause. It is for
// reading only, also concurrently.
//
// errors.Is and errors.As find both the [Code] of the status and everything in the cause.
type Error struct {
	outcome Outcome
	trailer metadata.MD
}

// Error is the text that the client reads, or the code's name where that is empty. The cause is not in it, so
// that wrapping the error does not send the cause; %+v and slog show it.
func (e *Error) Error() string { return public(e.outcome.Status) }

// GRPCStatus is what goes out on the wire.
func (e *Error) GRPCStatus() *status.Status { return e.outcome.Status }

// Unwrap gives the cause: the error that the handler returned.
func (e *Error) Unwrap() error { return e.outcome.Cause }

// Is reports whether target is the [Code] of the status.
func (e *Error) Is(target error) bool { return isCode(target, e.outcome.Status) }

// Trailer is the trailing metadata to send with the status, nil for none: what [Trailer] added, and by Config.Pushback
// when to try again. It is not to be changed.
func (e *Error) Trailer() metadata.MD { return e.trailer }

// Outcome tells what decided, and what there is beside the status.
func (e *Error) Outcome() Outcome { return e.outcome }

// Format writes the debug form for %+v: code, message, what decided, and the cause in its own long form.
func (e *Error) Format(s fmt.State, verb rune) {
	format(s, verb, e.Error(), e.outcome.Status, e.outcome.attrs())
}

// LogValue is a group of code, message, what decided, and cause.
func (e *Error) LogValue() slog.Value { return logValue(e.outcome.Status, e.outcome.attrs()) }
