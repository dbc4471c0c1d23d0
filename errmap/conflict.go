package errmap

import (
	"fmt"
	"strings"
)

// conflicts finds the rules that contradict each other: no order decides between rules, so none of two for the
// same thing could be the one that counts. Rules come sorted.
func conflicts(rules []Rule, defaultDomain string) []error {
	var c claims
	c.subjects, c.reasons = map[claim]Rule{}, map[origin]Rule{}
	for _, r := range rules {
		c.subject(r)
		c.reason(r, defaultDomain)
	}
	return c.errs
}

// claims is what the rules seen so far have taken.
type claims struct {
	subjects map[claim]Rule
	reasons  map[origin]Rule
	errs     []error
}

// A claim is one thing in one scope; a hook's name is one in all.
type claim struct {
	subject any
	pattern string
}

func (c *claims) subject(r Rule) {
	for _, pattern := range r.scopes() {
		taken := claim{r.subject(), pattern}
		if first, ok := c.subjects[taken]; ok {
			c.add(first, r, r.form.twice(pattern))
			continue
		}
		c.subjects[taken] = r
	}
}

func (c *claims) reason(r Rule, defaultDomain string) {
	if r.reason == "" {
		return
	}
	taken := origin{r.domain, r.reason}
	if r.domain == "" {
		taken.domain = defaultDomain
	}
	if first, ok := c.reasons[taken]; ok && first.subject() != r.subject() {
		c.add(first, r, fmt.Sprintf("have one reason, %q in %q, so that clients can not tell them apart; give each its own", taken.reason, taken.domain))
		return
	}
	c.reasons[taken] = r
}

func (c *claims) add(a, b Rule, what string) {
	c.errs = append(c.errs, fmt.Errorf("errmap: %v and %v %s", a, b, what))
}

// These keep the names of hooks and predicates apart, and from sentinels and types.
type (
	hookName      string
	predicateName string
)

// subject is what the rule is about. It can be compared.
func (r Rule) subject() any {
	switch r.form {
	case sentinelForm:
		return r.target
	case typeForm, taggedForm:
		return r.typ
	case predicateForm:
		return predicateName(r.name)
	}
	return hookName(r.name)
}

// scopes are the rule's patterns in the one spelling they have.
func (r Rule) scopes() []string {
	if !r.scoped {
		return []string{"*"}
	}
	var all []string
	for _, p := range r.patterns {
		all = append(all, strings.TrimPrefix(p, "?"))
	}
	return all
}

func (f form) twice(pattern string) string {
	switch f {
	case hookForm:
		return "have one name; give each its own"
	case predicateForm:
		return fmt.Sprintf("have one name for methods %q; give each its own", pattern)
	}
	return fmt.Sprintf("claim the same error for methods %q; keep one, or give one another For", pattern)
}
