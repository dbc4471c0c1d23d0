package errmap

import (
	"maps"
	"reflect"
	"slices"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
)

var durationType = reflect.TypeFor[time.Duration]()

// encode makes what is sent of a tagged error.
func (r *ruling) encode(err error, verbose bool) (d *draft, never bool) {
	v, ok := r.tagged.of(err)
	if !ok {
		return r.base.copy(), false
	}
	return r.draftOf(v, verbose)
}

// draftOf makes what is sent of a tagged struct.
func (r *ruling) draftOf(v reflect.Value, verbose bool) (d *draft, never bool) {
	t := r.tagged
	var some few
	texts := t.texts(v, some[:0])
	d = &draft{code: codes.Code(t.code), message: cut(t.text(texts), r.maxMessage)}
	d.details = make([]proto.Message, 0, 3+len(t.groups))
	d.details = append(d.details, r.info(texts))
	delay := t.delayOf(v)
	if delay > 0 {
		d.put(&errdetails.RetryInfo{RetryDelay: durationpb.New(delay)})
	}
	for _, g := range t.groups {
		if m := g.encode(v, texts); m != nil {
			d.put(m)
		}
	}
	t.messages(d, v)
	if verbose {
		t.debugging(d, v, texts)
	}
	return d, delay < 0
}

// info is the google.rpc.ErrorInfo.
func (r *ruling) info(texts []text) *errdetails.ErrorInfo {
	info := &errdetails.ErrorInfo{Reason: r.reason, Domain: r.domain}
	for i, f := range r.tagged.fields {
		if f.key == "" || !texts[i].there {
			continue
		}
		if info.Metadata == nil {
			info.Metadata = make(map[string]string, len(r.tagged.fields))
		}
		info.Metadata[f.key] = cut(texts[i].value, maxValue)
	}
	return info
}

func (d *declaration) delayOf(v reflect.Value) time.Duration {
	for _, f := range d.fields {
		if f.delay {
			return time.Duration(v.FieldByIndex(f.index).Int())
		}
	}
	return d.delay
}

// messages adds the details that fields hold as they are.
func (d *declaration) messages(into *draft, v reflect.Value) {
	for _, f := range d.fields {
		if f.detail {
			if m, ok := v.FieldByIndex(f.index).Interface().(proto.Message); ok {
				into.put(m)
			}
		}
	}
}

// debugging adds what only developers may see.
func (d *declaration) debugging(into *draft, v reflect.Value, texts []text) {
	info := new(errdetails.DebugInfo)
	for i, f := range d.fields {
		if f.debug {
			info.Detail = texts[i].value
		}
		if f.stack {
			for _, line := range v.FieldByIndex(f.index).Interface().([]string) {
				info.StackEntries = append(info.StackEntries, valid(line))
			}
		}
	}
	if info.GetDetail() != "" || len(info.GetStackEntries()) > 0 {
		into.put(info)
	}
}

// encode makes the group's detail, nil where there is nothing to say.
func (g *group) encode(v reflect.Value, texts []text) proto.Message {
	m := g.family.make()
	switch {
	case g.whole == nil:
		if !g.single(g.family.entry(m), v, texts) {
			return nil
		}
	case !g.entries(m, v.FieldByIndex(g.whole.index)):
		return nil
	}
	return m
}

// single sets the one entry, from fields and constants. Constants beside empty fields say nothing.
func (g *group) single(entry any, v reflect.Value, texts []text) bool {
	said := !g.given
	for _, p := range g.parts {
		to, ok := p.at(entry).(*string)
		switch {
		case ok && p.field < 0:
			*to = p.constant
		case ok:
			*to = cut(texts[p.field].value, maxValue)
			said = said || *to != ""
		default:
			said = p.set(entry, v.FieldByIndex(p.index)) || said
		}
	}
	return said
}

// entries sets all that a field holds.
func (g *group) entries(m proto.Message, v reflect.Value) bool {
	switch {
	case v.Kind() == reflect.Map:
		return g.pairs(m, v)
	case g.family.list == nil:
		return g.one(m, v)
	}
	for i := range v.Len() {
		g.one(g.family.list.add(m), v.Index(i))
	}
	return v.Len() > 0
}

// one sets an entry from a struct, or from a pointer to one.
func (g *group) one(entry any, v reflect.Value) (said bool) {
	if v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	if !v.IsValid() {
		return false
	}
	for _, p := range g.inner {
		said = p.set(entry, v.FieldByIndex(p.index)) || said
	}
	return said
}

// pairs sets the violations that a map of fields to descriptions says, in order.
func (g *group) pairs(m proto.Message, v reflect.Value) bool {
	all, bad := v.Interface().(map[string]string), m.(*errdetails.BadRequest)
	for _, k := range slices.Sorted(maps.Keys(all)) {
		bad.FieldViolations = append(bad.FieldViolations, &errdetails.BadRequest_FieldViolation{
			Field: cut(valid(k), maxValue), Description: cut(valid(all[k]), maxValue),
		})
	}
	return len(all) > 0
}

// set sets a part from a value, and reports whether that says anything.
func (p part) set(entry any, v reflect.Value) bool {
	switch to := p.at(entry).(type) {
	case *map[string]string:
		*to = make(map[string]string, v.Len())
		for k, value := range v.Interface().(map[string]string) {
			(*to)[cut(valid(k), maxValue)] = cut(valid(value), maxValue)
		}
		return v.Len() > 0
	case *int64:
		*to = v.Int()
		return *to != 0
	case *string:
		text, _ := p.codec.write(v)
		*to = cut(valid(text), maxValue)
		return *to != ""
	}
	return false
}
