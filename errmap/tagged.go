package errmap

import (
	"fmt"
	"reflect"

	"github.com/sluice-go/sluice/internal/tag"
)

// Tagged maps an error struct whose tags say everything: code, reason, message, and which of its fields are sent, and as
// what. With the same rule at the client, [Mapper.Decode] gives back an E with these fields filled.
//
//	type OutOfStock struct {
//		_     struct{}      `grpc:"error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message='{SKU} is out of stock'"`
//		SKU   string        `grpc:"metadata"`
//		Again time.Duration `grpc:"retry.delay"`
//		Query string        // stays inside
//	}
//
// The struct's own line, on a blank first field, has the code and what is the same every time. A field without a tag
// is never sent, and a message that names one is refused by [New]. Fields with text are strings, booleans, numbers,
// time.Duration, time.Time, types with MarshalText and UnmarshalText, and pointers to these, of which nil is not sent.
// A value that can not be written (MarshalText fails) is left out. The tags of embedded structs count too; the outer line
// overrides what an embedded one says, key by key, and may leave out error= where an embedded one has it.
//
// All options, with their meaning, are in the package's examples of Tagged, one each. Mistakes are told by [New] and by
// [Rule.Err], all at once, each with the field and a caret below the culprit.
//
// The type needs no import of this package or of gRPC, if it has an Error method of its own; [Text] spares it one.
func Tagged[E error]() Rule {
	t := reflect.TypeFor[E]()
	d := declarationOf(t)
	return Rule{
		form: taggedForm, typ: t, name: t.String(), place: caller(), tagged: d,
		code: d.code, reason: d.reason, domain: d.domain, level: d.level,
	}
}

// Text is the message of a tagged error, for its Error method:
//
//	func (e *OutOfStock) Error() string { return errmap.Text(e) }
//
// It is what the client reads, but is not cut. It does not ask err for its text. Of an error without tags that can be
// read it is the name of the type.
func Text(err error) string {
	if err == nil {
		return "<nil>"
	}
	d := declarationOf(reflect.TypeOf(err))
	v, ok := d.of(err)
	if !ok || len(d.errs) > 0 {
		return fmt.Sprintf("%T", err)
	}
	var texts few
	return d.text(d.texts(v, texts[:0]))
}

// Retryable reports whether an error is of a type that is tagged retryable, or wraps one: the same call may succeed
// later. It is for retry policies, on either side.
func Retryable(err error) bool {
	nodes := 0
	return retryable(err, &nodes)
}

func retryable(err error, nodes *int) bool {
	if *nodes++; err == nil || *nodes > maxNodes || typedNil(err) {
		return false
	}
	if t := reflect.TypeOf(err); isTagged(t) && declarationOf(t).retryable {
		return true
	}
	return each(err, func(inner error) bool { return retryable(inner, nodes) })
}

// isTagged reports whether a type may have tags at all.
func isTagged(t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t.Kind() == reflect.Struct
}

// checkTagged tells the mistakes in the tags, and what is missing beside them.
func (r Rule) checkTagged(defaultDomain string) (errs []error) {
	for _, e := range r.tagged.errs {
		errs = append(errs, e.At(r.place))
	}
	if len(errs) == 0 && r.domain == "" && defaultDomain == "" {
		s, _ := tag.Of(r.typ)
		errs = append(errs, s.At(s.Line, -1, r.place).Errorf("reason %q is in no domain; write domain=, or set Config.Domain", r.reason))
	}
	return errs
}
