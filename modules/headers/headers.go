package headers

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// Options say what request metadata there is. The zero value knows of none, and the link then stands on no method.
type Options struct {
	// Bind are the structs: on a server each is read from the metadata of every request, on a client sent with it. Two
	// may have a key in common; a type is given once.
	Bind []Struct
}

// check tells what is wrong with the structs, by itself and with each other.
func (o Options) check() (errs []error) {
	seen := map[reflect.Type]*declared{}
	for i, s := range o.Bind {
		if s.declared == nil {
			errs = append(errs, fmt.Errorf("headers: Options.Bind[%d] is the zero Struct; make it with headers.Of", i))
			continue
		}
		if first := seen[s.typ]; first != nil {
			errs = append(errs, fmt.Errorf("headers: Options.Bind has %s twice (%s and %s); keep one", s.name(), first.place, s.place))
			continue
		}
		seen[s.typ] = s.declared
		errs = append(errs, s.problems...)
	}
	return errs
}

// An Interceptor binds request metadata on a server and sends it on a client. It is safe for concurrent use.
type Interceptor struct{ bind []Struct }

// New makes an Interceptor, or tells all that is wrong with the structs: each mistake in a tag is a
// *framework.TagError, with the place where Of was called.
func New(o Options) (*Interceptor, error) {
	if err := tag.Group(o.check()...); err != nil {
		return nil, err
	}
	return &Interceptor{slices.Clone(o.Bind)}, nil
}

// Placement is the stage Authenticate, on both sides, inside of a link "auth" where there is one: what requests say of
// themselves is looked at when it is known who makes them, and can be read by all that decides on it.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{Name: "headers", Stage: framework.StageAuthenticate, After: []string{"?auth"}}
}

// Bind makes the interceptor of one method on its side, none where there is nothing to bind.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	if len(i.bind) == 0 {
		return nil, nil
	}
	return i.on(m.Side), nil
}

// Intercept is for an Interceptor that nobody bound to a method.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return i.on(call.Side()).Intercept(ctx, call, next)
}

func (i *Interceptor) on(side framework.Side) framework.Interceptor {
	if side == framework.ClientSide {
		return client{i.bind}
	}
	return server{i.bind}
}

// server binds the structs, for all that is inside.
type server struct{ bind []Struct }

// Intercept refuses a request whose metadata is not as declared, before a message of it is looked at.
func (s server) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	var broken violations
	inside := ctx
	for _, b := range s.bind {
		inside = b.of.read(ctx, inside, b.fields, &broken)
	}
	if err := broken.status("invalid request metadata"); err != nil {
		return err
	}
	return next(inside, call)
}

// client sends the structs.
type client struct{ bind []Struct }

// Intercept refuses what can not be sent, or is not all there, before anything of the RPC goes out. What it adds is in
// the context given to next alone: another attempt begins without it.
func (c client) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	out := outgoing{given: ctx}
	for _, b := range c.bind {
		if values, ok := b.of.sent(ctx); ok {
			out.add(b.declared, values)
		}
	}
	out.complete(c.bind)
	if err := out.broken.status("headers: request metadata was not sent"); err != nil {
		return err
	}
	return next(out.context(), call)
}
