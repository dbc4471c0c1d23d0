package errmap

import (
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// A decision is what will be sent: a status that is there already, or a draft of one.
type decision struct {
	status  *status.Status
	draft   *draft
	fits    bool   // the status was held to the limits when it was made
	never   bool   // the call is not to be tried again
	domain  string // where a reason belongs that says no other
	trailer metadata.MD
}

// open gives the draft to change.
func (d *decision) open() *draft {
	if d.draft == nil {
		d.draft = draftOf(d.status)
		d.fits = false
	}
	return d.draft
}

// code is the code that will be sent.
func (d *decision) code() codes.Code {
	if d.draft == nil {
		return d.status.Code()
	}
	return d.draft.code
}
