package errmap

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
)

// A family is a detail of google.rpc whose parts tags name, as "resource.name": one entry of texts, or a list of them.
type family struct {
	name  string
	empty proto.Message
	list  protoreflect.Name // the field with the entries; "" for a detail that is an entry itself
	parts []named
}

// named is what tags call a field of an entry.
type named struct {
	option string
	field  protoreflect.Name
}

// families is the table of them, in the order in which they are sent.
func families() []*family {
	return []*family{
		{"badrequest", (*errdetails.BadRequest)(nil), "field_violations", []named{
			{"field", "field"}, {"description", "description"}, {"reason", "reason"},
		}},
		{"precondition", (*errdetails.PreconditionFailure)(nil), "violations", []named{
			{"type", "type"}, {"subject", "subject"}, {"description", "description"},
		}},
		{"quota", (*errdetails.QuotaFailure)(nil), "violations", []named{
			{"subject", "subject"},
			{"description", "description"},
			{"metric", "quota_metric"},
			{"id", "quota_id"},
			{"value", "quota_value"},
			{"dimensions", "quota_dimensions"},
		}},
		{"resource", (*errdetails.ResourceInfo)(nil), "", []named{
			{"type", "resource_type"}, {"name", "resource_name"}, {"owner", "owner"}, {"description", "description"},
		}},
		{"request", (*errdetails.RequestInfo)(nil), "", []named{{"id", "request_id"}, {"data", "serving_data"}}},
		{"localized", (*errdetails.LocalizedMessage)(nil), "", []named{{"locale", "locale"}, {"message", "message"}}},
		{"help", (*errdetails.Help)(nil), "links", []named{{"url", "url"}, {"description", "description"}}},
	}
}

// entries is the field with the entries, nil for a detail that is one.
func (f *family) entries() protoreflect.FieldDescriptor {
	if f.list == "" {
		return nil
	}
	return f.empty.ProtoReflect().Descriptor().Fields().ByName(f.list)
}

// part is the field of an entry that a tag names, nil for none.
func (f *family) part(option string) protoreflect.FieldDescriptor {
	entry := f.empty.ProtoReflect().Descriptor()
	if list := f.entries(); list != nil {
		entry = list.Message()
	}
	for _, p := range f.parts {
		if p.option == option {
			return entry.Fields().ByName(p.field)
		}
	}
	return nil
}

// options are what a tag can name of an entry.
func (f *family) options() (all []string) {
	for _, p := range f.parts {
		all = append(all, p.option)
	}
	return all
}

// familyOf is the family that an option is about, with the part that it names, "" for the whole.
func familyOf(option string) (f *family, part string) {
	name, part, _ := strings.Cut(option, ".")
	for _, f := range families() {
		if f.name == name {
			return f, part
		}
	}
	return nil, ""
}
