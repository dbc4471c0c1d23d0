package headers

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"google.golang.org/grpc/metadata"
)

// outgoing is the metadata that a call is to have beside what its context has.
type outgoing struct {
	given  context.Context
	added  []header
	values []string // of all that is added
	broken violations
}

// A header is a key with its values, and the struct that they are of.
type header struct {
	key    string
	values []string
	of     *declared
}

// add encodes the fields of a struct that have values. Structs that share a key agree on them.
func (o *outgoing) add(d *declared, v reflect.Value) {
	o.added = slices.Grow(o.added, len(d.fields))
	o.values = slices.Grow(o.values, len(d.fields))
	for i := range d.fields {
		f, before := &d.fields[i], len(o.values)
		o.values = f.encode(o.values, v, &o.broken)
		values := o.values[before:]
		switch known := o.find(f.key); {
		case len(values) == 0:
		case known == nil:
			o.added = append(o.added, header{f.key, values, d})
		case !slices.Equal(known.values, values):
			o.broken.add(f.key, reasonConflict, fmt.Sprintf("has different values in %s and %s", known.of.name(), d.name()))
		}
	}
}

func (o *outgoing) find(key string) *header {
	i := slices.IndexFunc(o.added, func(h header) bool { return h.key == key })
	if i < 0 {
		return nil
	}
	return &o.added[i]
}

// complete holds what is added against what all structs declare, and against what is there already.
func (o *outgoing) complete(bind []Struct) {
	for _, s := range bind {
		for i := range s.fields {
			o.settle(s.declared, &s.fields[i])
		}
	}
}

// settle has a declared key come from its struct alone: a second writer would add values to a slice, or be the one
// that a server believes.
func (o *outgoing) settle(d *declared, f *field) {
	known, there := o.find(f.key), metadata.ValueFromOutgoingContext(o.given, f.key)
	switch {
	case known == nil && len(there) == 0:
		if f.required {
			o.broken.add(f.key, reasonRequired, fmt.Sprintf("is required; give the call a %s that has it, with headers.Send", d.name()))
		}
	case len(there) == 0:
	case known == nil || !slices.Equal(known.values, there):
		o.broken.add(f.key, reasonConflict, "is in the outgoing metadata already; what is declared is sent with headers.Send alone")
	}
}

// context is the one given with what was added, once.
func (o *outgoing) context() context.Context {
	pairs := make([]string, 0, 2*len(o.values))
	for _, h := range o.added {
		if len(metadata.ValueFromOutgoingContext(o.given, h.key)) > 0 {
			continue // the same, by an outer link
		}
		for _, v := range h.values {
			pairs = append(pairs, h.key, v)
		}
	}
	if len(pairs) == 0 {
		return o.given
	}
	return metadata.AppendToOutgoingContext(o.given, pairs...)
}
