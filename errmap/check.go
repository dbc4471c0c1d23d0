package errmap

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// Err is what is wrong with the rule by itself; [New] tells it too, and what is wrong between rules. Whether a reason has a
// domain only New can tell.
func (r Rule) Err() error { return tag.Group(r.check("of.the.mapper")...) }

// check finds what is wrong with the rule, whatever the others say.
func (r Rule) check(defaultDomain string) (errs []error) {
	if r.form == taggedForm {
		return r.checkTagged(defaultDomain)
	}
	problems := r.problems
	switch r.form {
	case noForm:
		problems = append(problems, "a zero Rule says nothing; make one with On, OnType, Tagged, OnFunc or Hook")
	case hookForm:
		problems = append(problems, r.checkHook()...)
	default:
		problems = append(problems, r.checkSubject()...)
		problems = append(problems, r.checkAnswer()...)
		problems = append(problems, r.checkReason(defaultDomain)...)
	}
	for _, p := range problems {
		errs = append(errs, fmt.Errorf("errmap: %v: %s", r, p))
	}
	return errs
}

func (r Rule) checkHook() (problems []string) {
	if r.name == "" {
		problems = append(problems, "a hook needs a name, by which hooks are ordered")
	}
	if r.hook == nil {
		problems = append(problems, "a hook needs a function")
	}
	return problems
}

// checkSubject looks at the sentinel or the type.
func (r Rule) checkSubject() []string {
	switch {
	case r.form == sentinelForm && (r.target == nil || typedNil(r.target)):
		return []string{"a sentinel can not be nil"}
	case r.form == sentinelForm && !reflect.ValueOf(r.target).Comparable():
		return []string{fmt.Sprintf("%T can not be compared with ==, so it is no sentinel; use OnType", r.target)}
	case r.form == predicateForm && r.name == "":
		return []string{"a predicate needs a name, by which predicates are ordered"}
	case r.form == predicateForm && r.match == nil:
		return []string{"a predicate needs a function"}
	case r.form == typeForm && r.typ.Kind() == reflect.Interface && r.typ.NumMethod() == 1:
		return []string{"every error is an error; Config.Unknown is for the rest"}
	case r.typ == reflect.TypeFor[*Error]() || r.typ == reflect.TypeFor[*PanicError]():
		return []string{"the type is decided before any rule looks; remove the rule"}
	}
	return nil
}

// texts are the options that say what the client reads.
func (r Rule) texts() (names []string) {
	if r.message != nil {
		names = append(names, "Message")
	}
	if r.messageOf != nil {
		names = append(names, "MessageFunc")
	}
	if r.expose {
		names = append(names, "ExposeText")
	}
	return names
}

// gives is the type of the errors that the rule claims.
func (r Rule) gives() reflect.Type {
	if r.form == sentinelForm {
		return reflect.TypeOf(r.target)
	}
	return r.typ
}

// checkAnswer looks at what the client gets, and for which methods.
func (r Rule) checkAnswer() (problems []string) {
	if !r.code.known() {
		problems = append(problems, fmt.Sprintf("code %d is none of the sixteen; OK is not an error", r.code))
	}
	if texts := r.texts(); len(texts) > 1 {
		problems = append(problems, strings.Join(texts, " and ")+" exclude each other; keep one")
	}
	for _, f := range r.takes {
		if !r.fits(f.typ) {
			problems = append(problems, fmt.Sprintf("%s takes %s, which the rule's errors are not; let it take %s, or error", f.option, f.typ, r.gives()))
		}
	}
	if r.scoped && len(r.patterns) == 0 {
		problems = append(problems, "For has no pattern; give one, or leave For out for all methods")
	}
	_, unread := parseScope(r.patterns)
	return append(problems, unread...)
}

// reasonForm is that of AIP-193.
var reasonForm = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,61}[A-Z0-9]$`)

// maxDomain is that of a domain name.
const maxDomain = 253

func checkDomain(what, domain string) (problems []string) {
	if domain != valid(domain) {
		problems = append(problems, fmt.Sprintf("%s %q is not UTF-8", what, domain))
	}
	if len(domain) > maxDomain {
		problems = append(problems, fmt.Sprintf("%s %.20q… has %d bytes; at most %d are sent whatever the size of the rest", what, domain, len(domain), maxDomain))
	}
	return problems
}

func (r Rule) checkReason(defaultDomain string) (problems []string) {
	if r.reason == "" && r.domain != "" {
		problems = append(problems, fmt.Sprintf("domain %q is sent with a reason only; give Reason, or leave Domain out", r.domain))
	}
	if r.reason != "" && !reasonForm.MatchString(r.reason) {
		problems = append(problems, fmt.Sprintf("reason %q is not UPPER_SNAKE of 3 to 63 characters", r.reason))
	}
	if r.reason != "" && r.domain == "" && defaultDomain == "" {
		problems = append(problems, fmt.Sprintf("reason %q is in no domain; give Domain, or set Config.Domain", r.reason))
	}
	return append(problems, checkDomain("domain", r.domain)...)
}
