package logging

import (
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
)

// maxAny is how deep messages may be packed into each other: every google.protobuf.Any on the way down is unpacked with
// all that is in it, which a client could make expensive.
const maxAny = 8

// redact takes out of a message, and of those in it, what is marked debug_redact: text is replaced, all else is gone.
func redact(m protoreflect.Message, depth int) {
	if m.Descriptor().FullName() == "google.protobuf.Any" {
		redactAny(m, depth-1)
		return
	}
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case !isRedacted(f):
			redactInside(f, v, depth)
		case f.Kind() == protoreflect.StringKind && f.Cardinality() != protoreflect.Repeated:
			m.Set(f, protoreflect.ValueOfString("[redacted]"))
		default:
			m.Clear(f)
		}
		return true
	})
}

func isRedacted(f protoreflect.FieldDescriptor) bool {
	o, ok := f.Options().(*descriptorpb.FieldOptions)
	return ok && o.GetDebugRedact()
}

func redactInside(f protoreflect.FieldDescriptor, v protoreflect.Value, depth int) {
	switch {
	case f.IsMap():
		if f.MapValue().Message() != nil {
			v.Map().Range(func(_ protoreflect.MapKey, v protoreflect.Value) bool {
				redact(v.Message(), depth)
				return true
			})
		}
	case f.Message() == nil:
	case f.IsList():
		for i := range v.List().Len() {
			redact(v.List().Get(i).Message(), depth)
		}
	default:
		redact(v.Message(), depth)
	}
}

// redactAny redacts the message in an Any, whatever Go type that has, and empties it where it can't. A type that is not
// linked is left as it is: there is no JSON of it either.
func redactAny(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	url, value := fields.ByName("type_url"), fields.ByName("value")
	t, err := protoregistry.GlobalTypes.FindMessageByURL(m.Get(url).String())
	if err != nil {
		return
	}
	inside := t.New()
	err = proto.UnmarshalOptions{AllowPartial: true}.Unmarshal(m.Get(value).Bytes(), inside.Interface())
	if err != nil || depth == 0 {
		m.Clear(value)
		return
	}
	redact(inside, depth)
	packed, err := proto.MarshalOptions{AllowPartial: true}.Marshal(inside.Interface())
	if err != nil {
		m.Clear(value)
		return
	}
	m.Set(value, protoreflect.ValueOfBytes(packed))
}
