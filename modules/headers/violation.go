package headers

import (
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// The reasons of violations.
const (
	reasonRequired   = "REQUIRED"
	reasonMalformed  = "MALFORMED"
	reasonRepeated   = "REPEATED"
	reasonNotAllowed = "NOT_ALLOWED"
	reasonConflict   = "CONFLICT"
)

// maxText is how many bytes of violations are told. They travel twice, as text and in the details, and the smallest
// limit on response metadata that clients have is 8 KiB.
const maxText = 1536

// violations are what is wrong with a request's metadata. Values are not in it: they may be secret.
type violations []*errdetails.BadRequest_FieldViolation

func (v *violations) add(key, reason, description string) {
	for _, known := range *v { // structs may share a key
		if known.GetField() == key && known.GetDescription() == description {
			return
		}
	}
	*v = append(*v, &errdetails.BadRequest_FieldViolation{Field: key, Description: description, Reason: reason})
}

// status is INVALID_ARGUMENT with a BadRequest, nil where nothing is wrong.
func (v violations) status(what string) error {
	if len(v) == 0 {
		return nil
	}
	var texts []string
	size := 0
	for _, one := range v {
		text := one.GetField() + " " + one.GetDescription()
		if size += len(text); size > maxText && len(texts) > 0 {
			break
		}
		texts = append(texts, text)
	}
	message := what + ": " + strings.Join(texts, "; ")
	if more := len(v) - len(texts); more > 0 {
		message += fmt.Sprintf("; and %d more", more)
	}
	s, err := status.New(codes.InvalidArgument, message).WithDetails(&errdetails.BadRequest{FieldViolations: v[:len(texts)]})
	if err != nil {
		return status.Error(codes.InvalidArgument, message)
	}
	return s.Err()
}
