package validate

import (
	"errors"
	"fmt"
	"sync"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// rules are those of message types, compiled by the validator and kept by it.
type rules struct {
	validator protovalidate.Validator
	failFast  []protovalidate.ValidationOption

	mu       sync.Mutex
	compiled map[protoreflect.MessageDescriptor]error // why not, of each type that it was tried with
}

func newRules(v protovalidate.Validator) *rules {
	if v == nil {
		v = protovalidate.GlobalValidator
	}
	return &rules{
		validator: v,
		failFast:  []protovalidate.ValidationOption{protovalidate.WithFailFast()},
		compiled:  map[protoreflect.MessageDescriptor]error{},
	}
}

// compile compiles the rules of types, and of all types in these, or tells all that is wrong with them. A validator would
// do it with the first message, and notice a bad rule with the first that has the field.
func (r *rules) compile(types []protoreflect.MessageDescriptor) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var errs []error
	for _, d := range within(types...) {
		if !ruled(d) {
			continue
		}
		err, tried := r.compiled[d]
		if !tried {
			err = r.try(d)
			r.compiled[d] = err
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// try has the validator compile the rules of one type, one after the other. A filter has it look at one alone, so that
// one's error does not hide another's.
func (r *rules) try(d protoreflect.MessageDescriptor) error {
	errs := []error{r.tryOne(d, d)}
	for i := range d.Fields().Len() {
		field := d.Fields().Get(i)
		if inside := typeOf(field); inside != nil && r.tryOne(inside, inside) != nil {
			continue // it is told of that type
		}
		errs = append(errs, r.tryOne(d, field))
	}
	return errors.Join(errs...)
}

// tryOne compiles the rules of a message, or of one of its fields. That an empty message does not keep them, or that they
// fail on one, does not matter.
func (r *rules) tryOne(d protoreflect.MessageDescriptor, rule protoreflect.Descriptor) error {
	only := protovalidate.FilterFunc(func(_ protoreflect.Message, d protoreflect.Descriptor) bool { return d == rule })
	err := r.validator.Validate(dynamicpb.NewMessage(d), protovalidate.WithFilter(only))
	if broken, ok := errors.AsType[*protovalidate.CompilationError](err); ok {
		return fmt.Errorf("the rules of %s: %w", rule.FullName(), broken)
	}
	return nil
}

// has reports whether a type, or one in it, has rules.
func (r *rules) has(d protoreflect.MessageDescriptor) bool {
	for _, d := range within(d) {
		if ruled(d) {
			return true
		}
	}
	return false
}

// within are types and all that their fields have, however deep, each once.
func within(types ...protoreflect.MessageDescriptor) (all []protoreflect.MessageDescriptor) {
	seen := map[protoreflect.MessageDescriptor]bool{}
	for len(types) > 0 {
		d := types[0]
		types = types[1:]
		if seen[d] {
			continue
		}
		seen[d] = true
		all = append(all, d)
		for i := range d.Fields().Len() {
			if inside := typeOf(d.Fields().Get(i)); inside != nil {
				types = append(types, inside)
			}
		}
	}
	return all
}

// typeOf is the message type of a field's values; nil where they are no messages.
func typeOf(f protoreflect.FieldDescriptor) protoreflect.MessageDescriptor {
	if f.IsMap() {
		return f.MapValue().Message()
	}
	return f.Message()
}

// ruled reports whether a type has rules of its own. Where its options can't be read it has some.
func ruled(d protoreflect.MessageDescriptor) bool {
	if says(protovalidate.ResolveMessageRules(d)) {
		return true
	}
	for i := range d.Fields().Len() {
		if says(protovalidate.ResolveFieldRules(d.Fields().Get(i))) {
			return true
		}
	}
	for i := range d.Oneofs().Len() {
		if says(protovalidate.ResolveOneofRules(d.Oneofs().Get(i))) {
			return true
		}
	}
	return false
}

func says[R *validate.MessageRules | *validate.FieldRules | *validate.OneofRules](rules R, err error) bool {
	return err != nil || rules != nil
}
