package requestid

import (
	"context"
	"log/slog"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
)

// server gives the RPCs of a server their ids.
type server struct{ *Options }

// Intercept takes over the caller's id or makes one, and sends it back.
func (s server) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	id := s.id(ctx)
	if id == "" {
		return next(ctx, call)
	}
	call.Annotate(slog.String(framework.AnnotationRequestID, id))
	back := metadata.MD{s.Header: {id}}
	_ = grpc.SetTrailer(ctx, back) // fails only where there is no server, in a test for instance
	streamed := call.Kind().StreamsResponses()
	if streamed {
		call.OnResponse(withFirst(back))
	}
	err := next(context.WithValue(ctx, idKey{}, id), call)
	if err == nil && !streamed {
		_ = grpc.SetHeader(ctx, back) // fails where the handler has sent it
	}
	return err
}

// withFirst has the first message of a stream bring a header. Before there is one it is not known that there will be: an
// error in its place would not be tried again for the header.
func withFirst(back metadata.MD) framework.MessageFunc {
	first := true
	return func(ctx context.Context, msg any) (any, error) {
		if first {
			first = false
			_ = grpc.SetHeader(ctx, back) // fails where the handler has sent it
		}
		return msg, nil
	}
}

// id is the caller's, if it is one and the only one, else a new one.
func (s server) id(ctx context.Context) string {
	if !s.IgnoreCaller {
		if sent := metadata.ValueFromIncomingContext(ctx, s.Header); len(sent) == 1 && wellFormed(sent[0]) {
			return sent[0]
		}
	}
	return s.newID()
}
