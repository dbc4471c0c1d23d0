package errmap

import (
	"context"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// builtin claims what says itself what it is.
func (w *walk) builtin(err error) bool {
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
	return w.settle(sendable(s), SourceStatus)
}

// sendable is s itself where every client can read it.
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

// remote lets a rule for an error that came decoded decide, else the status it came with.
func (w *walk) remote(e *Remote) bool {
	before := *w.out
	for _, inner := range e.typed {
		if w.visit(inner, 1) && w.out.Place != "" {
			return true
		}
		*w.out = before
	}
	return w.settle(sendable(e.status), SourceRemote)
}

// mapped takes over what another mapper decided, inside of a wrapper.
func (w *walk) mapped(e *Error) bool {
	w.out.Rule, w.out.Place, w.out.Local = e.outcome.Rule, e.outcome.Place, e.outcome.Local
	return w.settle(e.outcome.Status, SourceMapped)
}
