package tag

import (
	"fmt"
	"reflect"
	"strings"
	"sync"
)

// A Struct is a struct type with its tags read. It is shared by all who ask for the type: read only.
type Struct struct {
	Type   reflect.Type
	Line   *Field  // the struct's own line; nil where there is none
	Fields []Field // the others, in order: the exported ones, and all with a grpc tag; without those tagged "-"

	lineBroken bool    // there is one that reflect can not read
	hidden     []Field // embedded structs that are not exported, and not tagged
}

// A Field is a field with its grpc tag read.
type Field struct {
	reflect.StructField
	Text   string // of the tag; "" for none
	Tag    Tag    // the items without a flaw; none where the first has one
	Tagged bool

	broken bool // the raw tag has a mistake, which Of tells
}

// structs remembers what read gave for each type, which is always the same: the keys are of type reflect.Type.
var structs sync.Map

type reading struct {
	of   *Struct
	errs []*Error
}

// Of reads the tags of a struct type, or of a pointer to one, once a type. The struct is never nil; the errors are the
// caller's own. That tags are missing is no error here: see Untagged and Lineless.
func Of(t reflect.Type) (*Struct, []*Error) {
	t = pointedTo(t)
	if t == nil || t.Kind() != reflect.Struct {
		return &Struct{Type: t}, []*Error{{
			Type: TypeName(t), Offset: -1, Problem: "not a struct; declare with a struct, or a pointer to one",
		}}
	}
	found, ok := structs.Load(t)
	if !ok {
		found, _ = structs.LoadOrStore(t, read(t))
	}
	r := found.(*reading)
	return r.of, copied(r.errs)
}

// pointedTo is the struct that a type points to, else the type.
func pointedTo(t reflect.Type) reflect.Type {
	if t != nil && t.Kind() == reflect.Pointer && t.Elem().Kind() == reflect.Struct {
		return t.Elem()
	}
	return t
}

// copied keeps callers, who put the place in, from writing to what is remembered.
func copied(errs []*Error) []*Error {
	own := make([]*Error, len(errs))
	for i, e := range errs {
		clone := *e
		own[i] = &clone
	}
	return own
}

func read(t reflect.Type) *reading {
	r := &reading{of: &Struct{Type: t}}
	for i := range t.NumField() {
		r.field(i, t.Field(i))
	}
	return r
}

func (r *reading) field(index int, sf reflect.StructField) {
	f := &Field{StructField: sf}
	problem := ""
	f.Text, f.Tagged, problem = lookup(string(sf.Tag))
	if f.broken = problem != ""; f.broken {
		r.errorf(f, -1, "%s", problem)
	}
	switch {
	case f.Text == "-":
		return
	case strings.HasPrefix(f.Text, "-,"):
		r.errorf(f, 0, `"-" leaves the field out, and stands alone; take away what follows, or write a name in its place`)
	}
	if f.Tagged {
		r.parse(f)
	}
	switch {
	case holdsLine(sf):
		r.line(index, f)
	case sf.IsExported() || f.Tagged:
		r.of.Fields = append(r.of.Fields, *f)
	case sf.Anonymous && pointedTo(sf.Type).Kind() == reflect.Struct:
		r.of.hidden = append(r.of.hidden, *f)
	}
	if f.Tagged && !sf.IsExported() && sf.Name != "_" {
		r.errorf(f, -1, "the field is not exported, so that nobody can read it; begin its name with a capital, or take the tag away")
	}
}

func (r *reading) parse(f *Field) {
	var flaws []Flaw
	f.Tag, flaws = Parse(f.Text)
	for _, flaw := range flaws {
		r.errorf(f, flaw.Offset, "%s", flaw.Problem)
	}
}

func (r *reading) errorf(f *Field, offset int, format string, args ...any) {
	r.errs = append(r.errs, r.of.At(f, offset, "").Errorf(format, args...))
}

// line takes a field for the struct's own line, if it has a tag, also where it is not the first: so that what
// else is wrong with the struct is told too.
func (r *reading) line(index int, f *Field) {
	switch {
	case !f.Tagged:
		r.of.lineBroken = r.of.lineBroken || f.broken
		return
	case r.of.Line != nil:
		r.errorf(f, 0, "the struct has its own line already, on field %s; keep one", r.of.Line.Name)
		return
	case f.Name == "_" && index > 0:
		r.errorf(f, 0, "the struct's own line is not on the first field; %s", r.of.lineCure())
	}
	r.of.Line = f
}

func (s *Struct) lineCure() string {
	if _, ok := s.embeddedIn(); ok {
		return "move it to the embedded fx.In, beside which there can be no blank field"
	}
	return "move the blank field to the top"
}

// holdsLine reports whether a field is one that may hold the struct's own line.
func holdsLine(sf reflect.StructField) bool { return sf.Name == "_" || isIn(sf) }

// isIn reports whether a field is an embedded fx.In, which is dig's under another name.
func isIn(sf reflect.StructField) bool {
	return sf.Anonymous && sf.Type.Name() == "In" && strings.HasPrefix(sf.Type.PkgPath(), "go.uber.org/")
}

func (s *Struct) embeddedIn() (reflect.StructField, bool) {
	for i := range s.Type.NumField() {
		if f := s.Type.Field(i); isIn(f) {
			return f, true
		}
	}
	return reflect.StructField{}, false
}

// At is a position in a field's tag. Without a field it is the struct's as a whole.
func (s *Struct) At(f *Field, offset int, place string) Position {
	p := Position{Type: TypeName(s.Type), Offset: offset, Place: place}
	if f != nil {
		p.Field, p.Tag = f.Name, f.Text
	}
	return p
}

// Untagged has an error for each exported field without a grpc tag: in a declared struct each has one, so that a
// misspelt key does not go unnoticed. Nor do the fields of an embedded struct that is not exported.
func (s *Struct) Untagged() (errs []*Error) {
	for _, f := range s.Fields {
		if !f.Tagged && !f.broken {
			errs = append(errs, s.At(&f, -1, "").Errorf(`%s; write one, or grpc:"-" to leave the field out`, missing(f.StructField)))
		}
	}
	for _, f := range s.hidden {
		if !f.broken {
			errs = append(errs, s.At(&f, -1, "").Errorf(
				`the embedded struct is not exported, so that its fields do not count; begin its name with a capital, or leave it out with grpc:"-"`))
		}
	}
	return errs
}

// Misspelt has an error for each exported field whose tag has a key that was likely meant to be ours: for structs in which
// a field may be without a tag.
func (s *Struct) Misspelt() (errs []*Error) {
	for _, f := range s.Fields {
		if !f.Tagged && !f.broken && otherKey(string(f.StructField.Tag)) != "" {
			errs = append(errs, s.At(&f, -1, "").Errorf(`%s; write grpc:"-" to leave the field out`, missing(f.StructField)))
		}
	}
	return errs
}

// missing says that there is no grpc tag, and what may have been meant for one.
func missing(sf reflect.StructField) string {
	if other := otherKey(string(sf.Tag)); other != "" {
		return fmt.Sprintf("no %s tag, but one with the key %q (did you mean %q?)", ownKey, other, ownKey)
	}
	return fmt.Sprintf("no %s tag", ownKey)
}

// Lineless is the error of a struct without a line of its own, with an example of one: chain=server. It is nil
// where there is one.
func (s *Struct) Lineless(example string) *Error {
	if s.Line != nil || s.lineBroken || s.Type == nil || s.Type.Kind() != reflect.Struct {
		return nil
	}
	at := s.At(nil, -1, "")
	if in, ok := s.embeddedIn(); ok {
		return at.Errorf("the embedded fx.In has %s; write fx.In `grpc:%q`", missing(in), example)
	}
	if s.Type.NumField() > 0 && s.Type.Field(0).Name == "_" {
		return at.Errorf("the first field has %s; write _ struct{} `grpc:%q`", missing(s.Type.Field(0)), example)
	}
	return at.Errorf("the struct has no line of its own; begin it with _ struct{} `grpc:%q`", example)
}

// TypeName is a type as errors call it: "app.ServerChain", without the pointer, and "struct" where it has no name.
func TypeName(t reflect.Type) string {
	switch t = pointedTo(t); {
	case t == nil:
		return "nil"
	case t.Name() == "" && t.Kind() == reflect.Struct:
		return "struct"
	}
	return shortened(t.String())
}

// shortened cuts the paths of packages, which the arguments of a generic type have, to their last elements.
func shortened(name string) string {
	var out []byte
	part := 0 // where in out the current name begins
	for i := range len(name) {
		switch c := name[i]; {
		case c == '/':
			out = out[:part]
		case strings.IndexByte("[], *()", c) >= 0:
			out = append(out, c)
			part = len(out)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}
