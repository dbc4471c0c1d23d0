package errmap

import (
	"maps"
	"reflect"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// decode makes errors of the tagged type from a status: one, or one for each violation where the type is about a single
// one. It gives none where any value does not parse: half an error is worse than none.
func (d *declaration) decode(as reflect.Type, received []proto.Message) (errs []error) {
	defer func() {
		if recover() != nil { // an UnmarshalText that panics
			errs = nil
		}
	}()
	f := filler{declaration: d, received: received}
	for i := range f.count() {
		v := reflect.New(d.typ)
		if !f.fill(v.Elem(), i) {
			return nil
		}
		if as.Kind() != reflect.Pointer {
			v = v.Elem()
		}
		if err, ok := v.Interface().(error); ok {
			errs = append(errs, err)
		}
	}
	return errs
}

// A filler sets the fields of tagged errors from details.
type filler struct {
	*declaration
	received []proto.Message
}

// count is how many errors a status tells of.
func (f *filler) count() int {
	for _, g := range f.groups {
		if g.whole == nil && g.family.list != nil && g.given && g.family.name != "help" {
			if m := f.detail(g.family.empty); m != nil {
				return max(g.family.list.all(m), 1)
			}
		}
	}
	return 1
}

// detail is the received one of a type, nil for none.
func (f *filler) detail(like proto.Message) proto.Message {
	for _, m := range f.received {
		if reflect.TypeOf(m) == reflect.TypeOf(like) {
			return m
		}
	}
	return nil
}

// fill sets one error, the nth. A field that several things tell takes the first of metadata, delay and details that
// is there.
func (f *filler) fill(v reflect.Value, n int) bool {
	for _, g := range f.groups {
		if !f.group(g, v, n) {
			return false
		}
	}
	info, _ := find[*errdetails.ErrorInfo](f.received)
	for _, one := range f.fields {
		into := v.FieldByIndex(one.index)
		switch {
		case one.detail:
			if m := f.detail(reflect.Zero(one.typ).Interface().(proto.Message)); m != nil {
				into.Set(reflect.ValueOf(m))
			}
		case one.delay && !f.setDelay(into):
			return false
		}
		if text, ok := info.GetMetadata()[one.key]; ok && one.key != "" {
			if one.codec.read(text, into) != nil {
				return false
			}
		}
	}
	return true
}

func (f *filler) setDelay(into reflect.Value) bool {
	retry, ok := find[*errdetails.RetryInfo](f.received)
	if !ok || retry.GetRetryDelay() == nil {
		return true
	}
	if !retry.GetRetryDelay().IsValid() {
		return false
	}
	into.SetInt(int64(retry.GetRetryDelay().AsDuration()))
	return true
}

func (f *filler) group(g *group, v reflect.Value, n int) bool {
	m := f.detail(g.family.empty)
	if m == nil {
		return true
	}
	if g.whole != nil {
		return g.fill(v.FieldByIndex(g.whole.index), m)
	}
	entry := any(m)
	if list := g.family.list; list != nil {
		all := list.all(m)
		if all == 0 {
			return true
		}
		entry = list.get(m, min(n, all-1))
	}
	for _, p := range g.parts {
		if p.field >= 0 && !p.get(entry, v.FieldByIndex(p.index)) {
			return false
		}
	}
	return true
}

// fill sets a field that has all entries.
func (g *group) fill(into reflect.Value, m proto.Message) bool {
	list := g.family.list
	switch {
	case list == nil:
		return g.fillOne(into, m)
	case into.Kind() == reflect.Map:
		all := map[string]string{}
		for _, v := range m.(*errdetails.BadRequest).GetFieldViolations() {
			all[v.GetField()] = v.GetDescription()
		}
		into.Set(reflect.ValueOf(all))
		return true
	}
	all := list.all(m)
	into.Set(reflect.MakeSlice(into.Type(), all, all))
	for i := range all {
		if !g.fillOne(into.Index(i), list.get(m, i)) {
			return false
		}
	}
	return true
}

func (g *group) fillOne(into reflect.Value, entry any) bool {
	if into.Kind() == reflect.Pointer {
		into.Set(reflect.New(into.Type().Elem()))
		into = into.Elem()
	}
	for _, p := range g.inner {
		if !p.get(entry, into.FieldByIndex(p.index)) {
			return false
		}
	}
	return true
}

// get sets a value from a part. What is not there stays zero.
func (p part) get(entry any, into reflect.Value) bool {
	switch from := p.at(entry).(type) {
	case *map[string]string:
		if len(*from) > 0 {
			into.Set(reflect.ValueOf(maps.Clone(*from)))
		}
	case *int64:
		if into.OverflowInt(*from) {
			return false
		}
		into.SetInt(*from)
	case *string:
		return *from == "" || p.codec.read(*from, into) == nil
	}
	return true
}
