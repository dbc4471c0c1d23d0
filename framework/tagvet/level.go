package tagvet

import (
	"context"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// A level is one struct of a declaration with its tags read: the declared struct, or one inside of it.
type level struct {
	*tag.Struct
	typ    *types.Struct
	errs   []*tag.Error
	path   string            // of the fields around it: "Company."
	around *types.Var        // the field that holds it; nil for the declared struct
	outer  *level            // that of the field that holds it
	inside map[string]*level // by name of the field
}

func newLevel(typ *types.Struct) *level {
	l := &level{typ: typ, inside: map[string]*level{}}
	l.Struct, l.errs = tag.Of(standIn(typ))
	return l
}

// dive reads the structs inside of a chain. One that holds itself is read once.
func (l *level) dive() {
	for i := range l.Fields {
		f := &l.Fields[i]
		v := l.variable(f)
		typ, ok := groupOf(v.Type())
		if !f.Tagged || !f.IsExported() || !ok || l.isIn(typ) {
			continue
		}
		inner := newLevel(typ)
		inner.path, inner.around, inner.outer = l.path+f.Name+".", v, l
		l.inside[f.Name] = inner
		inner.dive()
	}
}

func (l *level) isIn(typ *types.Struct) bool {
	return l != nil && (l.typ == typ || l.outer.isIn(typ))
}

// notLink says what is wrong with the type of a field, or "".
func (l *level) notLink(f *tag.Field) string {
	t := l.variable(f).Type()
	if typ, ok := groupOf(t); ok && l.isIn(typ) {
		return typeName(pointedTo(t)) + ` holds itself; leave the field out with grpc:"-"`
	}
	return notLink(t)
}

// groups are the structs inside, all the way down.
func (l *level) groups() (all []*level) {
	for _, f := range l.Fields {
		if inner := l.inside[f.Name]; inner != nil {
			all = append(append(all, inner), inner.groups()...)
		}
	}
	return all
}

// variable is a field as the type checker knows it.
func (l *level) variable(f *tag.Field) *types.Var { return l.typ.Field(f.Index[0]) }

// raw is the tag of a field, with all keys.
func (l *level) raw(v *types.Var) string {
	for i := range l.typ.NumFields() {
		if l.typ.Field(i) == v {
			return l.typ.Tag(i)
		}
	}
	return ""
}

// find is the field that a mistake is in, and the struct that has it: of several called "_" the last that says the same, or
// the struct's own line, which may have another name in source.
func (l *level) find(path, text string) (*level, *types.Var) {
	name, rest, deeper := strings.Cut(path, ".")
	if inner := l.inside[name]; deeper && inner != nil {
		return inner.find(rest, text)
	}
	for i := l.typ.NumFields() - 1; i >= 0; i-- {
		if v := l.typ.Field(i); v.Name() == name && (name != "_" || holds(l.typ.Tag(i), text)) {
			return l, v
		}
	}
	if name == "_" && l.Line != nil {
		return l, l.variable(l.Line)
	}
	return l, nil
}

// holds reports whether our key of a raw tag holds a text.
func holds(raw, text string) bool {
	own := ownPairs(raw)
	return text == "" || len(own) > 0 && own[0].value() == text
}

// startup is what framework says of the tags at startup, whatever the values: it gets a struct with the same tags.
func (l *level) startup(field fieldType) (all []*framework.TagError) {
	isFlawed := len(l.errs)+len(l.Untagged()) > 0
	for _, e := range leaves(framework.CheckTags(l.reflected(field), "")) {
		if e.Offset >= 0 || e.Field != "_" || !isFlawed {
			all = append(all, e) // all but that there are no fields, where not all of them are read
		}
	}
	return all
}

// leaves are the mistakes that an error joins.
func leaves(err error) (all []*framework.TagError) {
	switch err := err.(type) {
	case *framework.TagError:
		all = append(all, err)
	case interface{ Unwrap() []error }:
		for _, e := range err.Unwrap() {
			all = append(all, leaves(e)...)
		}
	}
	return all
}

// A fieldType gives what framework takes for a field of the type that stands in source.
type fieldType func(l *level, name string, t types.Type) reflect.Type

// reflected is a struct type with the tags of the level.
func (l *level) reflected(field fieldType) reflect.Type {
	var fields []reflect.StructField
	if l.Line != nil {
		fields = append(fields, reflect.StructField{Name: "_", PkgPath: "_", Type: reflect.TypeFor[struct{}](), Tag: readable(l.Line)})
	}
	for i := range l.Fields {
		if f := &l.Fields[i]; f.Tagged && f.IsExported() {
			fields = append(fields, reflect.StructField{Name: f.Name, Type: field(l, f.Name, l.variable(f).Type()), Tag: readable(f)})
		}
	}
	return reflect.StructOf(fields)
}

// readable is the field's tag without what reflect can not read, which was told before.
func readable(f *tag.Field) reflect.StructTag {
	raw := ownKey + ":" + strconv.Quote(f.Text)
	for _, key := range []string{"optional", "group"} {
		if value, ok := f.StructField.Tag.Lookup(key); ok {
			raw += " " + key + ":" + strconv.Quote(value)
		}
	}
	return reflect.StructTag(raw)
}

// asLink is the fieldType of a chain. A field that holds no link counts as one here, so that its tag is read; it
// is refused elsewhere.
func asLink(l *level, name string, t types.Type) reflect.Type {
	if inner := l.inside[name]; inner != nil {
		return inner.reflected(asLink)
	}
	if isList(t) {
		return reflect.TypeFor[[]framework.Interceptor]()
	}
	return reflect.TypeFor[framework.Interceptor]()
}

// asRule is the fieldType of a policy.
func asRule(_ *level, _ string, t types.Type) reflect.Type {
	if isRule(t) {
		return reflect.TypeFor[framework.Rule]()
	}
	return reflect.TypeFor[func(context.Context, any) error]()
}
