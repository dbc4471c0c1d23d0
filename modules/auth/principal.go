package auth

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"
)

// A Principal is who calls. A Verifier makes it, and nobody changes it then: RPCs share it.
type Principal struct {
	ID         string         // never empty, and never a token: logs have it
	Roles      []string       // what role: in a rule asks for
	Scopes     []string       // what scope: in a rule asks for
	Attributes map[string]any // what else the Verifier knows of the caller
	Expires    time.Time      // when this is not so any more; zero for never
}

// HasRole reports whether the caller has a role.
func (p *Principal) HasRole(role string) bool { return slices.Contains(p.Roles, role) }

// HasScope reports whether the caller has a scope.
func (p *Principal) HasScope(scope string) bool { return slices.Contains(p.Scopes, scope) }

func (p *Principal) clone() *Principal {
	c := *p
	c.Roles, c.Scopes, c.Attributes = slices.Clone(p.Roles), slices.Clone(p.Scopes), maps.Clone(p.Attributes)
	return &c
}

// errNameless is a verifier's, which neither knows the caller nor says why not.
var errNameless = errors.New("auth: the verifier gave neither a principal with an ID nor an error")

// flaw is why a principal that a verifier gave is none.
func (p *Principal) flaw() error {
	switch {
	case p == nil || p.ID == "":
		return errNameless
	case !p.Expires.IsZero() && !time.Now().Before(p.Expires):
		return fmt.Errorf("%w: those of %q expired at %s", ErrRejected, p.ID, p.Expires.UTC().Format(time.RFC3339))
	}
	return nil
}

type principalKey struct{}

func newContext(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// FromContext is who calls, in a handler, in links inside, and wherever their context goes. It is false where nobody was
// identified: the method is anonymous and the caller showed no credentials, or no auth stands on it. The Principal is
// for reading only.
func FromContext(ctx context.Context) (*Principal, bool) {
	p, ok := ctx.Value(principalKey{}).(*Principal)
	return p, ok
}
