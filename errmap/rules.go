package errmap

import (
	"cmp"
	"reflect"
	"slices"
	"sync"
)

// rules are a mapper's rulings where the walk looks for them.
type rules struct {
	sentinels  map[error][]*ruling
	ordered    []*ruling // the sentinels by name, to ask an Is method
	types      map[reflect.Type][]*ruling
	interfaces []*ruling // most methods first, then by name
	predicates []*ruling // by name
	shapes     sync.Map  // reflect.Type to *shape; as many as the program has error types
}

// A shape is what the rules have for a dynamic type, so that looking it up does not depend on their number.
type shape struct {
	sentinel   bool // some sentinel is of the type
	risky      bool // == may panic, by what is in a field
	types      []*ruling
	interfaces []*ruling
}

func (r *rules) add(one *ruling) {
	switch {
	case one.form == sentinelForm:
		if r.sentinels == nil {
			r.sentinels = map[error][]*ruling{}
		}
		r.sentinels[one.target] = append(r.sentinels[one.target], one)
		r.ordered = append(r.ordered, one)
	case one.form == predicateForm:
		r.predicates = append(r.predicates, one)
	case one.typ.Kind() == reflect.Interface:
		r.interfaces = append(r.interfaces, one)
	default:
		if r.types == nil {
			r.types = map[reflect.Type][]*ruling{}
		}
		r.types[one.typ] = append(r.types[one.typ], one)
	}
}

// sort puts the interfaces with more methods first: one that embeds another has more than it.
func (r *rules) sort() {
	slices.SortStableFunc(r.interfaces, func(a, b *ruling) int {
		return cmp.Compare(b.typ.NumMethod(), a.typ.NumMethod())
	})
}

// shape gives what there is for the dynamic type of err.
func (r *rules) shape(err error) *shape {
	t := reflect.TypeOf(err)
	if s, ok := r.shapes.Load(t); ok {
		return s.(*shape)
	}
	s, _ := r.shapes.LoadOrStore(t, r.learn(t))
	return s.(*shape)
}

func (r *rules) learn(t reflect.Type) *shape {
	s := &shape{
		risky: !plainly(t),
		types: slices.Concat(r.types[t], r.types[counterpart(t)]),
	}
	for _, one := range r.ordered {
		s.sentinel = s.sentinel || reflect.TypeOf(one.target) == t
	}
	for _, one := range r.interfaces {
		if t.Implements(one.typ) {
			s.interfaces = append(s.interfaces, one)
		}
	}
	return s
}

// counterpart is T for *T, and *T for T.
func counterpart(t reflect.Type) reflect.Type {
	if t.Kind() == reflect.Pointer {
		return t.Elem()
	}
	return reflect.PointerTo(t)
}

// plainly reports whether == on values of the type can not panic for sure.
func plainly(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Struct, reflect.Array, reflect.Interface:
		return false
	}
	return t.Comparable()
}

// exactly gives the rulings for the very value. A value that can not be compared is no sentinel.
func (r *rules) exactly(err error, s *shape) []*ruling {
	if !s.sentinel || s.risky && !reflect.ValueOf(err).Comparable() {
		return nil
	}
	return r.sentinels[err]
}

// typedNil reports whether err is a nil pointer in an error: its methods must not be called.
func typedNil(err error) bool {
	v := reflect.ValueOf(err)
	return v.Kind() == reflect.Pointer && v.IsNil()
}
