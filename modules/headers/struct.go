package headers

import (
	"context"
	"fmt"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"text/tabwriter"

	"github.com/sluice-go/sluice/internal/tag"
)

// A Struct is a struct type whose fields are request metadata, for Options.Bind. Of and Sending make one; the zero
// Struct is none, and New refuses it.
type Struct struct{ *declared }

type declared struct {
	typ      reflect.Type
	place    string // where it was declared
	fields   []field
	problems []error
	of       typed
}

// Of declares the tagged fields of the struct type T to be request metadata:
//
//	type Caller struct {
//		_      struct{} `grpc:"headers"`
//		Tenant string   `grpc:"x-tenant-id,required"`
//		Trace  []byte   `grpc:"x-trace-bin"`
//		Roles  []string `grpc:"x-role"`
//	}
//
// On a server each request's metadata is bound to a T, for From. On a client a call sends the T that Send gave it.
// What is wrong with T's tags New tells.
func Of[T any]() Struct {
	return Struct{declare(reflect.TypeFor[T](), callerOf(2), of[T]{})}
}

// Sending is Of, and has a client send, with each call that Send gave no T, the one that each gives; with false there is
// none. each gets the context of the call, and may be called concurrently.
//
//	headers.Sending(headers.Lookup[Caller])     // a server that calls on forwards what it was sent
//
// On a server it is Of.
func Sending[T any](each func(ctx context.Context) (T, bool)) Struct {
	d := declare(reflect.TypeFor[T](), callerOf(2), of[T]{each})
	if each == nil {
		d.problems = append(d.problems, fmt.Errorf("headers: Sending (%s) was given a nil function for %s; give one, or use Of", d.place, d.name()))
	}
	return Struct{d}
}

// callerOf is the place, as file:line, of the caller that many frames up.
func callerOf(skip int) string {
	_, file, line, ok := runtime.Caller(skip)
	if !ok {
		return "unknown place"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

// declare reads a type's tags. It keeps all that is wrong with them.
func declare(t reflect.Type, place string, of typed) *declared {
	d := &declared{typ: t, place: place, of: of}
	s, errs := tag.Of(t)
	if t.Kind() == reflect.Pointer {
		d.fail(s.At(nil, -1, "").Errorf("Of was given a pointer to it; give the struct itself, Of[%s]", d.name()))
		return d
	}
	d.fail(errs...)
	if t.Kind() != reflect.Struct {
		return d
	}
	d.line(s)
	d.fail(s.Untagged()...)
	for i := range s.Fields {
		d.field(s, &s.Fields[i])
	}
	if len(s.Fields) == 0 {
		d.fail(s.At(s.Line, -1, "").Errorf("no field is a header; add one, or leave the struct out"))
	}
	return d
}

func (d *declared) fail(errs ...*tag.Error) {
	for _, e := range errs {
		if e != nil {
			d.problems = append(d.problems, e.At(d.place))
		}
	}
}

// line checks the struct's own line, which says that it is one of metadata and no more.
func (d *declared) line(s *tag.Struct) {
	d.fail(s.Lineless(tag.HeadersLine().Opens))
	_, errs := tag.HeadersLine().Read(s, s.Line)
	d.fail(errs...)
}

// field adds a field, if there is enough of its tag to know the key.
func (d *declared) field(s *tag.Struct, f *tag.Field) {
	items, errs := tag.HeadersField().Read(s, f)
	d.fail(errs...)
	if items.First.Name == "" || !f.IsExported() {
		return
	}
	r := fieldReader{s: s, f: f, items: items}
	made := r.read()
	for _, other := range d.fields {
		if other.key == made.key {
			r.errorf(items.First.Offset, "%q is the key of %s already; a key has one field", made.key, other.goName)
		}
	}
	d.fail(r.errs...)
	d.fields = append(d.fields, made)
}

// name is the type as errors call it.
func (d *declared) name() string { return tag.TypeName(d.typ) }

// String lists the fields with their types, keys and options:
//
//	app.Caller
//	  Tenant  string    x-tenant-id  required
//	  Trace   []uint8   x-trace-bin
//	  Roles   []string  x-role
func (s Struct) String() string {
	if s.declared == nil {
		return "no struct"
	}
	var b strings.Builder
	b.WriteString(s.name() + "\n")
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for _, f := range s.fields {
		fmt.Fprintf(w, "  %s\t%s\t%s\t%s\n", f.goName, tag.TypeName(f.typ), f.key, f.options())
	}
	_ = w.Flush() // into memory
	return trimmed(b.String())
}

// trimmed is a text without the spaces that end its lines, and without its last newline.
func trimmed(text string) string {
	lines := strings.Split(strings.TrimSuffix(text, "\n"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}
