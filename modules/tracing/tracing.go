package tracing

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/stats"

	"github.com/sluice-go/sluice/framework"
)

// An Interceptor has RPCs traced, and says which trace they belong to. It is safe for concurrent use.
type Interceptor struct{ server, client stats.Handler }

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Interceptor{newServer(o), newClient(o)}, nil
}

// Placement is the stage Observe, on both sides.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{Name: "tracing", Stage: framework.StageObserve}
}

// ServerOptions are otelgrpc's stats handler of a server. A ServerChain passes it on.
func (i *Interceptor) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.StatsHandler(i.server)}
}

// DialOptions are otelgrpc's stats handler of a client. A ClientChain passes it on.
func (i *Interceptor) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithStatsHandler(i.client)}
}

// Intercept annotates the RPC with the trace that it belongs to: on a server with that of its span, on a client with that of
// the caller's, where there is one.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	annotate(call, trace.SpanContextFromContext(ctx))
	return next(ctx, call)
}

func annotate(call *framework.Call, of trace.SpanContext) {
	if of.IsValid() {
		call.Annotate(slog.String(framework.AnnotationTraceID, of.TraceID().String()))
	}
}
