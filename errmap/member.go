package errmap

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// member reads an option that is about a family.
func (r *declarationReader) member(f *field, option string) string {
	f.sent = true
	family, name := familyOf(option)
	g := r.group(family)
	if name == "" {
		if g.whole != nil || len(g.parts) > 0 {
			return fmt.Sprintf("%q stands beside another field of it; keep one", option)
		}
		return r.wholly(g, f)
	}
	if g.whole != nil {
		return fmt.Sprintf("%q stands beside the whole %s, on field %s; keep one", option, family.name, g.whole.name)
	}
	return r.partly(g, f, option, family.part(name))
}

func (r *declarationReader) partly(g *group, f *field, option string, n *named) string {
	for _, p := range g.parts {
		if p.option == n.option {
			return fmt.Sprintf("%q stands on field %s already; keep one", option, r.d.fields[p.field].name)
		}
	}
	p := part{named: n, index: f.index, codec: f.codec, field: len(r.d.fields) - 1}
	g.given = true
	g.parts = append(g.parts, p)
	return g.problem(p, f.typ, option)
}

// problem says that a type can not be what a part is made from.
func (g *group) problem(p part, t reflect.Type, option string) string {
	switch p.at(g.family.entry(g.family.make())).(type) {
	case *map[string]string:
		if t != dimensionsType {
			return fmt.Sprintf("%q needs a map[string]string, and the field is %s", option, t)
		}
	case *int64:
		if t.Kind() < reflect.Int || t.Kind() > reflect.Int64 {
			return fmt.Sprintf("%q needs a whole number, and the field is %s", option, t)
		}
	default:
		if p.codec == nil {
			return untextual(&field{typ: t})
		}
	}
	return ""
}

// group is the one for a family.
func (r *declarationReader) group(f *family) *group {
	for _, g := range r.d.groups {
		if g.family.name == f.name {
			return g
		}
	}
	g := &group{family: f}
	r.d.groups = append(r.d.groups, g)
	return g
}

var dimensionsType = reflect.TypeFor[map[string]string]()

// wholly reads a field with all entries: a slice of structs, for a badrequest a map too, for what is no list a struct.
func (r *declarationReader) wholly(g *group, f *field) string {
	g.whole = f
	entry := f.typ
	switch {
	case g.family.name == "badrequest" && f.typ == dimensionsType:
		return ""
	case g.family.list != nil && f.typ.Kind() == reflect.Slice:
		entry = entry.Elem()
	case g.family.list != nil:
		return fmt.Sprintf("%q needs a slice of structs, and the field is %s", g.family.name, f.typ)
	}
	if entry.Kind() == reflect.Pointer {
		entry = entry.Elem()
	}
	if entry.Kind() != reflect.Struct {
		return fmt.Sprintf("%q needs a struct with tags for each, and the field is %s", g.family.name, f.typ)
	}
	r.entry(g, f, entry)
	return ""
}

// entry reads the struct that is one entry of a whole.
func (r *declarationReader) entry(g *group, f *field, t reflect.Type) {
	s, errs := tag.Of(t)
	r.fail(errs)
	r.fail(s.Misspelt())
	for i := range s.Fields {
		if s.Fields[i].Tagged {
			r.entryField(g, s, &s.Fields[i])
		}
	}
	if len(g.inner) == 0 && len(errs) == 0 {
		r.errorf(s, nil, -1, "no field of it has a tag, and field %s is a %s; write %s", f.name, g.family.name, strings.Join(g.family.options(), ", "))
	}
	for _, p := range g.inner {
		f.options = append(f.options, fmt.Sprintf("%s.%s", s.Type.FieldByIndex(p.index).Name, p.option))
	}
}

func (r *declarationReader) entryField(g *group, s *tag.Struct, tf *tag.Field) {
	items, errs := tag.ErrorPart().Read(s, tf)
	if r.fail(errs); len(errs) > 0 {
		return
	}
	for _, o := range tag.ErrorPart().Options {
		i, ok := items.Get(o.Name)
		if !ok {
			continue
		}
		n := g.family.part(o.Name)
		if n == nil {
			r.errorf(s, tf, i.Offset, "a %s has no %q; there are %q", g.family.name, o.Name, g.family.options())
			continue
		}
		p := part{named: n, index: tf.Index, codec: codecOf(tf.Type), field: -1}
		for _, other := range g.inner {
			if other.option == n.option {
				r.errorf(s, tf, i.Offset, "%q stands on another field already; keep one", o.Name)
			}
		}
		if problem := g.problem(p, tf.Type, o.Name); problem != "" {
			r.errorf(s, tf, i.Offset, "%s", problem)
		}
		g.inner = append(g.inner, p)
	}
}
