package validate

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"buf.build/go/protovalidate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/framework"
)

// The bytes of what is told. A status travels in the trailer, its text twice and its details as base64, and the smallest
// limit on response metadata that clients have is 8 KiB.
const (
	maxDetails = 3072
	maxText    = 512
	maxPart    = 256
)

// invalid is INVALID_ARGUMENT with a BadRequest: a violation has the field's path, what is wrong, and the rule's id.
func invalid(what string, found []*protovalidate.Violation) error {
	told, all := tell(found)
	text := summary(what, told, all)
	s, err := status.New(codes.InvalidArgument, text).WithDetails(&errdetails.BadRequest{FieldViolations: told})
	if err != nil { // all texts are UTF-8, so this is for the compiler
		return status.Error(codes.InvalidArgument, text)
	}
	return s.Err()
}

// invalidResponse is why a response is refused.
func invalidResponse(m framework.Method, found []*protovalidate.Violation) error {
	told, all := tell(found)
	return errors.New(summary(fmt.Sprintf("validate: a response of %s is invalid", cut(m.String(), maxPart)), told, all))
}

// tell is what of violations is told: each once, the first ones, as far as maxDetails goes, and one at least.
func tell(found []*protovalidate.Violation) (told []*errdetails.BadRequest_FieldViolation, all bool) {
	size, seen := 0, map[[3]string]bool{}
	for _, v := range sorted(found) {
		field, why, rule := path(v.Proto.GetField()), description(v.Proto), cut(v.Proto.GetRuleId(), maxPart)
		if seen[[3]string{field, why, rule}] {
			continue
		}
		seen[[3]string{field, why, rule}] = true
		one := &errdetails.BadRequest_FieldViolation{Field: field, Description: why, Reason: rule}
		if size += proto.Size(one) + 3; size > maxDetails && len(told) > 0 {
			return told, false
		}
		told = append(told, one)
	}
	return told, true
}

// summary is the violations as one line, as far as maxText goes.
func summary(what string, told []*errdetails.BadRequest_FieldViolation, all bool) string {
	var texts []string
	size := 0
	for _, v := range told {
		text := v.GetDescription()
		if v.GetField() != "" {
			text = v.GetField() + ": " + text
		}
		if size += len(text) + 2; size > maxText && len(texts) > 0 {
			all = false
			break
		}
		texts = append(texts, text)
	}
	if !all {
		texts = append(texts, "and more")
	}
	return what + ": " + strings.Join(texts, "; ")
}

// description is the rule's own words, else its id.
func description(v *validate.Violation) string {
	text := v.GetMessage()
	if text == "" {
		text = v.GetRuleId()
	}
	if v.GetForKey() {
		text = "key: " + text
	}
	return cut(text, maxPart)
}

// cut shortens a text to so many bytes, between two characters, and has it be UTF-8.
func cut(text string, limit int) string {
	const mark = "..."
	if len(text) > limit {
		end := limit - len(mark)
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + mark
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}
