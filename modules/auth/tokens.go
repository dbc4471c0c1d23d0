package auth

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
)

// A Holder is a caller with the tokens that it is known by; see HeldBy.
type Holder struct{ *held }

// held has no token any more.
type held struct {
	principal *Principal
	sums      [][sha256.Size]byte
	flaws     []string // of the tokens, by their number; "" for none
}

// HeldBy says by which tokens a caller is known: one, or while they are changed the new one and the old. They are hashed
// at once, so that nothing that is printed has them.
func HeldBy(p Principal, tokens ...string) Holder {
	h := Holder{&held{principal: p.clone()}}
	for _, token := range tokens {
		h.sums = append(h.sums, sha256.Sum256([]byte(token)))
		h.flaws = append(h.flaws, flawOf(token))
	}
	return h
}

// minToken is how many characters a token has at least. That they can't be guessed is for who makes them to see to.
const minToken = 16

func flawOf(token string) string {
	switch {
	case len(token) == 0:
		return "is empty; is the variable that it comes from set?"
	case len(token) < minToken:
		return fmt.Sprintf("has %d characters; take at least %d, of a random generator", len(token), minToken)
	case !isToken(token):
		return "has characters that no bearer token has, spaces at an end perhaps; letters, digits and -._~+/ are allowed, and = at the end"
	}
	return ""
}

// Tokens is a Verifier of bearer tokens that do not change while the server runs. A token that nobody holds is ErrNotMine,
// for First to ask another verifier.
//
// A token is compared with all there are, by their SHA-256 sums, in a time that does not depend on which it is: this is for
// tens of them, or hundreds. A Principal that expires takes its tokens along.
func Tokens(holders ...Holder) (Verifier, error) {
	var errs []error
	t := tokens{&tokenTable{}}
	if len(holders) == 0 {
		errs = append(errs, errors.New("auth: Tokens: nobody holds a token; give it holders, as auth.HeldBy makes them"))
	}
	for i, h := range holders {
		errs = append(errs, t.add(i, h)...)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return t, nil
}

// tokens hold a pointer, so that printing them does not print the sums.
type tokens struct{ *tokenTable }

type tokenTable struct {
	sums    [][sha256.Size]byte
	holders []*Principal // of each sum
}

func (t *tokenTable) add(i int, h Holder) (errs []error) {
	switch {
	case h.held == nil:
		return []error{fmt.Errorf("auth: Tokens: holder %d is the zero Holder; make it with auth.HeldBy", i+1)}
	case h.principal.ID == "":
		return []error{fmt.Errorf("auth: Tokens: holder %d has no ID; logs and rules need one", i+1)}
	case len(h.sums) == 0:
		return []error{fmt.Errorf("auth: Tokens: %q holds no token; give it one, or leave the holder out", h.principal.ID)}
	}
	for n, sum := range h.sums {
		flaw := h.flaws[n]
		if other, taken := t.find(sum); taken && flaw == "" {
			flaw = fmt.Sprintf("is held by %q already; make another", other.ID)
		}
		if flaw != "" {
			errs = append(errs, fmt.Errorf("auth: Tokens: token %d of %q %s", n+1, h.principal.ID, flaw))
		}
		t.sums, t.holders = append(t.sums, sum), append(t.holders, h.principal)
	}
	return errs
}

// find looks at all sums, also when it has found one.
func (t *tokenTable) find(sum [sha256.Size]byte) (*Principal, bool) {
	at := -1
	for i := range t.sums {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(t.sums[i][:], sum[:]), i, at)
	}
	if at < 0 {
		return nil, false
	}
	return t.holders[at], true
}

// Verify knows the holder of a bearer token.
func (t tokens) Verify(_ context.Context, c Credentials) (*Principal, error) {
	if c.Scheme() != bearer {
		return nil, ErrNotMine
	}
	if p, ok := t.find(sha256.Sum256([]byte(c.Token()))); ok {
		return p, nil
	}
	return nil, ErrNotMine
}
