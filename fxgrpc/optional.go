package fxgrpc

import (
	"reflect"
	"strconv"

	"go.uber.org/fx"
)

// around provides a constructor where the graph may lack some of its parameters, and where others have values of their
// own. Both are private to a module around it, whose inner half hides from it what the app has of those types:
//
//	the app ──▶ outer module ──────────────▶ inner module
//	Options?      box of Options, or of zero   Options, for the constructor alone
//
// Wrapping the function instead would hide it from fx's errors. The value of a type that the app has a constructor of
// is never replaced with zero because that can not run.
func (c *constructor) around(target any) fx.Option {
	if len(c.maybe)+len(c.given) == 0 {
		return fx.Provide(target)
	}
	outer, inner := []any{fx.Private}, []any{fx.Private}
	for i, t := range c.maybe {
		inner = append(inner, opened(t, i))
		outer = append(outer, present(t, i), c.chosen(t, i))
	}
	for i, g := range c.given {
		inner = append(inner, supplied(g, i))
	}
	return fx.Module("fxgrpc.optional", fx.Provide(outer...),
		fx.Module("fxgrpc.with", fx.Provide(inner...), fx.Provide(target)))
}

// A box is a value whose type only reflection knows.
type box struct{ value reflect.Value }

var boxType = reflect.TypeFor[*box]()

// present gives a box that is there only where the graph has the type and could make it.
func present(t reflect.Type, i int) any {
	f := function([]reflect.Type{t}, boxType, func(in []reflect.Value) any { return &box{in[0]} })
	return fx.Annotate(f, fx.ResultTags(nameTag("present"+strconv.Itoa(i))))
}

// chosen gives a box of what the graph has, or of zero.
func (c *constructor) chosen(t reflect.Type, i int) any {
	f := function([]reflect.Type{boxType, t, reflect.TypeFor[fx.DotGraph]()}, boxType, func(in []reflect.Value) any {
		graph := fx.DotGraph(in[2].String())
		if in[0].IsNil() && in[1].IsZero() && broken(graph, t, "") {
			return c.errorf("the graph has a constructor of %s that can not run; fx.Invoke(func(%[1]s) {}) shows what it lacks", t)
		}
		return &box{in[1]}
	})
	return fx.Annotate(f,
		fx.ParamTags(optionalTag("present"+strconv.Itoa(i)), optionalTag("")),
		fx.ResultTags(nameTag("chosen"+strconv.Itoa(i))))
}

// opened takes the value out of the box.
func opened(t reflect.Type, i int) any {
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{boxType}, []reflect.Type{t, oursType}, false), func(in []reflect.Value) []reflect.Value {
		return []reflect.Value{in[0].Interface().(*box).value, reflect.Zero(oursType)}
	})
	return fx.Annotate(f.Interface(), fx.ParamTags(nameTag("chosen"+strconv.Itoa(i))), fx.ResultTags("", nameTag("opened"+strconv.Itoa(i))))
}

// supplied gives a value that the app named in With.
func supplied(g given, i int) any {
	f := reflect.MakeFunc(reflect.FuncOf(nil, []reflect.Type{g.typ, oursType}, false), func([]reflect.Value) []reflect.Value {
		return []reflect.Value{g.value.Convert(g.typ), reflect.Zero(oursType)}
	})
	return fx.Annotate(f.Interface(), fx.ResultTags("", nameTag("supplied"+strconv.Itoa(i))))
}

// ours is a second result of what is private to a constructor, by which a drawing shows that the app did not provide it.
type ours struct{}

var oursType = reflect.TypeFor[ours]()

// function makes a func(in…) (out, error) of one that returns either.
func function(in []reflect.Type, out reflect.Type, f func(in []reflect.Value) any) any {
	t := reflect.FuncOf(in, []reflect.Type{out, errorType}, false)
	return reflect.MakeFunc(t, func(in []reflect.Value) []reflect.Value {
		result := f(in)
		if err, failed := result.(error); failed {
			return []reflect.Value{reflect.Zero(out), reflect.ValueOf(&err).Elem()}
		}
		return []reflect.Value{reflect.ValueOf(result), reflect.Zero(errorType)}
	}).Interface()
}
