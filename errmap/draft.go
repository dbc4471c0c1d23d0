package errmap

import (
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/anypb"
)

// A draft is a status in the making. Its messages are not changed once they are in it, since they may be the handler's
// own; *anypb.Any stands for a detail that came in and of which the type is not known.
type draft struct {
	code    codes.Code
	message string
	details []proto.Message
}

// draftOf takes a status apart.
func draftOf(s *status.Status) *draft {
	p := s.Proto()
	d := &draft{code: s.Code(), message: s.Message()}
	for _, packed := range p.GetDetails() {
		d.details = append(d.details, unpacked(packed))
	}
	return d
}

// unpacked is a detail of a type that the size cap tells apart, with texts repaired if need be; else as it came.
func unpacked(packed *anypb.Any) proto.Message {
	t, err := protoregistry.GlobalTypes.FindMessageByURL(packed.GetTypeUrl())
	if err != nil || t.Descriptor().ParentFile() != errdetails.File_google_rpc_error_details_proto {
		return packed
	}
	for _, wire := range [][]byte{packed.GetValue(), repairedWire(t.Descriptor(), packed.GetValue())} {
		if m := t.New().Interface(); proto.Unmarshal(wire, m) == nil {
			return m
		}
	}
	return packed
}

// put adds a detail. In place of one of its type it is put, but violations and links are added to those.
func (d *draft) put(m proto.Message) {
	if m == nil || !m.ProtoReflect().IsValid() {
		return
	}
	if packed, ok := m.(*anypb.Any); ok {
		m = unpacked(packed)
	}
	name := typeOf(m)
	for i, have := range d.details {
		if typeOf(have) == name {
			d.details[i] = joined(have, m)
			return
		}
	}
	d.details = append(d.details, m)
}

// add is put for a detail that comes after what there is: there, a second one of a type is left out.
func (d *draft) add(m proto.Message) {
	if m == nil || !m.ProtoReflect().IsValid() {
		return
	}
	if repeats(m) || !d.has(m) {
		d.put(m)
	}
}

// has reports whether there is a detail of the same type.
func (d *draft) has(m proto.Message) bool {
	name := typeOf(m)
	return slices.ContainsFunc(d.details, func(have proto.Message) bool { return typeOf(have) == name })
}

func (d *draft) remove(which func(proto.Message) bool) {
	d.details = slices.DeleteFunc(d.details, which)
}

// typeOf is the type of a detail.
func typeOf(m proto.Message) protoreflect.FullName {
	if packed, ok := m.(*anypb.Any); ok {
		return packed.MessageName()
	}
	return m.ProtoReflect().Descriptor().FullName()
}

func is[M proto.Message](m proto.Message) bool {
	_, ok := m.(M)
	return ok
}

// find is the first detail of a type.
func find[M proto.Message](details []proto.Message) (found M, ok bool) {
	for _, m := range details {
		if found, ok = m.(M); ok {
			return found, true
		}
	}
	return found, false
}

// repeats reports whether a detail is a list, of violations or links.
func repeats(m proto.Message) bool {
	switch m.(type) {
	case *errdetails.BadRequest, *errdetails.PreconditionFailure, *errdetails.QuotaFailure, *errdetails.Help:
		return true
	}
	return false
}

// joined is a list of both details' entries, else the second.
func joined(a, b proto.Message) proto.Message {
	switch first := a.(type) {
	case *errdetails.BadRequest:
		if second, ok := b.(*errdetails.BadRequest); ok {
			return &errdetails.BadRequest{FieldViolations: slices.Concat(first.GetFieldViolations(), second.GetFieldViolations())}
		}
	case *errdetails.PreconditionFailure:
		if second, ok := b.(*errdetails.PreconditionFailure); ok {
			return &errdetails.PreconditionFailure{Violations: slices.Concat(first.GetViolations(), second.GetViolations())}
		}
	case *errdetails.QuotaFailure:
		if second, ok := b.(*errdetails.QuotaFailure); ok {
			return &errdetails.QuotaFailure{Violations: slices.Concat(first.GetViolations(), second.GetViolations())}
		}
	case *errdetails.Help:
		if second, ok := b.(*errdetails.Help); ok {
			return &errdetails.Help{Links: slices.Concat(first.GetLinks(), second.GetLinks())}
		}
	}
	return b
}

// violations reports whether there are some, or links, that can be sent with those of a joined error.
func (d *draft) violations() bool {
	return d != nil && slices.ContainsFunc(d.details, repeats)
}

// status makes the status.
func (d *draft) status() *status.Status {
	s := status.New(d.code, valid(d.message))
	if len(d.details) == 0 {
		return s
	}
	messages := make([]protoadapt.MessageV1, 0, len(d.details))
	for _, m := range d.details {
		v1, ok := m.(protoadapt.MessageV1)
		if _, packed := m.(*anypb.Any); packed || !ok {
			return d.packed(s)
		}
		messages = append(messages, v1)
	}
	if with, err := s.WithDetails(messages...); err == nil {
		return with
	}
	return d.packed(s)
}

// packed makes the status where a detail comes packed, or has to be repaired first. A detail that can not be sent in
// any way is left out.
func (d *draft) packed(s *status.Status) *status.Status {
	p := s.Proto()
	for _, m := range d.details {
		packed, ok := m.(*anypb.Any)
		if !ok {
			packed = pack(m)
		}
		if packed != nil && !nameless(packed) {
			p.Details = append(p.Details, packed)
		}
	}
	return status.FromProto(p)
}

func pack(m proto.Message) *anypb.Any {
	packed, err := anypb.New(m)
	if err != nil {
		packed, err = anypb.New(repaired(m))
	}
	if err != nil {
		return nil
	}
	return packed
}
