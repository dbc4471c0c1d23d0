package tracing

import (
	"context"
	"sync"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
)

// propagators are the process's, looked up when they are first needed: an app may set them after it has made its
// interceptors.
type propagators struct {
	of func() propagation.TextMapPropagator
}

func newPropagators() propagators {
	return propagators{sync.OnceValue(func() propagation.TextMapPropagator {
		if p := otel.GetTextMapPropagator(); len(p.Fields()) > 0 {
			return p
		}
		return propagation.TraceContext{}
	})}
}

// Inject writes.
func (p propagators) Inject(ctx context.Context, to propagation.TextMapCarrier) {
	p.of().Inject(ctx, to)
}

// Extract reads.
func (p propagators) Extract(ctx context.Context, from propagation.TextMapCarrier) context.Context {
	return p.of().Extract(ctx, from)
}

// Fields are the keys that Inject writes.
func (p propagators) Fields() []string { return p.of().Fields() }
