package auth

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sluice-go/sluice/framework"
)

// The keys of rules that say who may call a method.
var (
	Allow     = framework.NewKey("allow", ParseGrants).WithText(Grants.String)   // callers with any one of the grants
	Require   = framework.NewKey("require", ParseGrants).WithText(Grants.String) // callers with all of them
	Anonymous = framework.NewKey("anonymous", parseFlag).WithText(writtenFlag)   // everybody
	Deny      = framework.NewKey("deny", parseFlag).WithText(writtenFlag)        // nobody
)

func parseFlag(value string) (bool, error) {
	if value != "" {
		return false, fmt.Errorf("it takes no value, and has %q; leave that out", value)
	}
	return true, nil
}

// writtenFlag is what a tag has for parseFlag to read: nothing takes a flag back.
func writtenFlag(set bool) string {
	if set {
		return ""
	}
	return "false"
}

// access is who may call a method. The zero access is for all callers who are known.
type access struct {
	nobody bool
	open   bool
	any    Grants // of which a caller has one; none for whoever is known
	all    Grants // of which a caller has all
}

var errNobody = errors.New("auth: the rules deny the method to everyone")

// accessOf reads the rules of a method. framework has chosen among those that contradict each other; if it did not, the
// stricter would count.
func accessOf(m framework.MethodInfo) access {
	anyOf, allowed := Allow.Of(m)
	allOf, required := Require.Of(m)
	open, _ := Anonymous.Of(m)
	nobody, _ := Deny.Of(m)
	return access{
		nobody: nobody,
		open:   open && !allowed && !required,
		any:    slices.Clone(anyOf),
		all:    slices.Clone(allOf),
	}
}

// admit says why a caller may not, for logs.
func (a access) admit(p *Principal) error {
	if len(a.any) > 0 && !slices.ContainsFunc(a.any, func(g Grant) bool { return g.heldBy(p) }) {
		return fmt.Errorf("auth: %q has none of %s", p.ID, a.any)
	}
	for _, g := range a.all {
		if !g.heldBy(p) {
			return fmt.Errorf("auth: %q lacks %s", p.ID, g)
		}
	}
	return nil
}
