package recovery

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/recovery"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// Options say where panics go. The zero value logs to slog.Default() and answers INTERNAL.
type Options struct {
	// Logger gets value and stack of every panic, at ERROR, with the method and its kind. nil means slog.Default(), as it
	// is when a panic comes.
	Logger *slog.Logger

	// Handler makes the error of a panic, after it was logged. What it returns is the RPC's error, so an errmap rule or a
	// status in it counts. With nil, and where it panics itself or returns what is no failure (nil, or a status that says
	// OK), it is an *errmap.PanicError.
	//
	// It runs on the goroutine of the panic, concurrently with itself. ctx is the one that recovery was given: values
	// that links inside put into theirs are not in it, what they annotated is, by framework.CallFrom.
	Handler ggm.RecoveryHandlerFuncContext
}

// An Interceptor ends an RPC in which something inside of it panics, and nothing but that RPC. It is safe for
// concurrent use.
type Interceptor struct{ options Options }

// New makes an Interceptor. It does not fail today.
func New(o Options) (*Interceptor, error) { return &Interceptor{o}, nil }

// Placement is the stage Recover, which servers have.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:  "recovery",
		Stage: framework.StageRecover,
		Sides: []framework.Side{framework.ServerSide},
	}
}

// Intercept makes an error of a panic.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = i.recovered(ctx, call, recover())
		}
	}()
	err = next(ctx, call)
	returned = true
	return err
}

// recovered is the error of a panic. A nil value is that of a goroutine that ends (runtime.Goexit), which nobody can
// stop, or of panic(nil) under GODEBUG=panicnil=1, which would else be a success.
func (i *Interceptor) recovered(ctx context.Context, call *framework.Call, value any) error {
	if value == nil {
		value = new(runtime.PanicNilError)
	}
	p := &errmap.PanicError{Value: value, Stack: debug.Stack(), Logged: true}
	i.log(ctx, call, "recovery: panic in an RPC", p)
	if i.options.Handler == nil {
		return p
	}
	if err := i.handled(ctx, call, value); failure(err) {
		return err
	}
	return p
}

// handled is what the handler makes of a panic; nil where it panics itself.
func (i *Interceptor) handled(ctx context.Context, call *framework.Call, value any) (err error) {
	defer func() {
		if p := recover(); p != nil {
			i.log(ctx, call, "recovery: the Handler panicked", &errmap.PanicError{Value: p, Stack: debug.Stack()})
			err = nil
		}
	}()
	return i.options.Handler(ctx, value)
}

// failure reports whether grpc takes an error for one.
func failure(err error) bool { return err != nil && status.Code(err) != codes.OK }

func (i *Interceptor) log(ctx context.Context, call *framework.Call, msg string, p *errmap.PanicError) {
	logger := i.options.Logger
	if logger == nil {
		logger = slog.Default()
	}
	logger.LogAttrs(ctx, slog.LevelError, msg,
		slog.String("grpc.service", call.Method().FullService()),
		slog.String("grpc.method", call.Method().Name),
		slog.String("grpc.method_type", call.Kind().String()),
		valueAttr(p.Value),
		slog.String("stack", string(p.Stack)))
}

// valueAttr is a panic's value as text, so that a handler that formats later does not read what the panicking code still
// writes. A type that says itself what of it may be logged is asked.
func valueAttr(value any) slog.Attr {
	if v, ok := value.(slog.LogValuer); ok {
		return slog.Attr{Key: "panic", Value: slog.AnyValue(v).Resolve()}
	}
	return slog.String("panic", fmt.Sprint(value))
}
