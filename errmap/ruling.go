package errmap

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A ruling is a rule made ready: its status is built once and shared by all calls.
type ruling struct {
	Rule
	source Source
	status *status.Status
	scope  scope
}

// An origin is how an error is known across the wire.
type origin struct{ domain, reason string }

// ready builds the ruling of a rule that check has passed.
func (r Rule) ready(defaultDomain string) *ruling {
	ready := &ruling{Rule: r, source: SourceSentinel}
	if r.form == typeForm {
		ready.source = SourceType
	}
	if r.domain == "" {
		ready.domain = defaultDomain
	}
	ready.scope, _ = parseScope(r.patterns)
	ready.status = ready.answer()
	return ready
}

// answer is the status that the rule gives.
func (r Rule) answer() *status.Status {
	s := status.New(codes.Code(r.code), valid(r.text()))
	if r.reason == "" {
		return s
	}
	with, err := s.WithDetails(&errdetails.ErrorInfo{Reason: r.reason, Domain: r.domain})
	if err != nil { // check saw to it that reason and domain can be sent
		return s
	}
	return with
}

func (r Rule) text() string {
	switch {
	case r.message != nil:
		return *r.message
	case r.form == sentinelForm:
		return r.name
	}
	return r.code.Error()
}

// reply is the status for an error that the ruling claims.
func (r *ruling) reply(err error) *status.Status {
	if !r.expose || r.form == sentinelForm {
		return r.status
	}
	return withMessage(r.status, err.Error())
}

func withMessage(s *status.Status, text string) *status.Status {
	p := s.Proto()
	p.Message = valid(text)
	return status.FromProto(p)
}
