package headers

import (
	"reflect"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// A fieldReader makes a field of its tag.
type fieldReader struct {
	s     *tag.Struct
	f     *tag.Field
	items tag.Items
	made  field
	errs  []*tag.Error
}

func (r *fieldReader) errorf(offset int, format string, args ...any) {
	r.errs = append(r.errs, r.s.At(r.f, offset, "").Errorf(format, args...))
}

// read makes the field. Where its type has no form there is nothing to hold options against.
func (r *fieldReader) read() field {
	r.made = field{index: r.f.Index[0], goName: r.f.Name, typ: r.f.Type, key: r.items.First.Name}
	_, r.made.required = r.items.Get("required")
	if at, problem := keyProblem(r.made.key); problem != "" {
		r.errorf(r.items.First.Offset+at, "%s", problem)
	}
	if r.form() {
		r.oneof()
		r.defaults()
	}
	return r.made
}

// form finds how the field's values are written, and holds it against the key.
func (r *fieldReader) form() bool {
	var single reflect.Type
	var problem string
	r.made.shape, single = shapeOf(r.f.Type)
	r.made.form, problem = formOf(single)
	switch bin := strings.HasSuffix(strings.ToLower(r.made.key), binary); {
	case r.f.Anonymous && single.Kind() == reflect.Struct && problem != "":
		r.errorf(-1, "an embedded struct is not looked into; bind %s beside this one", tag.TypeName(single))
	case problem != "":
		r.errorf(-1, "%s %s", tag.TypeName(single), problem)
	case bin && !r.made.form.bytes:
		r.errorf(r.items.First.Offset, "a key that ends in %q is for []byte, and %s is not; write %q, or make it []byte",
			binary, tag.TypeName(single), strings.TrimSuffix(r.made.key, binary))
	case !bin && r.made.form.bytes:
		r.errorf(r.items.First.Offset, "bytes go under a key that ends in %q, which grpc encodes; write %q", binary, r.made.key+binary)
	default:
		return true
	}
	return false
}

// oneof reads the values that may be. Two spellings of one value are one too many.
func (r *fieldReader) oneof() {
	item, ok := r.items.Get("oneof")
	if !ok || r.bytes(item) {
		return
	}
	spelled := map[string]string{}
	for _, w := range item.Words() {
		text, ok := r.canonical(w.Text)
		switch first, known := spelled[text]; {
		case !ok:
			r.errorf(w.Offset, "%s %q can not be: it must be %s", item.Name, w.Text, r.made.form.must)
		case known:
			r.errorf(w.Offset, "%q and %q are one value; keep one", first, w.Text)
		default:
			spelled[text] = w.Text
			r.made.oneof = append(r.made.oneof, text)
		}
	}
}

// canonical is the one spelling of a value.
func (r *fieldReader) canonical(text string) (string, bool) {
	_, single := shapeOf(r.f.Type)
	v := reflect.New(single).Elem()
	if !r.made.form.decode(v, text) {
		return "", false
	}
	return r.made.form.encode(v)
}

// defaults reads the values where there are none: of a slice as a list.
func (r *fieldReader) defaults() {
	item, ok := r.items.Get("default")
	if !ok || r.bytes(item) {
		return
	}
	if r.made.required {
		r.errorf(item.Offset, `"default" is for requests without %q, which "required" refuses; keep one`, r.made.key)
		return
	}
	words := []tag.Word{{Text: item.Value, Offset: item.At(0)}}
	if r.made.shape == repeated {
		words = item.Words()
	}
	if len(words) == 0 {
		r.errorf(item.At(0), "%q has no values; write some, or leave the option out", item.Name)
	}
	for _, w := range words {
		r.defaultValue(item.Name, w)
	}
}

func (r *fieldReader) defaultValue(option string, w tag.Word) {
	text, ok := r.canonical(w.Text)
	switch r.made.allowed(text, ok) {
	case reasonMalformed:
		r.errorf(w.Offset, "%s %q can not be: it must be %s", option, w.Text, r.made.form.must)
	case reasonNotAllowed:
		r.errorf(w.Offset, "%s %q is not in oneof=%s", option, w.Text, strings.Join(r.made.oneof, " "))
	default:
		r.made.defaults = append(r.made.defaults, w.Text)
	}
}

// bytes refuses an option of text where values are none.
func (r *fieldReader) bytes(item tag.Item) bool {
	if r.made.form.bytes {
		r.errorf(item.Offset, "%q is text, and %s holds bytes; remove it", item.Name, r.f.Name)
	}
	return r.made.form.bytes
}
