package errmap

import (
	"fmt"
	"reflect"
)

// Describe reads the tags of a struct type that is made while a test runs: what they say in words, what is wrong with them,
// and what is sent of a value.
func Describe(v reflect.Value) (said, sent string, errs []error) {
	d := readDeclaration(v.Type())
	for _, e := range d.errs {
		errs = append(errs, e)
	}
	if len(errs) > 0 {
		return "", "", errs
	}
	r := &ruling{Rule: Rule{tagged: d, code: d.code, reason: d.reason, domain: d.domain}, maxMessage: defaultMaxMessage}
	draft, _ := r.draftOf(v, false)
	return d.String(), fmt.Sprint(d.code, d.level, d.retryable, draft.message, draft.details), nil
}
