package errmap

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Remote is the failure of an RPC as its client sees it: the status that came in, with the errors that the
// server meant inside. [Mapper.Decode] makes it. It is for reading only, also concurrently.
//
// errors.Is holds for the [Code] of the status; for sentinels and types that came back by their reason; for
// context.DeadlineExceeded when the code is DEADLINE_EXCEEDED; and for context.Canceled when the code is
// CANCELLED and the caller's own context had ended: the cancellation of something in the server is not the
// caller's own.
//
// Returned from a handler, it passes its status on, unless a rule claims what came back inside.
type Remote struct {
	status *status.Status
	typed  []error
	own    bool // the caller's context had ended
}

// Error is the message of the status, or the code's name where that is empty. There is no "rpc error:" before
// it, so that it reads well inside of other errors.
func (e *Remote) Error() string { return public(e.status) }

// GRPCStatus is the status as it was received, with all its details.
func (e *Remote) GRPCStatus() *status.Status { return e.status }

// Unwrap gives the errors that came back by their reason, if any. The slice is not to be changed.
func (e *Remote) Unwrap() []error { return e.typed }

// Is reports whether target is the code of the status, a context error of the same meaning, or an equal error
// of grpc's status package.
func (e *Remote) Is(target error) bool {
	switch target {
	case context.DeadlineExceeded:
		return e.status.Code() == codes.DeadlineExceeded
	case context.Canceled:
		return e.status.Code() == codes.Canceled && e.own
	}
	return isCode(target, e.status) || errors.Is(e.status.Err(), target)
}

// Format writes the debug form for %+v: code, message, and what came back.
func (e *Remote) Format(s fmt.State, verb rune) { format(s, verb, e.Error(), e.status, e.attrs()) }

// LogValue is a group of code, message, and what came back.
func (e *Remote) LogValue() slog.Value { return logValue(e.status, e.attrs()) }

func (e *Remote) attrs() []slog.Attr {
	return causeAttr([]slog.Attr{slog.Bool("remote", true)}, errors.Join(e.typed...))
}
