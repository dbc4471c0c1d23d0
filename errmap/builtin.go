package errmap

import (
	"context"
	"slices"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// builtin claims what says itself what it is.
func (w *walk) builtin(err error) bool { return w.means(err) && w.explain("it says so itself") }

func (w *walk) means(err error) bool {
	switch err {
	case context.Canceled:
		return w.ended(Canceled)
	case context.DeadlineExceeded:
		return w.ended(DeadlineExceeded)
	}
	switch e := err.(type) {
	case *Error:
		return w.mapped(e)
	case *Remote:
		return w.remote(e)
	case *explicit:
		return e.flaw != "" && w.defect(e.flaw) || w.settle(e.status, SourceExplicit)
	case Code:
		return !e.known() && w.defect(FlawCode) || w.settle(e.GRPCStatus(), SourceCode)
	case interface{ GRPCStatus() *status.Status }:
		return w.carried(e.GRPCStatus())
	}
	return false
}

// carried passes a status on as it is, where it can be sent.
func (w *walk) carried(s *status.Status) bool {
	switch {
	case s == nil:
		w.out.Flaw = FlawNilStatus
		return false
	case s.Code() == codes.OK:
		return w.defect(FlawOKStatus)
	}
	return w.pass(s, SourceStatus)
}

// pass sends what somebody else has said, unless its code is masked.
func (w *walk) pass(s *status.Status, source Source) bool {
	s = sendable(s)
	if slices.Contains(w.mapper.config.Mask, Code(s.Code())) {
		w.out.Redacted = true
		s = Code(s.Code()).GRPCStatus()
	}
	return w.settle(s, source)
}

// sendable is s itself where every client can read code and message.
func sendable(s *status.Status) *status.Status {
	text := valid(s.Message())
	known := Code(s.Code()).known()
	if known && text == s.Message() {
		return s
	}
	p := s.Proto()
	p.Message = text
	if !known {
		p.Code = int32(codes.Unknown)
	}
	return status.FromProto(p)
}

// mapped takes over what another mapper decided, inside of a wrapper.
func (w *walk) mapped(e *Error) bool {
	w.settle(e.outcome.Status, SourceMapped)
	w.out.Rule, w.out.Place, w.out.Local, w.out.level = e.outcome.Rule, e.outcome.Place, e.outcome.Local, e.outcome.level
	w.trailer = e.trailer
	return true
}
