package auth

import (
	"errors"
	"fmt"
	"slices"

	"github.com/sluice-go/sluice/framework"
)

// The keys of rules that say who may call a method.
var (
	Allow     = framework.NewKey("allow", ParseGrants)   // callers with any one of the grants
	Require   = framework.NewKey("require", ParseGrants) // callers with all of them
	Anonymous = framework.NewKey("anonymous", parseFlag) // everybody
	Deny      = framework.NewKey("deny", parseFlag)      // nobody
)

func parseFlag(value string) (bool, error) {
	if value != "" {
		return false, fmt.Errorf("it takes no value, and has %q; leave that out", value)
	}
	return true, nil
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
func accessOf(m framework.MethodInfo) (access, error) {
	anyOf, allowed := Allow.Of(m)
	allOf, required := Require.Of(m)
	open, openSaid := Anonymous.Of(m)
	nobody, nobodySaid := Deny.Of(m)
	a := access{
		nobody: nobody,
		open:   open && !allowed && !required,
		any:    slices.Clone(anyOf),
		all:    slices.Clone(allOf),
	}
	return a, errors.Join(check(Allow, allowed, anyOf), check(Require, required, allOf),
		checkFlag(Anonymous, openSaid, open), checkFlag(Deny, nobodySaid, nobody))
}

// check refuses what Set takes and no tag can say.
func check(k framework.AnyKey, said bool, g Grants) error {
	if !said {
		return nil
	}
	if err := g.flaw(); err != nil {
		return fmt.Errorf("auth: %s: %w", k.Name(), err)
	}
	return nil
}

func checkFlag(k framework.AnyKey, said, set bool) error {
	if said && !set {
		return fmt.Errorf("auth: %s is set to false, which takes nothing back; leave it out", k.Name())
	}
	return nil
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
