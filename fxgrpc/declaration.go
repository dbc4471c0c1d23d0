package fxgrpc

import (
	"cmp"
	"errors"
	"fmt"
	"path"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"

	"go.uber.org/fx"
)

// A declaration is one call of this package, as errors name it.
type declaration struct {
	what  string // `server "public"`, "Provide(app.NewAuth)"
	place string // "main.go:12"
}

// declared is the declaration of whoever called the exported function that asks.
func declared(what string) declaration {
	_, file, line, ok := runtime.Caller(2)
	if !ok {
		return declaration{what, "unknown place"}
	}
	return declaration{what, fmt.Sprintf("%s:%d", filepath.Base(file), line)}
}

// of adds what was given: "Provide(app.NewAuth)".
func (d declaration) of(v any) declaration {
	d.what = fmt.Sprintf("%s(%s)", d.what, nameOfValue(v))
	return d
}

// compare sorts by place.
func (d declaration) compare(other declaration) int {
	return cmp.Or(comparePlaces(d.place, other.place), cmp.Compare(d.what, other.what))
}

// comparePlaces puts main.go:9 before main.go:10.
func comparePlaces(a, b string) int {
	fileA, lineA, _ := strings.Cut(a, ":")
	fileB, lineB, _ := strings.Cut(b, ":")
	return cmp.Or(cmp.Compare(fileA, fileB), cmp.Compare(len(lineA), len(lineB)), cmp.Compare(lineA, lineB))
}

// errorf is an error about the declaration.
func (d declaration) errorf(format string, args ...any) error {
	return fmt.Errorf("fxgrpc: %s (%s): %w", d.what, d.place, fmt.Errorf(format, args...))
}

// refusal is all that is wrong with a declaration as one fx.Option, nil for nothing: fx stops at the first fx.Error.
func refusal(errs []error) fx.Option {
	if err := errors.Join(errs...); err != nil {
		return fx.Error(err)
	}
	return nil
}

// only takes a key of the graph, so that dig refuses a second one.
type only struct{}

// once lets the app have one option of a sort. The rule says so, and what else to do: fx shows it with the place of the
// second one.
func once(rule string) fx.Option {
	return fx.Provide(fx.Annotated{Name: rule, Target: func() only { return only{} }})
}

// needModule says that fxgrpc.Module is missing. The first function is for fx.New, the second for fx.ValidateApp,
// which runs none.
func (d declaration) needModule() fx.Option {
	type found struct {
		fx.In
		Module *module `optional:"true"`
	}
	return fx.Invoke(
		func(f found) error { return d.withoutModule(f.Module) },
		func(*module) {},
	)
}

// withoutModule is an error where what Module provides is missing.
func (d declaration) withoutModule(e *module) error {
	if e == nil {
		return d.errorf("fxgrpc.Module is missing; list it in fx.New, once")
	}
	return nil
}

// nameOfValue is a function's name with the last element of its package's path, and of what is none the type.
func nameOfValue(v any) string {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Func && !r.IsNil() {
		return path.Base(runtime.FuncForPC(r.Pointer()).Name())
	}
	return fmt.Sprintf("%T", v)
}
