package framework

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/internal/tag"
)

// A fieldReader makes links of the fields of a struct, and of those inside.
type fieldReader struct {
	*structPart
	base  declaration // what each link has from the struct's line, and from fields around it
	path  string      // of the fields around it: "Company."
	above *declaration
}

// fields reads all fields of a struct.
func (r *fieldReader) fields(s *tag.Struct, value reflect.Value) {
	for _, e := range s.Untagged() {
		r.add(e)
	}
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Tagged {
			items, errs := tag.ChainField().Read(s, f)
			for _, e := range errs {
				r.add(e)
			}
			if len(errs) == 0 {
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
	switch isList := t.Kind() == reflect.Slice && t.Elem().Implements(interceptorType); {
	case mayBeEmpty && !isList:
		r.errorf(f, 0, `"?" is for a slice, which may be empty; where %s may be nil, say optional:"true" beside`, t)
	case isList:
		r.list(f, name, mayBeEmpty || optional)
	case isLink(t) && isNil(f.value.Interface()):
		r.missing(f, name, optional)
	case isLink(t):
		r.link(f, name, f.value.Interface())
	case t.Kind() == reflect.Struct:
		r.nested(f, f.value)
	case t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct && !reflect.PointerTo(t).Implements(interceptorType):
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
	d.interceptor = InterceptorFunc(nil)
	r.keep(f, d)
}

// link makes a link of a value that is one.
func (r *fieldReader) link(f fieldValue, name string, v any) {
	d := r.declaration(f, name)
	t := f.value.Type()
	switch {
	case t.Implements(interceptorType):
		d.interceptor, _ = v.(Interceptor)
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

// pair adds the other half to the link of the field above, where that is one half of a pair of the same name.
func (r *fieldReader) pair(f fieldValue, name string) bool {
	if r.above == nil || r.above.placement.Name != name || !r.above.isRaw() || r.above.absent != "" {
		return false
	}
	was := r.above.raw
	r.above.setHalf(f.value)
	if was == r.above.raw {
		return false // the same half again: a name that is taken
	}
	if len(f.Tag.Items) > 1 {
		r.errorf(f, f.Tag.Items[1].Offset, "options of a pair stand on the first of its two fields; move them there")
	}
	return true
}

// setHalf makes the link a pair of grpc's own, or adds a half to it.
func (d *declaration) setHalf(v reflect.Value) {
	switch t := v.Type(); {
	case isFunc(t, unaryServerType), isFunc(t, streamServerType):
		raw, ok := d.interceptor.(*rawServer)
		if !ok {
			raw = &rawServer{}
		}
		if isFunc(t, unaryServerType) {
			raw.unary, _ = v.Convert(unaryServerType).Interface().(grpc.UnaryServerInterceptor)
		} else {
			raw.stream, _ = v.Convert(streamServerType).Interface().(grpc.StreamServerInterceptor)
		}
		d.what, d.interceptor, d.raw, d.placement.Sides = serverPairName, raw, raw.halves(), []Side{ServerSide}
	default:
		raw, ok := d.interceptor.(*rawClient)
		if !ok {
			raw = &rawClient{}
		}
		if isFunc(t, unaryClientType) {
			raw.unary, _ = v.Convert(unaryClientType).Interface().(grpc.UnaryClientInterceptor)
		} else {
			raw.stream, _ = v.Convert(streamClientType).Interface().(grpc.StreamClientInterceptor)
		}
		d.what, d.interceptor, d.raw, d.placement.Sides = clientPairName, raw, raw.halves(), []Side{ClientSide}
	}
}

// take takes over what the interceptor says of itself and the tag does not.
func (d *declaration) take(own Placement) {
	said := d.placement
	d.placement = own
	d.placement.Name = said.Name
	d.placement.Stage = cmp.Or(said.Stage, own.Stage)
}

// list makes links of the elements of a slice. Those of a group of fx, which have no order, are sorted.
func (r *fieldReader) list(f fieldValue, name string, mayBeEmpty bool) {
	group, grouped := f.StructField.Tag.Lookup("group")
	if strings.Contains(group, ",") {
		r.errorf(f, -1, "group:%q: a soft group may lack interceptors without a word; take the option away", group)
		return
	}
	if f.value.Len() == 0 && !mayBeEmpty && !r.typed {
		r.errorf(f, 0, `the slice is empty; write "?%s" where it may be`, name)
		return
	}
	var all []*declaration
	taken := map[string]bool{}
	for i := range f.value.Len() {
		v := f.value.Index(i).Interface()
		if isNil(v) {
			r.errorf(f, 0, "element %d is nil; leave it out", i)
			return
		}
		d := r.element(f, name, v.(Interceptor))
		if grouped && taken[d.placement.Name] {
			r.errorf(f, 0, "two elements are called %q, and a group has no order; let their Placement give them names", d.placement.Name)
			return
		}
		d.placement.Name = unusedName(d.placement.Name, taken)
		taken[d.placement.Name] = true
		all = append(all, d)
	}
	if grouped {
		slices.SortFunc(all, func(a, b *declaration) int {
			return cmp.Or(cmp.Compare(r.rank(a), r.rank(b)), strings.Compare(a.placement.Name, b.placement.Name))
		})
	}
	for _, d := range all {
		r.keep(f, d)
	}
}

// element is the link of an element of a slice, named after the field and itself.
func (r *fieldReader) element(f fieldValue, name string, i Interceptor) *declaration {
	d := r.declaration(f, name)
	d.interceptor, d.what = i, typeName(i)
	own := packageName(i)
	if p, ok := i.(Placed); ok {
		placement := p.Placement()
		own = cmp.Or(placement.Name, own)
		d.take(placement)
	}
	d.placement.Name = name + "." + own
	return d
}

// rank is the rank of the stage that a link says itself; of one that says none, that of App.
func (r *fieldReader) rank(d *declaration) int {
	rank, _ := cmp.Or(d.placement.Stage, StageApp).rank(r.side)
	return rank
}

// pointed reads what a pointer to a struct of links holds.
func (r *fieldReader) pointed(f fieldValue, name string, optional bool) {
	switch {
	case !f.value.IsNil():
		r.nested(f, f.value.Elem())
	case r.typed:
		r.nested(f, reflect.New(f.Type.Elem()).Elem())
	default:
		r.missing(f, name, optional)
	}
}

// nested reads a struct inside, whose links have what its field's tag says, too.
func (r *fieldReader) nested(f fieldValue, value reflect.Value) {
	inner := &fieldReader{structPart: r.structPart, path: r.path + f.Name + ".", above: r.above}
	inner.base = *r.declaration(f, "")
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
	r.above = inner.above
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
		r.checkStage(f, i)
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
		d.conditions = append(d.conditions, word{i.Value, at(i.At(0))})
	}
	if _, ok := f.items.Get("unary"); ok {
		d.unaryOnly = true
	}
	return &d
}

func (r *fieldReader) checkStage(f fieldValue, i tag.Item) {
	stage := Stage(i.Value)
	if _, ok := stage.rank(r.side); ok {
		return
	}
	if stage.known() {
		r.errorf(f, i.At(0), "stage %q is not on a %s%s", stage, r.side, tag.Suggest(i.Value, stageNames(r.side)))
		return
	}
	r.errorf(f, i.At(0), "unknown stage %q%s", stage, tag.Suggest(i.Value, stageNames(r.side)))
}

// keep adds a link below the one above.
func (r *fieldReader) keep(f fieldValue, d *declaration) {
	for _, p := range d.problems {
		at := p.at
		if at == nil {
			at = d.at
		}
		r.errs = append(r.errs, at.Errorf("%s", p.text))
	}
	d.problems = nil
	d.order = fieldOrder{r.structPart, len(r.links)}
	r.links = append(r.links, d)
	if d.absent != "" {
		return
	}
	if d.placement.Stage == "" && r.above != nil {
		d.placement.Stage = r.above.placement.Stage
	}
	d.placement.Stage = cmp.Or(d.placement.Stage, StageApp)
	if r.above != nil && r.rank(d) < r.rank(r.above) {
		r.errorf(f, 0, "stage %q is outside of stage %q, in which %q above it is; move the field up, or say stage= on one of them",
			d.placement.Stage, r.above.placement.Stage, r.above.placement.Name)
	}
	r.above = d
}
