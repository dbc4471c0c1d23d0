package errmap

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A Code is one of the sixteen ways in which an RPC fails. OK is not among them.
//
// A Code is an error in itself, the target of errors.Is, and the maker of errors with a message:
//
//	return errmap.NotFound                                // with its default text
//	return errmap.NotFound.New("no such order")           // the client reads "no such order"
//	return errmap.Unavailable.Wrap(err, "try again soon") // err is for the log
//	if errors.Is(err, errmap.NotFound) { … }              // on the server and at the client
//
// A value outside the constants, such as Code(codes.OK), acts as [Internal] everywhere: a wrong
// conversion is never success and never a panic in a handler.
//
// Where more than one code fits, take the most specific: [NotFound], [AlreadyExists] or [OutOfRange]
// rather than [FailedPrecondition]. The guidance at each constant follows google.rpc.Code
// (google/rpc/code.proto) and AIP-193.
type Code codes.Code

const (
	// Canceled: the caller gave the RPC up. A mapper says it when the caller's context was cancelled;
	// a server has little reason to say it of its own accord. Its name is CANCELLED, with two Ls.
	Canceled = Code(codes.Canceled)

	// Unknown: nothing is known of the error. It is what errors become that nothing claims; code that
	// knows better says so with another code.
	Unknown = Code(codes.Unknown)

	// InvalidArgument: the request is wrong whatever state the system is in, such as a malformed name.
	// Where the same request may be right later, see [FailedPrecondition] and [OutOfRange].
	InvalidArgument = Code(codes.InvalidArgument)

	// DeadlineExceeded: time ran out. The work may have been done all the same.
	DeadlineExceeded = Code(codes.DeadlineExceeded)

	// NotFound: the thing asked for does not exist. Also right where it is hidden from a whole class of
	// callers, as with a gradual rollout; where it is hidden from some within a class, [PermissionDenied].
	NotFound = Code(codes.NotFound)

	// AlreadyExists: the thing to be created is there already.
	AlreadyExists = Code(codes.AlreadyExists)

	// PermissionDenied: the caller is known and may not. Not for a used-up quota, which is
	// [ResourceExhausted], nor for a caller who is not known, which is [Unauthenticated]. It says
	// nothing of whether the request is valid or its object exists.
	PermissionDenied = Code(codes.PermissionDenied)

	// ResourceExhausted: a quota, a rate or the space is used up.
	ResourceExhausted = Code(codes.ResourceExhausted)

	// FailedPrecondition: the system is not in the state that the call needs, as when a directory to
	// be removed is not empty. The caller should not retry before somebody has changed that state.
	FailedPrecondition = Code(codes.FailedPrecondition)

	// Aborted: a conflict with another caller, as with a failed compare-and-set. The caller retries
	// at a higher level: the whole read-modify-write, not this call alone.
	Aborted = Code(codes.Aborted)

	// OutOfRange: past the valid range, as reading beyond the end. Unlike [InvalidArgument] it may be
	// cured by a change of state. Preferred to [FailedPrecondition] where both fit, so that a caller
	// who iterates can tell the end.
	OutOfRange = Code(codes.OutOfRange)

	// Unimplemented: the method, or what it was asked to do, does not exist here.
	Unimplemented = Code(codes.Unimplemented)

	// Internal: something is broken on this side that callers can not mend. Kept for bugs: panics and
	// broken errors become it.
	Internal = Code(codes.Internal)

	// Unavailable: for the moment there is no service. The caller may retry this very call, after a
	// pause; that it is safe to repeat is for the caller to know.
	Unavailable = Code(codes.Unavailable)

	// DataLoss: data is gone or spoiled for good.
	DataLoss = Code(codes.DataLoss)

	// Unauthenticated: it is not known who calls: credentials are missing, wrong or out of date.
	Unauthenticated = Code(codes.Unauthenticated)
)

// Code gives grpc-go's own type.
func (c Code) Code() codes.Code { return codes.Code(c.orInternal()) }

// Name is the name in google.rpc.Code, such as "NOT_FOUND".
func (c Code) Name() string { return facts[c.orInternal()].name }

// Error is the default text of the code, which clients may read. It is never empty and differs from
// code to code.
func (c Code) Error() string { return facts[c.orInternal()].text }

// GRPCStatus is the code with its default text, so that a Code can be returned without any mapper.
func (c Code) GRPCStatus() *status.Status { return defaults[c.orInternal()] }

// Format writes, besides the default text, the debug form for %+v and the number for %d:
//
//	NotFound(code=NOT_FOUND, message="The requested entity was not found")
func (c Code) Format(s fmt.State, verb rune) {
	switch verb {
	case 'd', 'x', 'X', 'b', 'o':
		_, _ = fmt.Fprintf(s, fmt.FormatString(s, verb), uint32(c))
	default:
		format(s, verb, c.Error(), c.GRPCStatus(), nil)
	}
}

func (c Code) known() bool { return c >= Canceled && c <= Unauthenticated }

func (c Code) orInternal() Code {
	if !c.known() {
		return Internal
	}
	return c
}
