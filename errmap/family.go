package errmap

import (
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/protobuf/proto"
)

// A family is a detail of google.rpc whose parts tags name, as "resource.name": one entry of texts, or a list of them.
type family struct {
	name  string
	empty proto.Message
	make  func() proto.Message
	list  *list // nil for a detail that is an entry itself
	parts []named
}

// named is what tags call a field of an entry. at points to the field: a *string, an *int64 or a *map[string]string.
type named struct {
	option string
	at     func(entry any) any
}

// A list is the field with the entries.
type list struct {
	add func(m proto.Message) (entry any)
	all func(m proto.Message) int
	get func(m proto.Message, i int) (entry any)
}

// listOf is the list that a function points to.
func listOf[M, E any, P interface {
	*M
	proto.Message
}](at func(P) *[]*E,
) *list {
	return &list{
		add: func(m proto.Message) any {
			entries, entry := at(m.(P)), new(E)
			*entries = append(*entries, entry)
			return entry
		},
		all: func(m proto.Message) int { return len(*at(m.(P))) },
		get: func(m proto.Message, i int) any { return (*at(m.(P)))[i] },
	}
}

// partOf is a part of entries of a type.
func partOf[E any](option string, at func(*E) any) named {
	return named{option, func(entry any) any { return at(entry.(*E)) }}
}

// families is the table of them, in the order in which they are sent.
func families() []*family {
	type (
		bad   = errdetails.BadRequest_FieldViolation
		pre   = errdetails.PreconditionFailure_Violation
		quota = errdetails.QuotaFailure_Violation
		res   = errdetails.ResourceInfo
		req   = errdetails.RequestInfo
		local = errdetails.LocalizedMessage
		link  = errdetails.Help_Link
	)
	return []*family{
		{
			"badrequest", (*errdetails.BadRequest)(nil), func() proto.Message { return new(errdetails.BadRequest) },
			listOf(func(m *errdetails.BadRequest) *[]*bad { return &m.FieldViolations }),
			[]named{
				partOf("field", func(e *bad) any { return &e.Field }),
				partOf("description", func(e *bad) any { return &e.Description }),
				partOf("reason", func(e *bad) any { return &e.Reason }),
			},
		},
		{
			"precondition", (*errdetails.PreconditionFailure)(nil), func() proto.Message { return new(errdetails.PreconditionFailure) },
			listOf(func(m *errdetails.PreconditionFailure) *[]*pre { return &m.Violations }),
			[]named{
				partOf("type", func(e *pre) any { return &e.Type }),
				partOf("subject", func(e *pre) any { return &e.Subject }),
				partOf("description", func(e *pre) any { return &e.Description }),
			},
		},
		{
			"quota", (*errdetails.QuotaFailure)(nil), func() proto.Message { return new(errdetails.QuotaFailure) },
			listOf(func(m *errdetails.QuotaFailure) *[]*quota { return &m.Violations }),
			[]named{
				partOf("subject", func(e *quota) any { return &e.Subject }),
				partOf("description", func(e *quota) any { return &e.Description }),
				partOf("metric", func(e *quota) any { return &e.QuotaMetric }),
				partOf("id", func(e *quota) any { return &e.QuotaId }),
				partOf("value", func(e *quota) any { return &e.QuotaValue }),
				partOf("dimensions", func(e *quota) any { return &e.QuotaDimensions }),
			},
		},
		{
			"resource", (*res)(nil), func() proto.Message { return new(res) }, nil,
			[]named{
				partOf("type", func(e *res) any { return &e.ResourceType }),
				partOf("name", func(e *res) any { return &e.ResourceName }),
				partOf("owner", func(e *res) any { return &e.Owner }),
				partOf("description", func(e *res) any { return &e.Description }),
			},
		},
		{
			"request", (*req)(nil), func() proto.Message { return new(req) }, nil,
			[]named{
				partOf("id", func(e *req) any { return &e.RequestId }),
				partOf("data", func(e *req) any { return &e.ServingData }),
			},
		},
		{
			"localized", (*local)(nil), func() proto.Message { return new(local) }, nil,
			[]named{
				partOf("locale", func(e *local) any { return &e.Locale }),
				partOf("message", func(e *local) any { return &e.Message }),
			},
		},
		{
			"help", (*errdetails.Help)(nil), func() proto.Message { return new(errdetails.Help) },
			listOf(func(m *errdetails.Help) *[]*link { return &m.Links }),
			[]named{
				partOf("url", func(e *link) any { return &e.Url }),
				partOf("description", func(e *link) any { return &e.Description }),
			},
		},
	}
}

// entry makes the one entry of a detail.
func (f *family) entry(m proto.Message) any {
	if f.list == nil {
		return m
	}
	return f.list.add(m)
}

// part is the field of an entry that a tag names, nil for none.
func (f *family) part(option string) *named {
	for i := range f.parts {
		if f.parts[i].option == option {
			return &f.parts[i]
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
