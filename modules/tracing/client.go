package tracing

import (
	"context"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc/stats"

	"github.com/sluice-go/sluice/framework"
)

// A client is otelgrpc's stats handler of a client, and annotates calls that begin a trace: their spans are made where
// Intercept does not see them.
type client struct{ stats.Handler }

func newClient(o Options) *client { return &client{otelgrpc.NewClientHandler(o.handlers()...)} }

// TagRPC begins the span of an attempt.
func (c *client) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	traced := c.Handler.TagRPC(ctx, info)
	if trace.SpanContextFromContext(ctx).IsValid() {
		return traced
	}
	if call, ok := framework.CallFrom(ctx); ok && call.Side() == framework.ClientSide {
		annotate(call, trace.SpanContextFromContext(traced))
	}
	return traced
}
