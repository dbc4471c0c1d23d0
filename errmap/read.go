package errmap

import (
	"fmt"
	"reflect"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/internal/tag"
)

// readDeclaration reads all tags of an error type. Mistakes are kept, all of them.
func readDeclaration(t reflect.Type) *declaration {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	r := &declarationReader{d: &declaration{typ: t}, keys: map[string]*field{}, names: map[string]bool{}, broken: map[string]bool{}}
	s := r.structure(t, nil)
	if r.line["error"] == nil && len(r.d.errs) == 0 {
		r.lineless(s)
	}
	if r.line["error"] != nil {
		r.constants()
	}
	return r.d
}

type declarationReader struct {
	d     *declaration
	line  map[string]*lineItem // by option; the outermost struct's
	keys  map[string]*field    // of the metadata
	names map[string]bool      // of all fields

	broken map[string]bool // names of fields whose tag has a mistake: nothing more is said of them
}

// A lineItem is an item of a struct's own line, and where it stands.
type lineItem struct {
	tag.Item
	of    *tag.Struct
	field *tag.Field
}

func (r *declarationReader) errorf(s *tag.Struct, f *tag.Field, offset int, format string, args ...any) {
	r.d.errs = append(r.d.errs, s.At(f, offset, "").Errorf(format, args...))
}

func (r *declarationReader) fail(errs []*tag.Error) { r.d.errs = append(r.d.errs, errs...) }

// lineless tells that nothing says what kind of error it is.
func (r *declarationReader) lineless(s *tag.Struct) {
	if e := s.Lineless("error=NOT_FOUND"); e != nil {
		r.fail([]*tag.Error{e})
	}
}

// structure reads a struct, and those embedded in it after it: what is further out counts.
func (r *declarationReader) structure(t reflect.Type, index []int) *tag.Struct {
	s, errs := tag.Of(t)
	r.fail(errs)
	r.fail(s.Misspelt())
	if t.Kind() != reflect.Struct {
		return s
	}
	items, errs := lineRole(s).Read(s, s.Line)
	r.fail(errs)
	r.lineItems(s, items)
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Tagged {
			r.read(s, f, index)
		}
	}
	for i := range t.NumField() {
		r.names[t.Field(i).Name] = true
		if f := t.Field(i); f.Anonymous && f.Tag.Get("grpc") == "" {
			r.embedded(s, f, index)
		}
	}
	return s
}

// lineRole is how a struct's own line reads: beside an embedded struct that has the code it may leave that out.
func lineRole(s *tag.Struct) tag.Role {
	role := tag.ErrorLine()
	if s.Line == nil || !embedsCode(s.Type) {
		return role
	}
	code := func(i tag.Item) bool { return i.Name == role.Opens }
	begins := func(o tag.Option) bool { return o.Name == s.Line.Tag.First().Name }
	if slices.ContainsFunc(s.Line.Tag.Items, code) || !slices.ContainsFunc(role.Options, begins) {
		return role
	}
	return tag.Role{Name: role.Name, Options: role.Options}
}

// embedsCode reports whether a struct embeds one with a line that has the code.
func embedsCode(t reflect.Type) bool {
	for i := range t.NumField() {
		f := t.Field(i)
		if !f.Anonymous || f.Type.Kind() != reflect.Struct || f.Tag.Get("grpc") != "" {
			continue
		}
		inner, _ := tag.Of(f.Type)
		if inner.Line != nil && inner.Line.Tag.First().Name == tag.ErrorLine().Opens || embedsCode(f.Type) {
			return true
		}
	}
	return false
}

func (r *declarationReader) embedded(s *tag.Struct, f reflect.StructField, index []int) {
	if t := f.Type; t.Kind() == reflect.Struct {
		r.structure(t, at(index, f))
	} else if t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		if inner, _ := tag.Of(t); inner.Line != nil {
			r.errorf(s, &tag.Field{StructField: f}, -1, "the embedded struct has tags, and a pointer to it may be nil; embed it by value")
		}
	}
}

// at is the index of a field in the outermost struct.
func at(index []int, f reflect.StructField) []int {
	return append(append([]int(nil), index...), f.Index...)
}

func (r *declarationReader) lineItems(s *tag.Struct, items tag.Items) {
	if r.line == nil {
		r.line = map[string]*lineItem{}
	}
	all := []tag.Item{items.First}
	for _, o := range tag.ErrorLine().Options {
		if i, ok := items.Get(o.Name); ok {
			all = append(all, i)
		}
	}
	for _, i := range all {
		if r.line[i.Name] == nil && i.Name != "" {
			r.line[i.Name] = &lineItem{i, s, s.Line}
		}
	}
}

// read reads the tag of one field.
func (r *declarationReader) read(s *tag.Struct, tf *tag.Field, index []int) {
	items, errs := tag.ErrorField().Read(s, tf)
	r.fail(errs)
	if len(errs) > 0 || len(tf.Tag.Items) == 0 {
		r.broken[tf.Name] = true
		return
	}
	if r.field(tf.Name) != nil {
		return // that of a field further out counts
	}
	f := &field{name: tf.Name, index: at(index, tf.StructField), typ: tf.Type, codec: codecOf(tf.Type)}
	r.d.fields = append(r.d.fields, f)
	for _, o := range tag.ErrorField().Options {
		i, ok := items.Get(o.Name)
		if !ok {
			continue
		}
		if o.Name == "metadata" && !i.HasValue {
			i.Value, i.HasValue = lowerCamel(tf.Name), true
		}
		f.options = append(f.options, i.String())
		if problem := r.option(f, i); problem != "" {
			r.errorf(s, tf, i.Offset, "%s", problem)
		}
	}
}

// field is the field of a name, nil for none that has a tag.
func (r *declarationReader) field(name string) *field {
	for _, f := range r.d.fields {
		if f.name == name {
			return f
		}
	}
	return nil
}

func (r *declarationReader) hasField(name string) bool { return r.names[name] }

// option reads one option of a field, and says what is wrong with it.
func (r *declarationReader) option(f *field, i tag.Item) (problem string) {
	switch i.Name {
	case "metadata":
		return r.metadata(f, i.Value)
	case "retry.delay":
		f.delay, f.sent = true, true
		return r.only(f, f.typ == durationType, "a time.Duration", func(o *field) bool { return o.delay }, i.Name)
	case "detail":
		f.detail, f.sent = true, true
		return r.only(f, f.typ.Kind() == reflect.Pointer && f.typ.Implements(messageType), "a pointer to a protobuf message",
			func(o *field) bool { return o.detail && o.typ == f.typ }, "detail")
	case "debug":
		f.debug = true
		return r.only(f, f.codec != nil, "a text", func(o *field) bool { return o.debug }, i.Name)
	case "stack":
		f.stack = true
		return r.only(f, f.typ == reflect.TypeFor[[]string](), "[]string", func(o *field) bool { return o.stack }, i.Name)
	case "cause":
		if len(f.options) > 1 || f.sent {
			return "a cause is never sent; let it stand alone"
		}
		return r.only(f, f.typ.Implements(reflect.TypeFor[error]()), "an error", func(*field) bool { return false }, i.Name)
	}
	return r.member(f, i.Name)
}

// only says that a field is of another type, or not the only one.
func (r *declarationReader) only(f *field, right bool, want string, same func(*field) bool, option string) string {
	if !right {
		return fmt.Sprintf("%q needs %s, and the field is %s", option, want, f.typ)
	}
	for _, other := range r.d.fields {
		if other != f && same(other) {
			return fmt.Sprintf("%q stands on field %s already; keep one", option, other.name)
		}
	}
	return ""
}

var messageType = reflect.TypeFor[proto.Message]()

func (r *declarationReader) metadata(f *field, key string) string {
	f.key, f.sent = key, true
	other := r.keys[key]
	switch {
	case f.codec == nil:
		return untextual(f)
	case !tag.IsKey(key):
		return fmt.Sprintf("%q is not a key of metadata; write metadata=key, with 2 to 64 letters, digits, _ and -, a small letter first", key)
	case other != nil:
		return fmt.Sprintf("metadata key %q is that of field %s already; write metadata=key", key, other.name)
	}
	r.keys[key] = f
	return ""
}

func untextual(f *field) string {
	return fmt.Sprintf("%s has no text that can be read back; use a string, a bool, a number, a time.Duration, a time.Time, "+
		"a type with MarshalText and UnmarshalText, or a pointer to one", f.typ)
}
