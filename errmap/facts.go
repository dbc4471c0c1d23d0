package errmap

import (
	"fmt"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// facts is the one table of the codes: the name in google.rpc.Code, the HTTP status that code.proto has for it,
// whether it is the server's fault (as OpenTelemetry counts for rpc.grpc.status_code), and the text that a client
// reads when nobody chose another.
var facts = [...]struct {
	name  string
	http  int
	fault bool
	text  string
}{
	Canceled:           {"CANCELLED", 499, false, "The operation was cancelled"},
	Unknown:            {"UNKNOWN", 500, true, "unknown error"},
	InvalidArgument:    {"INVALID_ARGUMENT", 400, false, "The client specified an invalid argument"},
	DeadlineExceeded:   {"DEADLINE_EXCEEDED", 504, true, "Deadline expired before operation could complete"},
	NotFound:           {"NOT_FOUND", 404, false, "The requested entity was not found"},
	AlreadyExists:      {"ALREADY_EXISTS", 409, false, "The entity attempted to be created already exists"},
	PermissionDenied:   {"PERMISSION_DENIED", 403, false, "The caller does not have permission to execute the specified operation"},
	ResourceExhausted:  {"RESOURCE_EXHAUSTED", 429, false, "A resource has been exhausted"},
	FailedPrecondition: {"FAILED_PRECONDITION", 400, false, "The operation was rejected because the system is not in a state required for execution"},
	Aborted:            {"ABORTED", 409, false, "The operation was aborted"},
	OutOfRange:         {"OUT_OF_RANGE", 400, false, "The operation was attempted past the valid range"},
	Unimplemented:      {"UNIMPLEMENTED", 501, true, "The operation is not implemented or not supported/enabled in this service"},
	Internal:           {"INTERNAL", 500, true, "internal error"},
	Unavailable:        {"UNAVAILABLE", 503, true, "The service is currently unavailable"},
	DataLoss:           {"DATA_LOSS", 500, true, "There was unrecoverable data loss or corruption"},
	Unauthenticated:    {"UNAUTHENTICATED", 401, false, "The request does not have valid authentication credentials for the operation"},
}

// defaults are the statuses of the table, made once and shared: a Status can not be changed.
var defaults = func() (all [len(facts)]*status.Status) {
	for c := Canceled; c.known(); c++ {
		all[c] = status.New(codes.Code(c), facts[c].text)
	}
	return all
}()

// ParseCode gives the code of a name in google.rpc.Code, such as "NOT_FOUND". Nothing else is accepted: no
// numbers, no other spelling, and not OK.
func ParseCode(name string) (Code, error) {
	if name == "OK" {
		return 0, fmt.Errorf("errmap: code %q is not an error; name one of the sixteen others, such as %q", name, NotFound.Name())
	}
	for c := Canceled; c.known(); c++ {
		if facts[c].name == name {
			return c, nil
		}
	}
	return 0, fmt.Errorf("errmap: unknown code %q; write a name of google.rpc.Code, such as %q", name, NotFound.Name())
}

// nameOf names any code, also one that another implementation made up.
func nameOf(c codes.Code) string {
	if known := Code(c); known.known() {
		return known.Name()
	}
	return c.String()
}

// HTTPStatus is the HTTP status that google/rpc/code.proto has for a code, for gateways: 200 for OK, 499 for
// CANCELLED, 400 for FAILED_PRECONDITION. A code above 16 is 500.
func HTTPStatus(c codes.Code) int {
	if c == codes.OK {
		return 200
	}
	return facts[Code(c).orInternal()].http
}
