package auth

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/sluice-go/sluice/framework"
)

// Options say how callers are known. They can not open a method: only the rule anonymous does.
type Options struct {
	// Verifier says who calls; see Tokens, Certificates, Func and First. It must be set.
	Verifier Verifier

	// Timeout is how long a Verifier of one's own may take for an RPC: its context ends then. 0 means 5 seconds. Tokens and
	// Certificates, which do not wait for anything, and Func are not bounded.
	Timeout time.Duration

	// Expire ends a stream with UNAUTHENTICATED when the credentials expire that it was opened with, at Principal.Expires.
	// Without it a stream may outlive them.
	Expire bool
}

const defaultTimeout = 5 * time.Second

// An Interceptor lets an RPC in when it is known who calls, and when the rules of its method allow that caller. It is safe
// for concurrent use.
type Interceptor struct{ options Options }

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	errs := flaws(o.Verifier, "Options.Verifier")
	if o.Timeout < 0 {
		errs = append(errs, fmt.Errorf("auth: Options.Timeout is %s; it is how long a Verifier may take, 0 for %s", o.Timeout, defaultTimeout))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	return &Interceptor{o}, nil
}

// Placement is the stage Authenticate, of a server, with the rules about callers.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:  "auth",
		Stage: framework.StageAuthenticate,
		Sides: []framework.Side{framework.ServerSide},
		Keys:  []framework.AnyKey{Allow, Require, Anonymous, Deny},
	}
}

// Bind makes the interceptor of one method, with what the rules say of it.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	return &method{i.options, accessOf(m)}, nil
}

// Intercept is for an Interceptor that nobody bound to a method: the method is for all callers who are known.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return (&method{options: i.options}).Intercept(ctx, call, next)
}

// A method authenticates the RPCs of one method.
type method struct {
	options Options
	access  access
}

// Intercept calls next for a caller who may, with its Principal in the context and in the Call's annotations.
func (m *method) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if m.access.nobody {
		return forbidden(errNobody)
	}
	ctx, p, err := m.identify(ctx)
	if err != nil {
		return err
	}
	if p == nil {
		return next(ctx, call)
	}
	call.Annotate(slog.String(framework.AnnotationPrincipal, p.ID))
	if err := m.access.admit(p); err != nil {
		return forbidden(err)
	}
	ctx = newContext(ctx, p)
	if p.Expires.IsZero() || call.Kind() == framework.Unary || !m.options.Expire {
		return next(ctx, call)
	}
	return untilExpiry(ctx, call, next, p.Expires)
}

// identify says who calls; nobody, and no error, where no credentials were shown to a method that is open. The context
// is the one to go on with.
func (m *method) identify(ctx context.Context) (context.Context, *Principal, error) {
	shown, err := credentialsOf(ctx)
	if err != nil {
		return ctx, nil, unauthenticated(err)
	}
	defer shown.hidePanic()
	known, p, err := ask(ctx, m.options.Verifier, shown, m.options.Timeout)
	if err == nil {
		err = p.flaw()
	}
	switch {
	case err == nil:
		return known, p, nil
	case m.access.open && !shown.Present() && errors.Is(err, ErrNotMine):
		return ctx, nil, nil
	}
	return ctx, nil, refusal(ctx, shown, err)
}
