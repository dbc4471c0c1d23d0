package fxgrpc

import (
	"fmt"
	"reflect"
	"strconv"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// Interceptors declares the links that a chain struct holds, see [framework.Struct]. With fx.In embedded the struct's
// fields come from the graph: by type, and as fx's own keys say beside ours, `name:"x"`, `optional:"true"`, `group:"x"`.
// Without, a T does: provide one.
//
//	type ServerChain struct {
//		fx.In    `grpc:"chain=server"`
//		Logging  *logging.Interceptor  `grpc:"logging"`
//		Recovery *recovery.Interceptor `grpc:"recovery"`
//		Audit    *Audit                `grpc:"audit,when=audit" optional:"true"`
//	}
//
// The servers or clients that it is for are those of its line, or of targets given here; without either they are all of
// the side that its line names. An interceptor that is [Provide]d and held by a field, too, is one link: the field
// places it. An optional field that is nil because the constructor of its type can not run is an error.
//
// Mistakes in the tags are errors when the option is made, so that fx.ValidateApp finds them.
func Interceptors[T any](to ...Target) fx.Option {
	s := newStructSpec(declared("Interceptors"), reflect.TypeFor[T](), tag.ChainLine(), to)
	return declaredBy[T](s, func(v T) framework.Part { return framework.Struct(v) })
}

// Policy declares what methods need, as a policy struct says, see [framework.Policy]. The servers or clients that it
// is for are those of its line, or of targets given here; without either they are all servers. A struct with checks,
// fields that are functions, comes from the graph: provide a T, or embed fx.In and provide the functions.
//
// Mistakes in the tags are errors when the option is made, so that fx.ValidateApp finds them.
func Policy[T any](to ...Target) fx.Option {
	s := newStructSpec(declared("Policy"), reflect.TypeFor[T](), tag.PolicyLine(), to)
	s.plain = s.typ.Kind() == reflect.Struct && !s.hasChecks()
	return declaredBy[T](s, func(v T) framework.Part { return framework.Policy(v) })
}

// A structSpec is a declaration by a struct with tags.
type structSpec struct {
	declaration
	typ   reflect.Type
	scope scope
	plain bool // its tags say all; its value is zero
	errs  []error
}

func newStructSpec(d declaration, t reflect.Type, line tag.Role, to []Target) *structSpec {
	d.what = fmt.Sprintf("%s[%s]", d.what, tag.TypeName(t))
	s := &structSpec{declaration: d, typ: t}
	if t.Kind() != reflect.Struct {
		s.errs = append(s.errs, d.errorf("%s is no struct; name the struct type itself", t))
		return s
	}
	parsed, _ := tag.Of(t)
	s.errs = append(s.errs, framework.CheckTags(t, d.place))
	if parsed.Line != nil && parsed.Line.Tag.First().Name != line.Opens && opens(parsed.Line.Tag.First().Name) {
		s.errs = append(s.errs, d.errorf("the struct's line says %s; %s begins with %s", parsed.Line.Tag.First().Name, line.Name, line.Opens))
	}
	items, _ := line.Read(parsed, parsed.Line)
	s.aim(items, to)
	return s
}

// opens reports whether a name opens the line of any kind of struct.
func opens(name string) bool {
	for _, r := range tag.Roles() {
		if r.Opens != "" && r.Opens == name {
			return true
		}
	}
	return false
}

// aim takes the scope from the targets, or else from the struct's line.
func (s *structSpec) aim(items tag.Items, to []Target) {
	side, isChain := framework.ServerSide, items.First.Name == tag.ChainLine().Opens
	if isChain && items.First.Value == framework.ClientSide.String() {
		side = framework.ClientSide
	}
	s.errs = append(s.errs, s.scope.take(s.declaration, to)...)
	given := s.scope.said()
	for _, option := range []string{"servers", "clients"} {
		if i, ok := items.Get(option); ok {
			s.scope.add(lineTarget(option, i))
			if given {
				s.errs = append(s.errs, s.errorf("targets are given, and the struct's line says %s; leave one out", i))
			}
		}
	}
	if isChain && !s.scope.said() {
		s.scope.add(target{side: side})
	}
	if isChain && s.scope.on(1-side).said {
		s.errs = append(s.errs, s.errorf("the struct's line says chain=%s, and a target is for %ss; let them say the same", side, 1-side))
	}
	for _, why := range s.scope.check() {
		s.errs = append(s.errs, s.errorf("%s", why))
	}
}

// lineTarget is what servers= and clients= say.
func lineTarget(option string, i tag.Item) target {
	t := target{side: framework.ServerSide}
	if option == "clients" {
		t.side = framework.ClientSide
	}
	for _, w := range i.Words() {
		t.names = append(t.names, w.Text)
	}
	return t
}

// hasChecks reports whether a field's value matters.
func (s *structSpec) hasChecks() bool {
	for f := range s.typ.Fields() {
		if f.Type.Kind() == reflect.Func {
			return true
		}
	}
	return false
}

// A declaredValue is the struct with its values, and a structLink the part made of it, once for all groups that it
// goes to.
type (
	declaredValue[T any] struct{ value T }
	structLink[T any]    struct{ link *link }
)

// declaredBy provides the part that a struct is to those that it is for.
func declaredBy[T any](s *structSpec, part func(T) framework.Part) fx.Option {
	if r := refusal(s.errs); r != nil {
		return r
	}
	made := func(v *declaredValue[T]) *structLink[T] {
		l := newLink(s.declaration, part(v.value))
		l.name = s.what // which there is once
		return &structLink[T]{l}
	}
	var feeds []any
	for _, group := range s.scope.groups() {
		feeds = append(feeds, fx.Annotated{Group: group, Target: func(l *structLink[T]) *link { return l.link }})
	}
	return fx.Options(
		once(fmt.Sprintf("one fxgrpc.%s", s.what)),
		fx.Module("fxgrpc.declared", fx.Provide(fx.Private, valueOf[T](s), made), fx.Provide(feeds...)),
		aimed(s.declaration, s.scope))
}

// valueOf is the constructor that gets the struct's value.
func valueOf[T any](s *structSpec) any {
	switch {
	case s.plain:
		return func() *declaredValue[T] { return &declaredValue[T]{} }
	case embeds(s.typ, reflect.TypeFor[fx.In]()):
		return func(v T, graph fx.DotGraph) (*declaredValue[T], error) {
			return &declaredValue[T]{v}, s.vanished(reflect.ValueOf(v), graph, "")
		}
	}
	return fx.Annotate(func(v T, graph fx.DotGraph) (*declaredValue[T], error) {
		if reflect.ValueOf(v).IsZero() && !read(graph).makes(s.typ.String()) {
			return nil, s.errorf("nothing in the graph is a %s; embed fx.In in it to have its fields filled, or provide one", s.typ)
		}
		return &declaredValue[T]{v}, nil
	}, fx.ParamTags(optionalTag("")))
}

// vanished refuses optional fields that are nil although the app has a constructor for them, which can not run: an
// interceptor must not be missing without a word.
func (s *structSpec) vanished(v reflect.Value, graph fx.DotGraph, path string) error {
	for f, field := range v.Fields() {
		optional, _ := strconv.ParseBool(f.Tag.Get("optional"))
		switch {
		case embeds(f.Type, reflect.TypeFor[fx.In]()) && f.Type != reflect.TypeFor[fx.In]():
			if err := s.vanished(field, graph, path+f.Name+"."); err != nil {
				return err
			}
		case optional && field.IsZero() && broken(graph, f.Type, f.Tag.Get("name")):
			return s.errorf("%s%s is optional and nil since its constructor can not run; fx.Invoke(func(%s) {}) shows what it lacks",
				path, f.Name, f.Type)
		}
	}
	return nil
}
