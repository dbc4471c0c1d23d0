package errmap

import (
	"google.golang.org/protobuf/encoding/protowire"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// repaired is a copy of a message whose texts are all UTF-8: protobuf sends no other.
func repaired(m proto.Message) proto.Message {
	c := proto.Clone(m)
	repair(c.ProtoReflect())
	return c
}

func repair(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.IsMap():
			repairMap(f, v.Map())
		case f.IsList():
			for i := range v.List().Len() {
				v.List().Set(i, repairValue(f, v.List().Get(i)))
			}
		default:
			m.Set(f, repairValue(f, v))
		}
		return true
	})
}

// repairValue gives a text repaired, and a message after its texts were.
func repairValue(f protoreflect.FieldDescriptor, v protoreflect.Value) protoreflect.Value {
	switch f.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(valid(v.String()))
	case protoreflect.MessageKind, protoreflect.GroupKind:
		repair(v.Message())
	}
	return v
}

func repairMap(f protoreflect.FieldDescriptor, m protoreflect.Map) {
	type entry struct {
		key   protoreflect.MapKey
		value protoreflect.Value
	}
	var all []entry
	m.Range(func(k protoreflect.MapKey, v protoreflect.Value) bool {
		all = append(all, entry{k, v})
		return true
	})
	for _, e := range all {
		m.Clear(e.key)
		m.Set(repairValue(f.MapKey(), e.key.Value()).MapKey(), repairValue(f.MapValue(), e.value))
	}
}

// repairedWire is an encoded message with its texts repaired: protobuf does not decode it before that.
func repairedWire(t protoreflect.MessageDescriptor, wire []byte) (repaired []byte) {
	for len(wire) > 0 {
		number, kind, n := protowire.ConsumeField(wire)
		if n < 0 {
			return append(repaired, wire...)
		}
		repaired = append(repaired, repairedField(t.Fields().ByNumber(number), kind, wire[:n])...)
		wire = wire[n:]
	}
	return repaired
}

func repairedField(f protoreflect.FieldDescriptor, kind protowire.Type, wire []byte) []byte {
	if f == nil || kind != protowire.BytesType {
		return wire
	}
	_, _, n := protowire.ConsumeTag(wire)
	value, _ := protowire.ConsumeBytes(wire[n:])
	switch f.Kind() {
	case protoreflect.StringKind:
		value = []byte(valid(string(value)))
	case protoreflect.MessageKind:
		value = repairedWire(f.Message(), value)
	}
	return protowire.AppendBytes(wire[:n:n], value)
}
