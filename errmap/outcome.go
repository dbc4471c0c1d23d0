package errmap

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
)

// An Outcome is what became of an error, for logs, metrics and alerts.
type Outcome struct {
	Method   string         // "/pkg.Service/Method", as given to Mapper.Error
	Status   *status.Status // what the client gets; never OK
	Cause    error          // the handler's error; where touching that could crash, its text
	Source   Source         // what decided
	Rule     string         // the rule that decided: a sentinel's text, a type; else ""
	Place    string         // where that rule was made, as file:line
	Hook     string         // the hook that put another error in place of the handler's; else ""
	Flaw     Flaw           // what is wrong with the error; else ""
	Redacted bool           // nothing that the error said was sent, and nobody had said what to send
	Local    bool           // a context error while the caller was waiting: the handler's own context ended
	Panic    any            // the value of a panic, in the handler or in a method of its error; else nil
	Stack    []byte         // of that panic
}

// A Source is what decided on a status. It tells what was meant, by code or rule, from what went wrong.
type Source string

const (
	SourceExplicit    Source = "explicit"     // Code.New, Newf, Wrap, Wrapf
	SourceCode        Source = "code"         // a Code by itself
	SourceStatus      Source = "status"       // an error with a status of its own
	SourceRemote      Source = "remote"       // the status of an RPC that this one made, see Remote
	SourceMapped      Source = "mapped"       // another mapper, further in
	SourceSentinel    Source = "sentinel"     // On
	SourceType        Source = "type"         // OnType
	SourceContext     Source = "context"      // context.Canceled, context.DeadlineExceeded
	SourceContextDone Source = "context-done" // nothing claimed the error, and the call had ended
	SourceUnknown     Source = "unknown"      // nothing claimed the error
	SourcePanic       Source = "panic"        // a PanicError
	SourceDefect      Source = "defect"       // a broken error, see Flaw
)

func (w *walk) settle(s *status.Status, source Source) bool {
	w.out.Status, w.out.Source = s, source
	return true
}

func (w *walk) rule(r *ruling, err error) bool {
	w.out.Rule, w.out.Place = r.name, r.place
	return w.settle(r.reply(err), r.source)
}

func (w *walk) defect(f Flaw) bool {
	w.out.Flaw, w.out.Redacted = f, true
	w.out.Rule, w.out.Place = "", ""
	return w.settle(Internal.GRPCStatus(), SourceDefect)
}

// unclaimed decides for an error of which nothing is known.
func (w *walk) unclaimed(err error) bool {
	c := w.mapper.config.Unknown
	if w.mapper.config.Verbose {
		return w.settle(verbose(c, err), SourceUnknown)
	}
	w.out.Redacted = true
	return w.settle(c.GRPCStatus(), SourceUnknown)
}

// verbose says everything there is to say.
func verbose(c Code, err error) *status.Status {
	s := withMessage(c.GRPCStatus(), err.Error())
	with, failed := s.WithDetails(&errdetails.DebugInfo{Detail: valid(fmt.Sprintf("%T: %+v", err, err))})
	if failed != nil { // not with a text that is UTF-8
		return s
	}
	return with
}

// observe tells the observer, which can do no harm to the RPC.
func (m *Mapper) observe(ctx context.Context, o *Outcome) {
	defer func() {
		if p := recover(); p != nil {
			slog.Default().ErrorContext(ctx, "errmap: the observer panicked", "method", o.Method, "panic", p)
		}
	}()
	if m.config.Observer != nil {
		m.config.Observer(ctx, *o)
		return
	}
	if o.Redacted && o.Source != SourceContextDone {
		slog.Default().LogAttrs(ctx, slog.LevelError, "errmap: the client was not told why the call failed", o.attrs()...)
	}
}

// attrs are all but code and message.
func (o *Outcome) attrs() []slog.Attr {
	attrs := words(
		slog.String("source", string(o.Source)),
		slog.String("method", o.Method),
		slog.String("rule", o.Rule),
		slog.String("place", o.Place),
		slog.String("hook", o.Hook),
		slog.String("flaw", string(o.Flaw)),
	)
	if _, shown := o.Cause.(*PanicError); o.Panic != nil && !shown {
		attrs = append(attrs, panicAttrs(o.Panic, o.Stack)...)
	}
	return causeAttr(attrs, o.Cause)
}

// words are the attributes that say something.
func words(attrs ...slog.Attr) []slog.Attr {
	return slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Value.String() == "" })
}
