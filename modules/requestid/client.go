package requestid

import (
	"context"
	"log/slog"

	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
)

// client gives the calls of a client their ids.
type client struct{ *Options }

// Intercept sends the id that there is, or a new one: once for all that is inside, so that each attempt has the same.
func (c client) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	ctx, id := c.outgoing(ctx)
	if id != "" {
		call.Annotate(slog.String(framework.AnnotationRequestID, id))
	}
	return next(ctx, call)
}

// outgoing is the context to call with, and the id that it sends.
func (c client) outgoing(ctx context.Context) (context.Context, string) {
	there := metadata.ValueFromOutgoingContext(ctx, c.Header)
	if len(there) == 1 && wellFormed(there[0]) {
		return context.WithValue(ctx, idKey{}, there[0]), there[0]
	}
	id, known := FromContext(ctx)
	if !known {
		if id = c.newID(); id == "" {
			return ctx, ""
		}
		ctx = context.WithValue(ctx, idKey{}, id)
	}
	if len(there) == 0 {
		return metadata.AppendToOutgoingContext(ctx, c.Header, id), id
	}
	md, _ := metadata.FromOutgoingContext(ctx) // a copy
	md.Set(c.Header, id)
	return metadata.NewOutgoingContext(ctx, md), id
}
