package fxgrpc

import (
	"reflect"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
)

// Provide declares an interceptor by its constructor: a func(…) T or func(…) (T, error), where T is a
// [framework.Interceptor] and the parameters come from the graph, fx.In structs among them.
//
//	fxgrpc.Provide(auth.New, framework.Except("grpc.health.v1.Health/*"), fxgrpc.OnServers("public"))
//
// T enters the graph under its own type, so that fx.Decorate and fx.Replace of T reach the chain: from the app's
// root, and from the fx.Module that Provide is in. A second instance of a type is told apart by [As].
//
// A parameter of a struct type that is named Options is optional: the zero value when the graph has none. It is an error
// when the graph has a constructor of it that can not run. [With] gives values for parameters in place of the graph.
//
// Without a [Target] the interceptor is for every server and no client. Options place it, and win over its own
// [framework.Placement]. A constructor of any other shape is an error when the app is built.
func Provide(ctor any, o ...framework.LinkOption) fx.Option {
	c, errs := newConstructor(declared("Provide").of(ctor), ctor)
	errs = append(errs, c.check(interceptorType, "for grpc's own interceptors say fxgrpc.Parts(framework.UseServer(…))")...)
	options, wrong := splitLinkOptions(c.declaration, o)
	errs = append(errs, wrong...)
	if len(errs) == 0 {
		errs = c.give(options.values)
	}
	if r := refusal(errs); r != nil {
		return r
	}
	return fx.Options(c.provided(options.instance), c.linked(options, false), aimed(c.declaration, options.scope))
}

// linked makes a link of what the constructor made, once, and puts it into the groups of its scope.
func (c *constructor) linked(o linkOptions, fallback bool) fx.Option {
	groups := o.scope.groups()
	results := make([]reflect.Type, len(groups))
	tags := make([]string, len(groups))
	for i, group := range groups {
		results[i], tags[i] = reflect.TypeFor[*link](), groupTag(group)
	}
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{c.result}, results, false), func(in []reflect.Value) []reflect.Value {
		i, _ := in[0].Interface().(framework.Interceptor)
		l := newLink(c.declaration, framework.Use(i, o.framework...))
		l.fallback, l.placed = fallback, o.placed
		return repeated(reflect.ValueOf(l), len(groups))
	})
	return fx.Provide(fx.Annotate(f.Interface(), fx.ParamTags(nameTag(o.instance)), fx.ResultTags(tags...)))
}

func repeated(v reflect.Value, n int) []reflect.Value {
	all := make([]reflect.Value, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// Use declares an interceptor that is there already. Without a [Target] it is for every server and no client. A nil one
// is an error.
func Use(i framework.Interceptor, o ...framework.LinkOption) fx.Option {
	d := declared("Use").of(i)
	options, errs := splitLinkOptions(d, o)
	if isNil(i) {
		errs = append(errs, d.errorf("the interceptor is nil; pass one, or leave the option out"))
	}
	if len(options.values) > 0 {
		errs = append(errs, d.errorf("With gives values to a constructor, and Use has none; say fxgrpc.Provide"))
	}
	if r := refusal(errs); r != nil {
		return r
	}
	link := newLink(d, framework.Use(i, options.framework...))
	link.placed = options.placed
	return fx.Options(feeding(options.scope, link), aimed(d, options.scope))
}

// Parts declares whatever framework makes parts of: pairs of grpc's own interceptors, for one.
//
//	fxgrpc.Parts(framework.UseServer(unary, stream, framework.Name("company")))
//	fxgrpc.Parts(fxgrpc.OnClients("orders"), framework.UseClient(unary, stream))
//
// A [Target] among them says for which servers or clients all of them are; without one they are for every
// server and no client.
func Parts(p ...framework.Part) fx.Option {
	d := declared("Parts")
	var s scope
	var links []*link
	var errs []error
	for i, part := range p {
		if t, ok := part.(Target); ok {
			s.add(t.target())
			continue
		}
		if isNil(part) {
			errs = append(errs, d.errorf("part %d is nil; leave it out", i+1))
			continue
		}
		l := newLink(d, part)
		l.index = i
		links = append(links, l)
	}
	for _, why := range s.check() {
		errs = append(errs, d.errorf("%s", why))
	}
	if r := refusal(errs); r != nil {
		return r
	}
	return fx.Options(feeding(s, links...), aimed(d, s))
}

var interceptorType = reflect.TypeFor[framework.Interceptor]()

// isNil reports whether v is nil, or an interface around a nil pointer, func, map, slice or channel.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan, reflect.Interface:
		return r.IsNil()
	}
	return false
}
