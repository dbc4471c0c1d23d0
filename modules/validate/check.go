package validate

import (
	"errors"
	"fmt"

	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// maxMore is how many fields and elements are looked at for violations beside the first.
const maxMore = 250

// check finds the violations of a message, some of them twice. It stops at the first; then it looks for more, as far as
// maxMore goes: a violation takes hundreds of bytes, and a message can have one for each two of its own.
func (r *rules) check(msg any) ([]*protovalidate.Violation, error) {
	m, ok := msg.(proto.Message)
	if !ok {
		return nil, fmt.Errorf("validate: a message of type %T can't be validated; it is no proto.Message", msg)
	}
	first, err := r.violations(m, r.failFast...)
	if err != nil || len(first) == 0 {
		return nil, err
	}
	more, err := r.violations(m, protovalidate.WithFilter(&budget{maxMore}))
	if err != nil {
		return first, nil // of a rule behind the first violation
	}
	return append(first, more...), nil
}

func (r *rules) violations(m proto.Message, o ...protovalidate.ValidationOption) ([]*protovalidate.Violation, error) {
	err := r.validator.Validate(m, o...)
	if err == nil {
		return nil, nil
	}
	if found, ok := errors.AsType[*protovalidate.ValidationError](err); ok && len(found.Violations) > 0 {
		return found.Violations, nil
	}
	return nil, fmt.Errorf("validate: the rules of %s failed: %s", m.ProtoReflect().Descriptor().FullName(), cut(err.Error(), maxCause))
}

// maxCause is how many bytes of a failure are told: it may be of what was in the message.
const maxCause = 512

// A budget is a filter that lets so many fields and elements be validated, and no more.
type budget struct{ left int }

// ShouldValidate reports whether there is enough left for what is next.
func (b *budget) ShouldValidate(m protoreflect.Message, d protoreflect.Descriptor) bool {
	cost := 1
	if f, ok := d.(protoreflect.FieldDescriptor); ok {
		switch {
		case f.IsList():
			cost += m.Get(f).List().Len()
		case f.IsMap():
			cost += m.Get(f).Map().Len()
		}
	}
	if cost > b.left {
		return false
	}
	b.left -= cost
	return true
}
