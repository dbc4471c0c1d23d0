package fxgrpc

import (
	"context"
	"errors"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// ErrDraining is the cause of a stream's context that [EndStreams] has cancelled.
var ErrDraining = errors.New("fxgrpc: the server is draining")

// EndStreams ends the streams that are still open when a server has drained for that long: their contexts are
// cancelled with the cause [ErrDraining], what waits for a message is woken, and a handler that returns its context's
// error ends with UNAVAILABLE, which has clients try elsewhere. Unary calls go on until the timeout of [Drain], after
// which everything is cancelled. Without it a stream that does not watch [Draining] is open until then.
func EndStreams(after time.Duration) ServerOption {
	return serverOption(func(s *serverSpec) {
		s.endStreams = &after
		if after < 0 {
			s.problem("EndStreams: the duration is negative; 0 means at once")
		}
	})
}

// ending are the parts that end a server's streams, if it is to.
func (s *server) ending() []framework.Part {
	if s.endStreams == nil {
		return nil
	}
	return []framework.Part{framework.Use(&streamEnd{s.ended}, framework.Name("fxgrpc.endstreams"), framework.At(framework.StageAdmit))}
}

// endStreamsLater ends the streams when it is time, unless the server has drained before and called stop.
func (s *server) endStreamsLater() (stop func()) {
	if s.endStreams == nil {
		return func() {}
	}
	timer := time.AfterFunc(*s.endStreams, s.end)
	return func() { timer.Stop() }
}

// A streamEnd ends streams when its context does.
type streamEnd struct{ ended context.Context }

// Bind is for streams alone.
func (e *streamEnd) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	if m.Kind == framework.Unary {
		return nil, nil
	}
	return e, nil
}

func (e *streamEnd) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	defer context.AfterFunc(e.ended, func() { cancel(ErrDraining) })()
	err := next(ctx, call)
	if context.Cause(ctx) == ErrDraining && (errors.Is(err, context.Canceled) || status.Code(err) == codes.Canceled) {
		return errmap.Unavailable.Wrap(errors.Join(ErrDraining, err), "the server is draining")
	}
	return err
}
