package fxgrpc

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
)

// A constructor is a function that an app gave for fx to call. It is provided as it is, so that fx's errors name
// it with file and line; what it lacks in the graph is put around it, by optional.go.
type constructor struct {
	declaration
	fn     any
	typ    reflect.Type
	name   string         // "app.NewAuth"
	result reflect.Type   // nil where fn is of a wrong shape
	maybe  []reflect.Type // of parameters that the graph may lack
	given  []given        // values of parameters, in place of the graph's
}

// given is the value that parameters of a type have.
type given struct {
	typ   reflect.Type
	value reflect.Value
}

var errorType = reflect.TypeFor[error]()

// newConstructor reads a func(…) T or func(…) (T, error). What is of another shape comes back with its problem
// and without a result.
func newConstructor(d declaration, fn any) (*constructor, []error) {
	c := &constructor{declaration: d, fn: fn, name: nameOfValue(fn)}
	v := reflect.ValueOf(fn)
	if isNil(fn) || v.Kind() != reflect.Func {
		return c, []error{c.errorf("a constructor is wanted, a function; %s is none%s", c.name, c.misuse())}
	}
	c.typ = v.Type()
	if why := c.misshapen(); why != "" {
		return c, []error{c.errorf("%s %s; a constructor is a func(…) T or func(…) (T, error)%s", c.name, why, c.misuse())}
	}
	c.result = c.typ.Out(0)
	for t := range c.typ.Ins() {
		if t.Kind() == reflect.Struct && t.Name() == "Options" {
			c.maybe = append(c.maybe, t)
		}
	}
	return c, nil
}

// misshapen says what is wrong with the function's signature, or "".
func (c *constructor) misshapen() string {
	switch results := c.typ.NumOut(); {
	case c.typ.IsVariadic():
		return "is variadic, which fx would leave empty"
	case results == 0:
		return "has no result"
	case c.typ.Out(0) == errorType:
		return "has no result but an error"
	case embeds(c.typ.Out(0), reflect.TypeFor[fx.Out]()):
		return "has an fx.Out for a result"
	case results > 2, results == 2 && c.typ.Out(1) != errorType:
		return "has further results"
	}
	return ""
}

// misuse is a cure for what is no constructor and yet known.
func (c *constructor) misuse() string {
	if _, ok := c.fn.(framework.Interceptor); ok {
		return "; an interceptor that is there already is for fxgrpc.Use"
	}
	if c.typ != nil && c.typ.ConvertibleTo(reflect.TypeFor[framework.InterceptorFunc]()) {
		return "; a function that is an interceptor is for fxgrpc.Use(framework.InterceptorFunc(f))"
	}
	return ""
}

// check refuses a result that is not what is wanted. cure is what else there is.
func (c *constructor) check(want reflect.Type, cure string) []error {
	switch {
	case c.result == nil || c.result.Implements(want):
		return nil
	case reflect.PointerTo(c.result).Implements(want):
		return []error{c.errorf("%s gives %s, and only a pointer to it is a %s; let it return *%[2]s", c.name, c.result, want)}
	}
	return []error{c.errorf("%s gives %s, which is no %s; %s", c.name, c.result, want, cure)}
}

// give matches values with the parameters, by type.
func (c *constructor) give(values []any) (errs []error) {
	taken := map[reflect.Type]bool{}
	for _, v := range values {
		if isNil(v) {
			errs = append(errs, c.errorf("With: a value is nil; leave it out"))
			continue
		}
		t := c.parameterFor(reflect.TypeOf(v))
		switch {
		case t == nil:
			errs = append(errs, c.errorf("With: %s has no parameter of type %T; it has %s", c.name, v, c.parameters()))
		case taken[t]:
			errs = append(errs, c.errorf("With: two values are for %s", t))
		default:
			taken[t] = true
			c.given = append(c.given, given{t, reflect.ValueOf(v)})
		}
	}
	c.forget(taken)
	return errs
}

// forget makes parameters that have a value no longer optional ones.
func (c *constructor) forget(given map[reflect.Type]bool) {
	var maybe []reflect.Type
	for _, t := range c.maybe {
		if !given[t] {
			maybe = append(maybe, t)
		}
	}
	c.maybe = maybe
}

// parameterFor is the parameter's type that a value of type t is for; nil for none.
func (c *constructor) parameterFor(t reflect.Type) (found reflect.Type) {
	for _, p := range c.parameters() {
		if p == t {
			return p
		}
		if found == nil && p.Kind() == reflect.Interface && t.Implements(p) {
			found = p
		}
	}
	return found
}

// parameters are the types that the constructor takes from the graph by type alone.
func (c *constructor) parameters() (types []reflect.Type) {
	for t := range c.typ.Ins() {
		types = append(types, taken(t)...)
	}
	return types
}

// taken is t, or of an fx.In struct the types of its fields that have neither name nor group.
func taken(t reflect.Type) (types []reflect.Type) {
	in := reflect.TypeFor[fx.In]()
	if !embeds(t, in) {
		return []reflect.Type{t}
	}
	for f := range t.Fields() {
		if f.Type != in && f.Tag.Get("name") == "" && f.Tag.Get("group") == "" {
			types = append(types, taken(f.Type)...)
		}
	}
	return types
}

// embeds reports whether t is a struct with a marker of fx embedded.
func embeds(t, marker reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	for f := range t.Fields() {
		if f.Anonymous && (f.Type == marker || embeds(f.Type, marker)) {
			return true
		}
	}
	return false
}

// provided is the fx.Option for the constructor, whose result is named where there is a second of its type.
func (c *constructor) provided(instance string) fx.Option {
	if instance == "" {
		return fx.Options(
			once(fmt.Sprintf("one constructor of %s; others say fxgrpc.As", fullName(c.result))),
			c.around(c.fn))
	}
	return fx.Options(
		once(fmt.Sprintf("one constructor of %s as %s; others say another fxgrpc.As", fullName(c.result), instance)),
		c.around(fx.Annotated{Name: instance, Target: c.fn}))
}

// fullName is a type with the whole path of its package: "*example.com/app.Auth".
func fullName(t reflect.Type) string {
	switch {
	case t.Kind() == reflect.Pointer:
		return "*" + fullName(t.Elem())
	case t.PkgPath() == "":
		return t.String()
	}
	return t.PkgPath() + "." + t.Name()
}
