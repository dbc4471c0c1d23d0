package fxgrpc

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
)

// PartsFrom declares parts by a constructor of a framework.Part, or of several as []framework.Part, with parameters from
// the graph and perhaps an error: conditions and rules that the app's configuration decides. Without a [Target] they
// are for every server and no client.
//
//	fxgrpc.PartsFrom(func(c Config) framework.Part { return framework.When("audit", c.Audit) })
func PartsFrom(ctor any, to ...Target) fx.Option {
	c, errs := newConstructor(declared("PartsFrom").of(ctor), ctor)
	switch c.result {
	case nil, reflect.TypeFor[framework.Part](), reflect.TypeFor[[]framework.Part]():
	default:
		errs = append(errs, c.errorf("%s gives %s; let it give a framework.Part or []framework.Part", c.name, c.result))
	}
	var s scope
	errs = append(errs, s.take(c.declaration, to)...)
	for _, why := range s.check() {
		errs = append(errs, c.errorf("%s", why))
	}
	if r := refusal(errs); r != nil {
		return r
	}
	return fx.Options(c.partsFed(s), aimed(c.declaration, s))
}

// partsFed makes links of what the constructor gives and puts them into the groups of a scope.
func (c *constructor) partsFed(s scope) fx.Option {
	name := fmt.Sprintf("fxgrpc.parts %s %p", c.place, c) // places are not unique: helpers and loops have one
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{c.result}, []reflect.Type{reflect.TypeFor[*partLinks](), errorType}, false),
		func(in []reflect.Value) []reflect.Value {
			links, err := c.partLinks(in[0].Interface())
			return []reflect.Value{reflect.ValueOf(links), reflect.ValueOf(&err).Elem()}
		})
	options := []fx.Option{
		c.around(fx.Annotated{Name: name, Target: c.fn}),
		fx.Provide(fx.Annotate(f.Interface(), fx.ParamTags(nameTag(name)), fx.ResultTags(nameTag(name)))),
	}
	for _, group := range s.groups() {
		options = append(options, fx.Provide(fx.Annotate(func(l *partLinks) []*link { return l.links },
			fx.ParamTags(nameTag(name)), fx.ResultTags(groupTag(group+",flatten")))))
	}
	return fx.Options(options...)
}

// partLinks are the parts that one constructor gave.
type partLinks struct{ links []*link }

func (c *constructor) partLinks(v any) (*partLinks, error) {
	parts, several := v.([]framework.Part)
	if !several {
		one, _ := v.(framework.Part)
		parts = []framework.Part{one}
	}
	made := &partLinks{}
	for i, p := range parts {
		if isNil(p) {
			return nil, c.errorf("part %d is nil; leave it out", i+1)
		}
		l := newLink(c.declaration, p)
		l.index = i
		made.links = append(made.links, l)
	}
	return made, nil
}
