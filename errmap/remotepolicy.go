package errmap

import (
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A RemotePolicy says what becomes of a [Remote] that a handler returns, and that no rule claims.
type RemotePolicy uint8

const (
	// PassRemote sends on what came in: code, message and details. It is what happens without a client's mapper, too.
	PassRemote RemotePolicy = iota

	// TranslateRemote tells this server's clients what a failure of another server means to them: UNAVAILABLE,
	// RESOURCE_EXHAUSTED and DEADLINE_EXCEEDED keep the code, UNKNOWN is Config.Unknown, everything else is INTERNAL,
	// such as a NOT_FOUND of something that they never asked for. The texts are the default ones, and of the details
	// only google.rpc.RetryInfo is sent.
	TranslateRemote
)

// remote lets a rule for an error that came decoded decide, else the status that it came with.
func (w *walk) remote(e *Remote) bool {
	out, depth := *w.out, w.node.depth
	for i, inner := range e.typed {
		if w.visit(inner, depth+1) && w.out.Place != "" {
			w.merge(e.typed[i+1:], depth+1)
			w.keep(e.status)
			return true
		}
		*w.out, w.decision = out, decision{}
	}
	w.node = node{e, depth}
	if w.mapper.config.Remote == TranslateRemote {
		return w.translate(e.status)
	}
	return w.pass(e.status, SourceRemote)
}

// keep passes on what came in where a tagged error decided that says the same by itself: its server may have said more, as
// by an annotation.
func (w *walk) keep(s *status.Status) {
	if w.out.Source != SourceTagged || w.mapper.config.Remote != PassRemote || w.draft == nil {
		return
	}
	if s.Code() == w.draft.code && originOf(receivedOf(s)) == originOf(w.draft.details) {
		w.settle(sendable(s), SourceTagged)
	}
}

// translate says what the failure of another server means.
func (w *walk) translate(s *status.Status) bool {
	code := w.mapper.config.foreign(Code(s.Code()))
	if end, over := callEnded(w.ctx); over && s.Code() == codes.Canceled {
		code = end
	}
	w.out.Redacted = true
	w.settle(code.GRPCStatus(), SourceRemote)
	if retry, ok := find[*errdetails.RetryInfo](draftOf(s).details); ok {
		w.open().put(retry)
	}
	return true
}

// foreign is the code for another server's.
func (c *Config) foreign(code Code) Code {
	switch code {
	case Unavailable, ResourceExhausted, DeadlineExceeded:
		return code
	case Unknown:
		return c.Unknown
	}
	if !code.known() {
		return c.Unknown
	}
	return Internal
}
