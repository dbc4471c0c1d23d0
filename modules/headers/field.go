package headers

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// A field is a field of a struct, and its key of the metadata.
type field struct {
	index    int
	goName   string
	typ      reflect.Type
	key      string
	shape    shape
	form     form
	required bool
	defaults []string // the values where there are none
	oneof    []string // the values that may be, each in the one spelling that encode has for it; nil for all
}

// A shape is how many values a field has, and how it shows that there are none.
type shape uint8

const (
	one      shape = iota // the zero value for none
	pointed               // a pointer, nil for none
	repeated              // a slice
)

// shapeOf is the shape of a type, and the type of one value.
func shapeOf(t reflect.Type) (shape, reflect.Type) {
	switch {
	case isText(t) || isBytes(t):
		return one, t
	case t.Kind() == reflect.Pointer:
		return pointed, t.Elem()
	case t.Kind() == reflect.Slice:
		return repeated, t.Elem()
	}
	return one, t
}

func isText(t reflect.Type) bool {
	p := reflect.PointerTo(t)
	return p.Implements(unmarshaler) || p.Implements(marshaler)
}

// decode puts the values that came into the field of a struct. What is wrong with them it tells.
func (f *field) decode(v reflect.Value, values []string, broken *violations) {
	if len(values) == 0 {
		values = f.defaults
	}
	v = v.Field(f.index)
	switch {
	case len(values) == 0 && f.required:
		broken.add(f.key, reasonRequired, "is required")
	case len(values) == 0:
	case f.shape == repeated:
		f.decodeAll(v, values, broken)
	case len(values) > 1:
		broken.add(f.key, reasonRepeated, "must be given once")
	default:
		if f.shape == pointed {
			v.Set(reflect.New(f.typ.Elem()))
			v = v.Elem()
		}
		f.judge(f.value(v, values[0]), 0, broken)
	}
}

// decodeAll tells of the first value alone that is wrong: it is for clients to say how many there are.
func (f *field) decodeAll(v reflect.Value, values []string, broken *violations) {
	v.Set(reflect.MakeSlice(f.typ, len(values), len(values)))
	for i, text := range values {
		if reason := f.value(v.Index(i), text); reason != "" {
			f.judge(reason, i+1, broken)
			return
		}
	}
}

// value decodes one value, and gives the reason why it may not be, or "".
func (f *field) value(v reflect.Value, text string) string {
	if !f.form.decode(v, text) {
		return reasonMalformed
	}
	if f.oneof == nil {
		return ""
	}
	return f.allowed(f.form.encode(v))
}

func (f *field) allowed(text string, ok bool) string {
	switch {
	case !ok:
		return reasonMalformed
	case f.oneof != nil && !slices.Contains(f.oneof, text):
		return reasonNotAllowed
	}
	return ""
}

// judge tells what a reason says of a value; n counts the values of a slice from 1, and is 0 elsewhere.
func (f *field) judge(reason string, n int, broken *violations) {
	if reason == "" {
		return
	}
	must := f.form.must
	if reason == reasonNotAllowed {
		must = "one of " + cut(strings.Join(f.oneof, ", "))
	}
	if n > 0 {
		broken.add(f.key, reason, fmt.Sprintf("value %d must be %s", n, must))
		return
	}
	broken.add(f.key, reason, "must be "+must)
}

// cut keeps a long list short.
func cut(list string) string {
	const most = 200
	if len(list) <= most {
		return list
	}
	return list[:most] + "..."
}

// encode appends the values that are to be sent of the field of a struct. What can not be sent it tells.
func (f *field) encode(values []string, v reflect.Value, broken *violations) []string {
	v = v.Field(f.index)
	switch {
	case f.shape == repeated:
		return f.encodeAll(values, v, broken)
	case f.shape == pointed && v.IsNil(), f.shape == one && isZero(v):
		return values
	case f.shape == pointed:
		v = v.Elem()
	}
	text, ok := f.form.encode(v)
	f.judge(f.allowed(text, ok), 0, broken)
	return append(values, text)
}

func (f *field) encodeAll(values []string, v reflect.Value, broken *violations) []string {
	for i := range v.Len() {
		text, ok := f.form.encode(v.Index(i))
		values = append(values, text)
		if reason := f.allowed(text, ok); reason != "" {
			f.judge(reason, i+1, broken)
			return values
		}
	}
	return values
}

// isZero is what encoding/json's omitzero goes by; no bytes are zero, too.
func isZero(v reflect.Value) bool {
	if z, ok := v.Addr().Interface().(interface{ IsZero() bool }); ok {
		return z.IsZero()
	}
	return v.IsZero() || isBytes(v.Type()) && v.Len() == 0
}

// options are what the field's tag says beside the key.
func (f *field) options() string {
	var items []string
	if f.required {
		items = append(items, "required")
	}
	for _, list := range []struct {
		name  string
		words []string
	}{{"default", f.defaults}, {"oneof", f.oneof}} {
		if list.words != nil {
			items = append(items, tag.Item{Name: list.name, Value: strings.Join(list.words, " "), HasValue: true}.String())
		}
	}
	return strings.Join(items, ",")
}
