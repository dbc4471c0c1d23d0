package errmap

import (
	"errors"
	"fmt"
	"log/slog"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// New makes an error of the code. The client reads msg as it stands; an empty one stays empty.
//
// The error carries its status (GRPCStatus), so it needs no mapper. Wrapped with %w it does: grpc-go then
// sends the wrapper's text, a [Mapper] sends msg alone. Invalid UTF-8 in msg is replaced by U+FFFD.
func (c Code) New(msg string) error { return c.Wrap(nil, msg) }

// Newf is New with a message formatted as by fmt.Sprintf. It does not wrap: use [Code.Wrapf].
func (c Code) Newf(format string, a ...any) error {
	return c.Wrap(nil, fmt.Sprintf(format, a...))
}

// Wrap is New with a cause, which is for logs, errors.Is and errors.As, and never for the client. It shows in
// %+v and in slog, not in Error. A nil cause is none.
func (c Code) Wrap(cause error, msg string) error {
	if !c.known() {
		misuse := fmt.Errorf("errmap: %d is none of the sixteen codes; its message was %q", c, msg)
		return &explicit{status: Internal.GRPCStatus(), cause: errors.Join(misuse, cause), flaw: FlawCode}
	}
	return &explicit{status: status.New(codes.Code(c), valid(msg)), cause: cause}
}

// Wrapf is Wrap with a message formatted as by fmt.Sprintf.
func (c Code) Wrapf(cause error, format string, a ...any) error {
	return c.Wrap(cause, fmt.Sprintf(format, a...))
}

// explicit is an error whose author chose the code and the public text.
type explicit struct {
	status *status.Status
	cause  error
	flaw   Flaw
}

func (e *explicit) Error() string                 { return public(e.status) }
func (e *explicit) Unwrap() error                 { return e.cause }
func (e *explicit) GRPCStatus() *status.Status    { return e.status }
func (e *explicit) Is(target error) bool          { return isCode(target, e.status) }
func (e *explicit) LogValue() slog.Value          { return logValue(e.status, e.detail()) }
func (e *explicit) Format(s fmt.State, verb rune) { format(s, verb, e.Error(), e.status, e.detail()) }
func (e *explicit) detail() []slog.Attr           { return causeAttr(nil, e.cause) }

// isCode reports whether target is the Code of s: what errors.Is(err, errmap.NotFound) asks.
func isCode(target error, s *status.Status) bool {
	c, ok := target.(Code)
	return ok && codes.Code(c) == s.Code()
}
