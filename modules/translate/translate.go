package translate

import (
	"context"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// Options say how errors are translated. The zero value knows no rules: what has a code or a status keeps it, everything
// else is UNKNOWN with a fixed text.
type Options struct {
	// Mapper has the rules, of both sides. nil means one of the zero errmap.Config.
	Mapper *errmap.Mapper

	// OnError is asked on a server for every RPC that fails, before the mapper and its hooks are. A nil answer means:
	// not mine. Any other is mapped in place of err; none can make a success. An answer should wrap err, as
	// errmap.DataLoss.Wrap(err, "…") does, for links outside to find it with errors.Is.
	//
	// The call tells method, kind, and for a unary RPC the request; a stream has none to show when it has ended. ctx is
	// the RPC's. OnError may be called concurrently, and keeps nothing of the call. If it panics the RPC is INTERNAL.
	//
	// It is not asked for a panic, which is INTERNAL whatever it carries, nor for an *errmap.Error, on which another
	// mapper has decided, nor for an error that wraps itself, which nobody could look through.
	OnError func(ctx context.Context, call *framework.Call, err error) error
}

// An Interceptor makes statuses of errors on a server, and errors of statuses on a client. It is safe for concurrent
// use.
type Interceptor struct {
	mapper *errmap.Mapper
	asks   bool // the mapper asks OnError
}

// New makes an Interceptor. It does not fail today.
func New(o Options) (*Interceptor, error) {
	mapper := o.Mapper
	if mapper == nil {
		var err error
		if mapper, err = errmap.New(errmap.Config{}); err != nil {
			return nil, err
		}
	}
	return &Interceptor{asking(mapper, o.OnError), o.OnError != nil}, nil
}

// Placement is the stage Translate, on both sides.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{Name: "translate", Stage: framework.StageTranslate}
}

// Bind makes the interceptor of one method on its side.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	return i.on(m.Side, m.Method), nil
}

// Intercept is for an Interceptor that nobody bound to a method.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return i.on(call.Side(), call.Method()).Intercept(ctx, call, next)
}

func (i *Interceptor) on(side framework.Side, m framework.Method) framework.Interceptor {
	if side == framework.ClientSide {
		return client{i.mapper}
	}
	return server{i.mapper, i.asks, m.String()}
}

// server makes statuses of errors, for one method.
type server struct {
	mapper *errmap.Mapper
	asks   bool
	full   string
}

// Intercept gives a failed RPC its *errmap.Error.
func (s server) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	err := next(ctx, call)
	if err == nil {
		return nil
	}
	known := ctx
	if s.asks {
		known = context.WithValue(ctx, callKey{}, call)
	}
	mapped := s.mapper.Error(known, s.full, err)
	if e, ok := mapped.(*errmap.Error); ok && mapped != err && len(e.Trailer()) > 0 {
		_ = grpc.SetTrailer(ctx, e.Trailer()) // fails only without a wire
	}
	return mapped
}

// client makes errors of statuses.
type client struct{ mapper *errmap.Mapper }

// Intercept gives a failed RPC its *errmap.Remote. ctx is the caller's, not the stream's, which has ended by then.
func (c client) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return c.mapper.Decode(ctx, next(ctx, call))
}
