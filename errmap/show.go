package errmap

import (
	"fmt"
	"log/slog"
	"strings"

	"google.golang.org/grpc/status"
)

// format writes an error: text for every verb but %+v, which gets the debug form
//
//	NotFound(code=NOT_FOUND, message="no such order", cause=sql: no rows in result set)
//
// where the attributes follow the message.
func format(s fmt.State, verb rune, text string, st *status.Status, more []slog.Attr) {
	if verb != 'v' || !s.Flag('+') {
		_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), text)
		return
	}
	_, _ = fmt.Fprintf(s, "%s(code=%s, message=%q", st.Code(), nameOf(st.Code()), st.Message())
	for _, a := range more {
		_, _ = fmt.Fprintf(s, ", %s=%+v", a.Key, a.Value.Any())
	}
	_, _ = fmt.Fprint(s, ")")
}

// logValue is the same as attributes.
func logValue(st *status.Status, more []slog.Attr) slog.Value {
	attrs := []slog.Attr{slog.String("code", nameOf(st.Code())), slog.String("message", st.Message())}
	return slog.GroupValue(append(attrs, more...)...)
}

func causeAttr(attrs []slog.Attr, cause error) []slog.Attr {
	if cause == nil {
		return attrs
	}
	return append(attrs, slog.Any("cause", cause))
}

// public is the text of a status for Error methods, which never give an empty one.
func public(s *status.Status) string {
	if m := s.Message(); m != "" {
		return m
	}
	return nameOf(s.Code())
}

// valid makes a text fit for a protobuf string: grpc-go drops all details of a status whose message is not
// UTF-8.
func valid(text string) string { return strings.ToValidUTF8(text, "\uFFFD") }
