package framework

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// A fieldReader makes links of the fields of a struct, and of those inside.
type fieldReader struct {
	*structPart
	base   declaration    // what each link has from the struct's line, and from fields around it
	path   string         // of the fields around it: "Company."
	inside []reflect.Type // the struct, and those around it
	above  *declaration   // the link outside of the next one, in whichever struct
	last   *declaration   // the link of the field above in the same struct, if it is one
}

// fields reads all fields of a struct.
func (r *fieldReader) fields(s *tag.Struct, value reflect.Value) {
	for _, e := range s.Untagged() {
		r.add(e)
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Tagged && f.IsExported() {
			items, errs := tag.ChainField().Read(s, f)
			for _, e := range errs {
				r.add(e)
			}
			if len(errs) == 0 && items.First.Name != "" { // else what its first item should have said is told
				r.field(fieldValue{s, f, items, value.FieldByIndex(f.Index)})
			}
		}
	}
}

// add keeps a mistake in a tag, with the path to its field.
func (r *fieldReader) add(e *tag.Error) {
	e.Type, e.Field = tag.TypeName(r.typ), r.path+e.Field
	r.errs = append(r.errs, e)
}

// at is a byte of a field's tag.
func (r *fieldReader) at(f fieldValue, offset int) *tag.Position {
	at := f.s.At(f.Field, offset, "")
	at.Type, at.Field = tag.TypeName(r.typ), r.path+at.Field
	return &at
}

func (r *fieldReader) errorf(f fieldValue, offset int, format string, args ...any) {
	r.errs = append(r.errs, r.at(f, offset).Errorf(format, args...))
}

// A fieldValue is a field with its tag read and its value.
type fieldValue struct {
	s *tag.Struct
	*tag.Field
	items tag.Items
	value reflect.Value
}

// name is what the tag calls the link, and whether there may be none.
func (f fieldValue) name() (name string, optional bool) {
	name, optional = strings.CutPrefix(f.items.First.Name, "?")
	return name, optional
}

// field makes links of one field, by its type.
func (r *fieldReader) field(f fieldValue) {
	optional, ok := r.optional(f)
	if !ok {
		return
	}
	t := f.Type
	name, mayBeEmpty := f.name()
	inner, isStruct := structOf(t)
	if group, grouped := f.StructField.Tag.Lookup("group"); grouped && (t.Kind() != reflect.Slice || optional) {
		r.errorf(f, -1, "group:%q: fx gives a group as a slice, which may be empty where its name is \"?%s\", and takes no optional; the field is a %s", group, name, t)
		return
	}
	switch isList := t.Kind() == reflect.Slice && t.Elem().Implements(interceptorType) && !isLink(t); {
	case mayBeEmpty && !isList:
		r.errorf(f, 0, `"?" is for a slice, which may be empty; where %s may be nil, say optional:"true" beside`, t)
	case isList:
		r.list(f, name, mayBeEmpty || optional)
	case isLink(t) && isStruct && holdsLinks(inner):
		r.errorf(f, -1, "%s holds links and is, by what it embeds, one itself; give the embedded field a name", t)
	case isLink(t) && isNil(f.value.Interface()):
		r.missing(f, name, optional)
	case isLink(t):
		r.link(f, name, f.value.Interface())
	case isStruct && slices.Contains(r.inside, inner):
		r.errorf(f, -1, `%s holds itself; leave the field out with grpc:"-"`, inner)
	case isStruct && !reflect.PointerTo(inner).Implements(interceptorType):
		r.pointed(f, name, optional)
	default:
		r.errorf(f, -1, "%s is no interceptor%s", t, r.cure(t))
	}
}

// optional reads fx's key of that name.
func (r *fieldReader) optional(f fieldValue) (optional, ok bool) {
	text, said := f.StructField.Tag.Lookup("optional")
	if !said {
		return false, true
	}
	optional, err := strconv.ParseBool(text)
	if err != nil {
		r.errorf(f, -1, `optional:%q is neither true nor false`, text)
	}
	return optional, err == nil
}

// isLink reports whether values of a type are interceptors, ours or grpc's own.
func isLink(t reflect.Type) bool {
	return t.Implements(interceptorType) || isFunc(t, interceptorFuncType) || isRawType(t)
}

func isRawType(t reflect.Type) bool {
	return isFunc(t, unaryServerType) || isFunc(t, streamServerType) || isFunc(t, unaryClientType) || isFunc(t, streamClientType)
}

func isFunc(t, as reflect.Type) bool { return t.Kind() == reflect.Func && t.ConvertibleTo(as) }

// structOf is the struct that values of a type are, or point to.
func structOf(t reflect.Type) (reflect.Type, bool) {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t, t.Kind() == reflect.Struct
}

// holdsLinks reports whether fields of a struct say that they are links.
func holdsLinks(t reflect.Type) bool {
	s, _ := tag.Of(t)
	return slices.ContainsFunc(s.Fields, func(f tag.Field) bool { return f.Tagged })
}

// cure is what else a type may have been meant for.
func (r *fieldReader) cure(t reflect.Type) string {
	switch {
	case reflect.PointerTo(t).Implements(interceptorType):
		return fmt.Sprintf("; a pointer to it is: write *%s", t)
	case t.Kind() == reflect.Interface:
		return "; a framework.Interceptor is"
	}
	return `; it needs the method Intercept, or grpc:"-" where it is none`
}

// missing is a field that is nil.
func (r *fieldReader) missing(f fieldValue, name string, optional bool) {
	if !optional && !r.typed {
		r.errorf(f, 0, `the field is nil; set it, or say optional:"true" beside where it may be missing`)
		return
	}
	d := r.declaration(f, name)
	d.absent = "its field is nil, which may be"
	r.keep(f, d)
}

// link makes a link of a value that is one.
func (r *fieldReader) link(f fieldValue, name string, v any) {
	d := r.declaration(f, name)
	t := f.value.Type()
	switch {
	case t.Implements(interceptorType):
		d.interceptor, _ = v.(Interceptor)
		d.what = typeName(v)
	case isFunc(t, interceptorFuncType):
		d.interceptor, _ = f.value.Convert(interceptorFuncType).Interface().(InterceptorFunc)
	default:
		if r.pair(f, name) {
			return
		}
		d.setHalf(f.value)
	}
	if p, ok := d.interceptor.(Placed); ok && !d.isRaw() {
		d.take(p.Placement())
	}
	r.keep(f, d)
}

// take takes over what the interceptor says of itself and the tag does not.
func (d *declaration) take(own Placement) {
	said := d.placement
	d.placement = own
	d.placement.Name = said.Name
	d.placement.Stage = cmp.Or(said.Stage, own.Stage)
}

// pointed reads what a struct of links holds, or a pointer to one.
func (r *fieldReader) pointed(f fieldValue, name string, optional bool) {
	switch {
	case f.Type.Kind() == reflect.Struct || !f.value.IsNil():
		r.nested(f, reflect.Indirect(f.value))
	case r.typed:
		r.nested(f, reflect.New(f.Type.Elem()).Elem())
	default:
		r.missing(f, name, optional)
	}
}

// nested reads a struct inside, whose links have what its field's tag says, too.
func (r *fieldReader) nested(f fieldValue, value reflect.Value) {
	inner := &fieldReader{structPart: r.structPart, path: r.path + f.Name + ".", above: r.above}
	inner.inside = append(slices.Clone(r.inside), value.Type())
	inner.base = *r.declaration(f, "")
	inner.tell(&inner.base)
	s, errs := tag.Of(value.Type())
	for _, e := range errs {
		inner.add(e)
	}
	if s.Line != nil {
		inner.add(s.At(s.Line, 0, "").Errorf("a struct inside another has no line of its own; say on its field what is for all of it"))
	}
	if len(s.Fields) == 0 {
		r.errorf(f, -1, "%s is no interceptor and has no fields that are%s", f.Type, r.cure(f.Type))
	}
	inner.fields(s, value)
	r.above, r.last = inner.above, nil
}

// declaration is what the tag says, on top of what is said around it.
func (r *fieldReader) declaration(f fieldValue, name string) *declaration {
	d := r.base
	d.on, d.except = slices.Clone(d.on), slices.Clone(d.except)
	d.before, d.after, d.conditions = slices.Clone(d.before), slices.Clone(d.after), slices.Clone(d.conditions)
	d.at, d.what = r.at(f, f.items.First.Offset), f.Type.String()
	at := func(offset int) *tag.Position { return r.at(f, offset) }
	d.placement.Name = name
	if i, ok := f.items.Get("stage"); ok {
		d.placement.Stage = Stage(i.Value)
		if !r.checkStage(f, i) {
			d.absent = "its stage is none" // said; nothing else is to be said of where it stands
		}
	}
	if i, ok := f.items.Get("on"); ok {
		d.on = append(d.on, d.patterns("", tagWords(i, at)))
	}
	if i, ok := f.items.Get("except"); ok {
		d.except = append(d.except, d.patterns("", tagWords(i, at))...)
	}
	if i, ok := f.items.Get("before"); ok {
		d.before = append(d.before, tagWords(i, at)...)
	}
	if i, ok := f.items.Get("after"); ok {
		d.after = append(d.after, tagWords(i, at)...)
	}
	if i, ok := f.items.Get("when"); ok {
		d.conditions = append(d.conditions, word{text: i.Value, at: at(i.At(0))})
	}
	if _, ok := f.items.Get("unary"); ok {
		d.unaryOnly = true
	}
	return &d
}

// tell keeps the problems of a declaration as mistakes in tags.
func (r *fieldReader) tell(d *declaration) {
	for _, p := range d.problems {
		r.errs = append(r.errs, p.at.Errorf("%s", p.text))
	}
	d.problems = nil
}

// keep adds a link below the one above.
func (r *fieldReader) keep(f fieldValue, d *declaration) {
	r.tell(d)
	d.order = fieldOrder{r.structPart, len(r.links)}
	r.links = append(r.links, d)
	r.last = d
	if d.absent != "" {
		return
	}
	d.placement.Stage = cmp.Or(d.placement.Stage, r.stageAbove())
	if r.above != nil && r.outside(d, r.above) {
		r.errorf(f, 0, "stage %q is outside of stage %q, in which %q above it is; move the field up, or say stage= on one of them",
			d.placement.Stage, r.above.placement.Stage, r.above.placement.Name)
	}
	r.above = d
}
