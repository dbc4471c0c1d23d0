package errmap

import (
	"reflect"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// decode makes errors of the tagged type from a status: one, or one for each violation where the type is about a single
// one. It gives none where any value does not parse: half an error is worse than none.
func (t *declaration) decode(as reflect.Type, s *status.Status) (errs []error) {
	defer func() {
		if recover() != nil { // an UnmarshalText that panics
			errs = nil
		}
	}()
	f := filler{declaration: t, received: receivedOf(s)}
	for i := range f.count() {
		v := reflect.New(t.typ)
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

// receivedOf are the details that can be read. Of two of a type the first counts.
func receivedOf(s *status.Status) (all []proto.Message) {
	for _, d := range s.Details() {
		if m, ok := d.(proto.Message); ok {
			all = append(all, m)
		}
	}
	return all
}

// A filler sets the fields of tagged errors from details.
type filler struct {
	*declaration
	received []proto.Message
}

// count is how many errors a status tells of.
func (f *filler) count() int {
	for _, g := range f.groups {
		if g.whole == nil && g.list != nil && g.given && g.family.name != "help" {
			if m := f.detail(g.family.empty); m != nil {
				return max(m.Get(g.list).List().Len(), 1)
			}
		}
	}
	return 1
}

// detail is the received one of a type, nil for none.
func (f *filler) detail(like proto.Message) protoreflect.Message {
	for _, m := range f.received {
		if reflect.TypeOf(m) == reflect.TypeOf(like) {
			return m.ProtoReflect()
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
				into.Set(reflect.ValueOf(m.Interface()))
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
	switch {
	case m == nil:
		return true
	case g.whole != nil:
		return g.fill(v.FieldByIndex(g.whole.index), m)
	case g.list != nil && m.Get(g.list).List().Len() == 0:
		return true
	case g.list != nil:
		list := m.Get(g.list).List()
		m = list.Get(min(n, list.Len()-1)).Message()
	}
	for _, p := range g.parts {
		if p.field >= 0 && !p.get(m, v.FieldByIndex(p.index)) {
			return false
		}
	}
	return true
}

// fill sets a field that has all entries.
func (g *group) fill(into reflect.Value, m protoreflect.Message) bool {
	if g.list == nil {
		return g.fillOne(into, m)
	}
	list := m.Get(g.list).List()
	if into.Kind() == reflect.Map {
		all := make(map[string]string, list.Len())
		for i := range list.Len() {
			entry := list.Get(i).Message()
			all[entry.Get(g.family.part("field")).String()] = entry.Get(g.family.part("description")).String()
		}
		into.Set(reflect.ValueOf(all))
		return true
	}
	into.Set(reflect.MakeSlice(into.Type(), list.Len(), list.Len()))
	for i := range list.Len() {
		if !g.fillOne(into.Index(i), list.Get(i).Message()) {
			return false
		}
	}
	return true
}

func (g *group) fillOne(into reflect.Value, entry protoreflect.Message) bool {
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
func (p part) get(entry protoreflect.Message, into reflect.Value) bool {
	if !entry.Has(p.descriptor) {
		return true
	}
	value := entry.Get(p.descriptor)
	switch {
	case p.descriptor.IsMap():
		all := make(map[string]string, value.Map().Len())
		value.Map().Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
			all[k.String()] = v.String()
			return true
		})
		into.Set(reflect.ValueOf(all))
		return true
	case p.descriptor.Kind() == protoreflect.Int64Kind:
		if into.OverflowInt(value.Int()) {
			return false
		}
		into.SetInt(value.Int())
		return true
	}
	return p.codec.read(value.String(), into) == nil
}
