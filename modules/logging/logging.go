package logging

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
)

// Options say what is logged, and where. The zero value logs one line for each RPC to slog.Default(), without payloads.
type Options struct {
	// Logger gets the lines. nil means slog.Default(), as it is when a line is written.
	Logger *slog.Logger

	// Adapter gets the lines in place of Logger: the loggers that were adapted for ggm. Values are its own types of them:
	// times and numbers with a point as text, groups as keys with points. It decides on levels itself, so every line is
	// made.
	Adapter ggm.Logger

	// ServerLevel and ClientLevel give the level of an RPC's line, by the code it ended with. nil means ggm's
	// DefaultServerCodeToLevel and DefaultClientCodeToLevel. StartLine and Payloads have the level of codes.OK. They are
	// asked beforehand, too, so that an RPC of which nothing can be logged costs nothing: what they answer is not to
	// change.
	ServerLevel, ClientLevel func(codes.Code) slog.Level

	// StartLine logs an RPC a second time, when it starts.
	StartLine bool

	// Fields adds attributes to each line. It is called as the line is written, where its level is enabled, concurrently for
	// concurrent RPCs, and for Payloads on a bidi stream also for one RPC. The ctx is the one that logging was given.
	Fields func(ctx context.Context, call *framework.Call) []slog.Attr

	// Payloads says whether the messages of an RPC are logged, each in a line of its own. nil means none. A message is
	// logged as the text of a copy, in proto's JSON, without what its descriptor marks debug_redact; whatever else
	// is secret in it goes to the log.
	Payloads func(ctx context.Context, call *framework.Call) bool

	// PayloadLimit is how many bytes of a message's text are logged. 0 means 2048.
	PayloadLimit int
}

const defaultPayloadLimit = 2048

func (o Options) check() (errs []error) {
	if o.Logger != nil && o.Adapter != nil {
		errs = append(errs, errors.New("logging: Options.Logger and Options.Adapter are both set; set one"))
	}
	if o.PayloadLimit < 0 {
		errs = append(errs, fmt.Errorf("logging: Options.PayloadLimit is %d; it is a number of bytes, 0 for %d",
			o.PayloadLimit, defaultPayloadLimit))
	}
	return errs
}

// orDefaults puts the defaults in.
func (o Options) orDefaults() Options {
	if o.ServerLevel == nil {
		o.ServerLevel = func(c codes.Code) slog.Level { return slog.Level(ggm.DefaultServerCodeToLevel(c)) }
	}
	if o.ClientLevel == nil {
		o.ClientLevel = func(c codes.Code) slog.Level { return slog.Level(ggm.DefaultClientCodeToLevel(c)) }
	}
	if o.PayloadLimit == 0 {
		o.PayloadLimit = defaultPayloadLimit
	}
	return o
}

// An Interceptor logs RPCs. It is safe for concurrent use.
type Interceptor struct{ options Options }

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := errors.Join(o.check()...); err != nil {
		return nil, err
	}
	return &Interceptor{o.orDefaults()}, nil
}

// Placement is the stage Observe, on both sides.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{Name: "logging", Stage: framework.StageObserve, Keys: []framework.AnyKey{Key}}
}

// Bind makes the interceptor of one method, and none where it is to have no lines: what all its lines share is made once.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	lines, _ := Key.Of(m)
	if lines.None {
		return nil, nil
	}
	return i.on(m.Method, m.Kind, m.Side, lines), nil
}

// Intercept is for an Interceptor that nobody bound to a method.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return i.on(call.Method(), call.Kind(), call.Side(), Lines{}).Intercept(ctx, call, next)
}

func (i *Interceptor) on(m framework.Method, kind framework.Kind, side framework.Side, lines Lines) *method {
	level := i.options.ServerLevel
	if side == framework.ClientSide {
		level = i.options.ClientLevel
	}
	level = lines.over(level)
	return &method{
		options: i.options,
		kind:    kind,
		side:    side,
		level:   level,
		highest: highest(level),
		every:   uint64(lines.Every),
		writer:  newWriter(i.options, fixed(m, kind, side)),
	}
}

// highest is the level that no RPC's line is above.
func highest(level func(codes.Code) slog.Level) slog.Level {
	top := level(codes.OK)
	for c := range codes.Code(18) { // one more than there are, for those that a server invents
		top = max(top, level(c))
	}
	return top
}
