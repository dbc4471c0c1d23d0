package errmap

import (
	"errors"
	"reflect"
)

// A subject is the error that a rule claimed, for functions that take it by its type.
type subject struct {
	err    error
	target error // the sentinel, for an error that only its Is method made one
	deep   bool  // the whole error was claimed: the type may be anywhere in it
}

// as gives the subject as an E, T and *T alike.
func as[E error](s subject) (e E, ok bool) {
	if e, ok = s.err.(E); ok {
		return e, true
	}
	if s.deep {
		return errors.AsType[E](s.err)
	}
	if e, ok = s.target.(E); ok {
		return e, true
	}
	return turned[E](s.err)
}

// turned gives *T for T, and T for *T.
func turned[E error](err error) (e E, ok bool) {
	v, want := reflect.ValueOf(err), reflect.TypeFor[E]()
	switch {
	case !v.IsValid():
		return e, false
	case v.Kind() == reflect.Pointer && !v.IsNil() && v.Type().Elem() == want:
		e, ok = v.Elem().Interface().(E)
	case want.Kind() == reflect.Pointer && want.Elem() == v.Type():
		p := reflect.New(v.Type())
		p.Elem().Set(v)
		e, ok = p.Interface().(E)
	}
	return e, ok
}

// fits reports whether a rule's errors can be of the type that a function of it takes.
func (r Rule) fits(takes reflect.Type) bool {
	switch r.form {
	case typeForm:
		return r.typ.AssignableTo(takes) || counterpart(r.typ).AssignableTo(takes) || r.typ == counterpart(takes)
	case sentinelForm:
		return r.target == nil || reflect.TypeOf(r.target).AssignableTo(takes)
	}
	return true
}
