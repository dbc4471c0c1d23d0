package tracing

import (
	"context"
	"strings"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/stats"
)

// A server is otelgrpc's stats handler of a server, and ends the spans of RPCs that no handler is there for: grpc tells of
// these that their trailers were sent, and then neither that they begin nor that they end.
type server struct{ stats.Handler }

func newServer(o Options) *server { return &server{otelgrpc.NewServerHandler(o.handlers()...)} }

// TagRPC begins the span.
func (s *server) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return &tag{Context: s.Handler.TagRPC(ctx, info), owner: s, method: info.FullMethodName}
}

// HandleRPC ends it.
func (s *server) HandleRPC(ctx context.Context, of stats.RPCStats) {
	s.Handler.HandleRPC(ctx, of)
	t, ok := ctx.Value(tagKey{s}).(*tag)
	if !ok {
		return
	}
	switch of.(type) {
	case *stats.Begin:
		t.begun = true
	case *stats.OutTrailer:
		if !t.begun {
			t.refused()
		}
	}
}

// A tag is the context of an RPC, and whether it has a handler.
type tag struct {
	context.Context
	owner  *server
	method string
	begun  bool
}

type tagKey struct{ owner *server }

// Value is the tag itself under its key.
func (t *tag) Value(key any) any {
	if k, ok := key.(tagKey); ok && k.owner == t.owner {
		return t
	}
	return t.Context.Value(key)
}

// maxName is how many bytes are kept of what a client calls a method that is none.
const maxName = 256

// refused ends the span of an RPC that no handler is there for. A span's name is one of few, and this one anybody's.
func (t *tag) refused() {
	span := trace.SpanFromContext(t.Context) // of the handler's own context: another stats handler's may be further in
	if !span.IsRecording() {
		return
	}
	span.SetName("unknown")
	span.SetAttributes(semconv.RPCMethod("_OTHER"), semconv.RPCMethodOriginal(cut(t.method)), semconv.RPCResponseStatusCode("UNIMPLEMENTED"))
	span.SetStatus(codes.Error, "unknown method")
	span.End()
}

func cut(method string) string {
	method = strings.TrimPrefix(method, "/")
	return strings.ToValidUTF8(method[:min(len(method), maxName)], "\uFFFD")
}
