package errmap

import (
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/sluice-go/sluice/internal/tag"
)

// A declaration is what the tags of an error struct say.
type declaration struct {
	typ       reflect.Type // the struct
	code      Code
	reason    string
	domain    string
	message   template
	delay     time.Duration // that is the same every time
	level     *slog.Level
	retryable bool
	fields    []*field
	groups    []*group
	errs      []*tag.Error
	items     []string // of the struct's own line, for String
}

// A field is one that is sent, or said to be kept.
type field struct {
	name    string
	index   []int
	typ     reflect.Type
	codec   *codec
	sent    bool
	key     string // in the metadata, "" for none
	delay   bool   // retry.delay
	detail  bool
	debug   bool
	stack   bool
	options []string // for String
}

// A group makes one detail of a family.
type group struct {
	family *family
	whole  *field // with all entries
	inner  []part // of an entry, in the struct that the whole holds
	parts  []part // of the one entry, where there is no whole
	given  bool   // some part is of a field
}

// A part is a field of an entry, and what it is made from.
type part struct {
	*named
	constant string
	field    int // of the declaration; -1 for a constant, and inside of a whole
	index    []int
	codec    *codec
}

// declarations remembers what read gave for each type, which is always the same.
var declarations sync.Map

// declarationOf reads the tags of an error type, once a type.
func declarationOf(t reflect.Type) *declaration {
	if d, ok := declarations.Load(t); ok {
		return d.(*declaration)
	}
	d, _ := declarations.LoadOrStore(t, readDeclaration(t))
	return d.(*declaration)
}

// String is the declaration in its one spelling, a line for the struct and one for each field, with all that was left
// to be said by default.
func (d *declaration) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s", tag.TypeName(d.typ), strings.Join(d.items, ","))
	for _, f := range d.fields {
		fmt.Fprintf(&b, "\n  %s: %s", f.name, strings.Join(f.options, ","))
	}
	return b.String()
}

// struct is the struct of an error that the declaration is about; false for a nil pointer.
func (d *declaration) of(err error) (reflect.Value, bool) {
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	return v, v.IsValid() && v.Type() == d.typ
}

// A text is a field as text; not there for a nil pointer, and for what can not be written.
type text struct {
	value string
	there bool
}

// few is how many fields most errors have at most. Their texts need no allocation.
type few [8]text

// texts are the fields of an error as text, by the field's number, in the given slice if they fit.
func (d *declaration) texts(v reflect.Value, texts []text) []text {
	for _, f := range d.fields {
		var t text
		if f.codec != nil {
			t.value, t.there = f.codec.write(v.FieldByIndex(f.index))
			t.value = valid(t.value)
		}
		texts = append(texts, t)
	}
	return texts
}

// text is the message for an error with these texts of fields.
func (d *declaration) text(texts []text) string {
	if d.message == nil {
		return d.code.Error()
	}
	return d.message.render(texts)
}
