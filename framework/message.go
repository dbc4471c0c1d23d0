package framework

import (
	"fmt"
	"reflect"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
)

// sameMessage reports whether b can stand where a does: a message of the same Go type; where only the wire counts,
// also another Go type for the same proto message.
func sameMessage(wire bool, a, b any) bool {
	if reflect.TypeOf(a) == reflect.TypeOf(b) {
		return true
	}
	pa, ok := a.(proto.Message)
	pb, ok2 := b.(proto.Message)
	return wire && ok && ok2 && pa.ProtoReflect().Descriptor().FullName() == pb.ProtoReflect().Descriptor().FullName()
}

// assign makes the message that dst points to equal to src.
func assign(dst, src any) error {
	if dst == src {
		return nil
	}
	d, ok := dst.(proto.Message)
	s, ok2 := src.(proto.Message)
	switch {
	case ok && ok2 && d.ProtoReflect().Descriptor() == s.ProtoReflect().Descriptor():
		proto.Reset(d)
		proto.Merge(d, s)
		return nil
	case ok && ok2 && sameMessage(true, dst, src):
		return assignThroughWire(d, s)
	case reflect.TypeOf(dst) == reflect.TypeOf(src) && reflect.TypeOf(dst).Kind() == reflect.Pointer:
		reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem())
		return nil
	}
	return fmt.Errorf("a message of type %T cannot stand for one of type %T", src, dst)
}

func assignThroughWire(dst, src proto.Message) error {
	b, err := proto.Marshal(src)
	if err != nil {
		return err
	}
	return proto.Unmarshal(b, dst)
}

// copyOf is a copy of a message where one can be made, else the message itself.
func copyOf(msg any) any {
	if m, ok := msg.(proto.Message); ok && m.ProtoReflect().IsValid() {
		return proto.Clone(m)
	}
	return msg
}

// newLike is an empty message of the type of msg; false for what is no pointer.
func newLike(msg any) (any, bool) {
	if m, ok := msg.(proto.Message); ok {
		return m.ProtoReflect().New().Interface(), true
	}
	if t := reflect.TypeOf(msg); t != nil && t.Kind() == reflect.Pointer {
		return reflect.New(t.Elem()).Interface(), true
	}
	return nil, false
}

// goType is the Go type linked for a proto message; nil where none is.
func goType(d protoreflect.MessageDescriptor) reflect.Type {
	if d == nil {
		return nil
	}
	t, err := protoregistry.GlobalTypes.FindMessageByName(d.FullName())
	if err != nil {
		return nil
	}
	return reflect.TypeOf(t.New().Interface())
}

func outputOf(d protoreflect.MethodDescriptor) protoreflect.MessageDescriptor {
	if d == nil {
		return nil
	}
	return d.Output()
}

func inputOf(d protoreflect.MethodDescriptor) protoreflect.MessageDescriptor {
	if d == nil {
		return nil
	}
	return d.Input()
}

// descriptorOf is the linked descriptor of a method; nil where there is none.
func descriptorOf(m Method) protoreflect.MethodDescriptor {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(m.FullService()))
	if err != nil {
		return nil
	}
	s, ok := d.(protoreflect.ServiceDescriptor)
	if !ok {
		return nil
	}
	return s.Methods().ByName(protoreflect.Name(m.Name))
}

// isNilMessage is isNil for what is a message, or nothing: fast.
func isNilMessage(msg any) bool {
	v := reflect.ValueOf(msg)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}
