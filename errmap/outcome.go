package errmap

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"

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
	Dropped  []string       // what was left out to fit: "DebugInfo", "BadRequest(part)", "message", …
	Logged   bool           // a panic that is in a log already
	Panic    any            // the value of a panic, in the handler or in a method of its error; else nil
	Stack    []byte         // of that panic

	level *slog.Level // what a tag says
}

// Fault reports whether the server failed, not its caller: UNKNOWN, DEADLINE_EXCEEDED, UNIMPLEMENTED, INTERNAL,
// UNAVAILABLE or DATA_LOSS, as OpenTelemetry's conventions have it.
func (o Outcome) Fault() bool { return facts[Code(o.Status.Code()).orInternal()].fault }

// Untold reports whether nobody has been told what went wrong: not the client, and no log. It is what a log must have.
func (o Outcome) Untold() bool {
	return o.Redacted && !o.Logged && o.Source != SourceContextDone
}

// Level is the level to log the call at: that of the error's tag, else ERROR for a fault and INFO for the rest.
func (o Outcome) Level() slog.Level {
	switch {
	case o.level != nil:
		return *o.level
	case o.Fault():
		return slog.LevelError
	}
	return slog.LevelInfo
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
	SourceTagged      Source = "tagged"       // Tagged
	SourcePredicate   Source = "predicate"    // OnFunc
	SourceContext     Source = "context"      // context.Canceled, context.DeadlineExceeded
	SourceContextDone Source = "context-done" // nothing claimed the error, and the call had ended
	SourceUnknown     Source = "unknown"      // nothing claimed the error
	SourcePanic       Source = "panic"        // a PanicError
	SourceDefect      Source = "defect"       // a broken error, see Flaw
)

// sources say what a rule is, for outcomes.
var sources = [...]Source{
	sentinelForm:  SourceSentinel,
	typeForm:      SourceType,
	taggedForm:    SourceTagged,
	predicateForm: SourcePredicate,
}

// chosen reports whether the author of the error or of a rule said what to send.
func (s Source) chosen() bool {
	switch s {
	case SourceExplicit, SourceCode, SourceSentinel, SourceType, SourceTagged, SourcePredicate:
		return true
	}
	return false
}

// unclaimed decides for an error of which nothing is known.
func (w *walk) unclaimed(err error) bool {
	w.settle(w.mapper.config.Unknown.GRPCStatus(), SourceUnknown)
	w.explain("nothing is known of it")
	if w.mapper.config.Verbose {
		w.open().message = err.Error()
		w.open().put(&errdetails.DebugInfo{Detail: valid(fmt.Sprintf("%T: %+v", err, err))})
		return true
	}
	w.out.Redacted = true
	return true
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
	if o.Untold() {
		slog.Default().LogAttrs(ctx, slog.LevelError, "errmap: the client was not told why the call failed", o.attrs()...)
	}
}

// attrs are all but code and message.
func (o *Outcome) attrs() []slog.Attr {
	attrs := telling(
		slog.String("source", string(o.Source)),
		slog.String("method", o.Method),
		slog.String("rule", o.Rule),
		slog.String("place", o.Place),
		slog.String("hook", o.Hook),
		slog.String("flaw", string(o.Flaw)),
		slog.String("dropped", strings.Join(o.Dropped, ", ")),
	)
	if _, shown := o.Cause.(*PanicError); o.Panic != nil && !shown {
		attrs = append(attrs, panicAttrs(o.Panic, o.Stack, o.Logged)...)
	}
	return causeAttr(attrs, o.Cause)
}

// telling are the attributes that say something.
func telling(attrs ...slog.Attr) []slog.Attr {
	return slices.DeleteFunc(attrs, func(a slog.Attr) bool { return a.Value.String() == "" })
}
