package logging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"unicode/utf8"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// maxName is how many bytes of a service's or a method's name are logged: with an UnknownServiceHandler clients choose
// them.
const maxName = 256

// fixed is what all lines of a method have.
func fixed(m framework.Method, kind framework.Kind, side framework.Side) []slog.Attr {
	component := ggm.KindServerFieldValue
	if side == framework.ClientSide {
		component = ggm.KindClientFieldValue
	}
	return []slog.Attr{
		slog.String(ggm.SystemTag[0], ggm.SystemTag[1]),
		slog.String(ggm.ComponentFieldKey, component),
		slog.String(ggm.ServiceFieldKey, cut(m.FullService(), maxName)),
		slog.String(ggm.MethodFieldKey, cut(m.Name, maxName)),
		slog.String(ggm.MethodTypeFieldKey, kind.String()),
	}
}

// from is what is known of an RPC when it starts.
func (r *rpc) from(attrs []slog.Attr) []slog.Attr {
	attrs = append(attrs, slog.Time("grpc.start_time", r.start))
	if deadline, ok := r.ctx.Deadline(); ok {
		attrs = append(attrs, slog.Time("grpc.request.deadline", deadline))
	}
	if r.method.side == framework.ServerSide {
		attrs = appendPeer(attrs, r.ctx)
	}
	return attrs
}

func appendPeer(attrs []slog.Attr, ctx context.Context) []slog.Attr {
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		attrs = append(attrs, slog.String("peer.address", p.Addr.String()))
	}
	return attrs
}

// codeOf is the code that the client gets. grpc-go sends context errors with codes of their own, and framework makes
// INTERNAL of an error that says it is none.
func codeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	s, ok := status.FromError(err)
	if !ok {
		s = status.FromContextError(err)
	}
	if s.Code() == codes.OK {
		return codes.Internal
	}
	return s.Code()
}

// appendError adds what the client was told, and of a mapped error what it was not told. fmt prints errors whose methods
// panic.
func appendError(attrs []slog.Attr, err error) []slog.Attr {
	if err == nil {
		return attrs
	}
	attrs = append(attrs, slog.String("grpc.error", fmt.Sprint(err)))
	if mapped, ok := errors.AsType[*errmap.Error](err); ok {
		attrs = append(attrs, slog.Attr{Key: "grpc.cause", Value: cause(mapped.Outcome())})
	}
	return attrs
}

// cause is what decided, and the handler's error. The stack of a panic is not in it: recovery logs that.
func cause(o errmap.Outcome) slog.Value {
	attrs := make([]slog.Attr, 0, 6)
	for _, a := range [...]slog.Attr{
		slog.String("source", string(o.Source)),
		slog.String("rule", o.Rule),
		slog.String("place", o.Place),
		slog.String("hook", o.Hook),
		slog.String("flaw", string(o.Flaw)),
	} {
		if a.Value.String() != "" {
			attrs = append(attrs, a)
		}
	}
	return slog.GroupValue(appendCause(attrs, o)...)
}

func appendCause(attrs []slog.Attr, o errmap.Outcome) []slog.Attr {
	if errors.Unwrap(o.Cause) == nil && fmt.Sprint(o.Cause) == o.Status.Message() {
		return attrs // the client was told all there is
	}
	switch err := o.Cause.(type) {
	case *errmap.PanicError:
		return append(attrs, slog.String("panic", fmt.Sprint(err.Value)))
	case slog.LogValuer:
		return append(attrs, slog.Attr{Key: "error", Value: slog.AnyValue(err).Resolve()})
	default:
		return append(attrs, slog.String("error", fmt.Sprint(err)))
	}
}

// cut shortens a text to at most limit bytes and a mark, between two characters.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return fmt.Sprintf("%s… (%d bytes)", text[:limit], len(text))
}
