package auth

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// A Grant is what a rule asks of a caller: a word of allow= or require=. The zero Grant is none.
type Grant struct{ kind, name string }

// The kinds of a Grant, which are the prefixes of its word.
const (
	kindRole   = "role"
	kindScope  = "scope"
	kindID     = "id"
	kindSPIFFE = "spiffe" // only as a word: it is an id

	authenticated = "authenticated"
)

// Role is "role:name": the caller has the role.
func Role(name string) Grant { return Grant{kindRole, name} }

// Scope is "scope:name": the caller has the scope.
func Scope(name string) Grant { return Grant{kindScope, name} }

// ID is "id:name": it is that caller. A SPIFFE ID may stand in a tag as it is, "spiffe://trust.domain/path".
func ID(id string) Grant { return Grant{kindID, id} }

// Authenticated is "authenticated": it is known who calls, whoever that is.
func Authenticated() Grant { return Grant{kind: authenticated} }

// String is the word.
func (g Grant) String() string {
	if g.kind == authenticated || g.kind == "" {
		return g.kind
	}
	return g.kind + ":" + g.name
}

func (g Grant) heldBy(p *Principal) bool {
	switch g.kind {
	case kindRole:
		return p.HasRole(g.name)
	case kindScope:
		return p.HasScope(g.name)
	case kindID:
		return p.ID == g.name
	}
	return g.kind == authenticated
}

// Grants are the words of a rule: any one of them for allow, all of them for require.
type Grants []Grant

// ParseGrants reads "role:reader scope:orders.write id:billing", or "authenticated". They come sorted.
func ParseGrants(text string) (Grants, error) {
	var all Grants
	var flaws []string
	for _, word := range strings.Fields(text) {
		g, err := parseGrant(word)
		if err != nil {
			flaws = append(flaws, err.Error())
		}
		all = append(all, g)
	}
	if len(flaws) > 0 {
		return nil, errors.New(strings.Join(flaws, "; "))
	}
	slices.SortFunc(all, func(a, b Grant) int { return strings.Compare(a.String(), b.String()) })
	return all, all.flaw()
}

func parseGrant(word string) (Grant, error) {
	if word == authenticated {
		return Authenticated(), nil
	}
	kind, name, _ := strings.Cut(word, ":")
	switch kind {
	case kindRole, kindScope, kindID:
		return Grant{kind, name}, nil
	case kindSPIFFE:
		if u, err := url.Parse(word); err != nil || !isSPIFFE(u) {
			return Grant{}, fmt.Errorf(`%q is no SPIFFE ID; write "spiffe://trust.domain/path"`, word)
		}
		return ID(word), nil
	}
	if name == "" {
		name = word
	}
	return Grant{}, fmt.Errorf("unknown word %q%s", word,
		tag.DidYouMean(word, []string{authenticated, Role(name).String(), Scope(name).String(), ID(name).String()}))
}

// flaw is why the grants make no rule.
func (g Grants) flaw() error {
	for i, one := range g {
		switch {
		case one.kind == authenticated && len(g) > 1:
			return errors.New(`"authenticated" stands alone: whoever has a role is authenticated`)
		case one.kind == authenticated:
		case one.name == "" || len(strings.Fields(one.name)) != 1:
			return fmt.Errorf(`%q has no name, or one with spaces; write a word, as in "role:reader"`, one)
		case slices.Contains(g[:i], one):
			return fmt.Errorf("%q stands twice; leave one out", one)
		}
	}
	if len(g) == 0 {
		return errors.New(`it names nobody; write "authenticated", or a word as "role:reader", "scope:orders.write" or "id:billing"`)
	}
	return nil
}

// String is the words, as in a tag.
func (g Grants) String() string {
	words := make([]string, len(g))
	for i, one := range g {
		words[i] = one.String()
	}
	return strings.Join(words, " ")
}
