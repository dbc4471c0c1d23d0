package auth

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// A Verifier says who calls.
//
// Verify is called once for each RPC of a method that the rules do not deny to everyone, before its first message, on
// the goroutine of the handler; calls are concurrent. ctx is the RPC's, and ends after Options.Timeout. It has what the
// caller showed besides: the peer with its certificates (package peer), and all metadata. Neither ctx nor c is kept.
//
//   - A Principal says that it is the caller. It has an ID, and is shared from then on.
//   - An error that is ErrNotMine says that there are no credentials, or others than this Verifier knows. First asks the
//     next one then.
//   - An error that is ErrRejected says that they are wrong. Nobody else is asked.
//   - Any other error says that it could not be found out. Nobody else is asked, and the RPC is UNAVAILABLE.
//
// What an error says is for logs; the client gets a fixed text. It should not say the token. Where it does, in full, the
// error is replaced by its text with the token taken out. A panic is the RPC's, as any link's, and looked through likewise.
type Verifier interface {
	Verify(ctx context.Context, c Credentials) (*Principal, error)
}

// VerifierFunc is a function as a Verifier.
type VerifierFunc func(ctx context.Context, c Credentials) (*Principal, error)

// Verify calls f.
func (f VerifierFunc) Verify(ctx context.Context, c Credentials) (*Principal, error) {
	return f(ctx, c)
}

// What a Verifier says of credentials, to be returned or wrapped: fmt.Errorf("%w: issued by %q", auth.ErrRejected, issuer).
var (
	ErrNotMine  = errors.New("auth: no credentials that are known here")
	ErrRejected = errors.New("auth: credentials rejected")
)

// First asks verifiers in their order, until one says something else than ErrNotMine.
func First(verifiers ...Verifier) Verifier { return first(append([]Verifier(nil), verifiers...)) }

type first []Verifier

func (f first) Verify(ctx context.Context, c Credentials) (*Principal, error) {
	_, p, err := f.ask(ctx, c, 0)
	return p, err
}

func (f first) ask(ctx context.Context, c Credentials, limit time.Duration) (context.Context, *Principal, error) {
	for _, v := range f {
		if known, p, err := ask(ctx, v, c, limit); err == nil || !errors.Is(err, ErrNotMine) {
			return known, p, err
		}
	}
	return ctx, nil, ErrNotMine
}

// ask asks a verifier, one of one's own no longer than the limit. The context is the one to go on with: one that was
// written for ggm gives another.
func ask(ctx context.Context, v Verifier, c Credentials, limit time.Duration) (context.Context, *Principal, error) {
	switch v := v.(type) {
	case first:
		return v.ask(ctx, c, limit)
	case function:
		return v.ask(ctx, c)
	case tokens, certificates:
		limit = 0
	}
	within := ctx
	if limit > 0 {
		var cancel context.CancelFunc
		within, cancel = context.WithTimeout(ctx, limit)
		defer cancel()
	}
	p, err := v.Verify(within, c)
	return ctx, p, err
}

// flaws are what is known to be wrong with a verifier before it is asked.
func flaws(v Verifier, what string) (errs []error) {
	switch v := v.(type) {
	case nil:
		return []error{fmt.Errorf("auth: %s is nil; set one, auth.Tokens or auth.Certificates for instance", what)}
	case first:
		if len(v) == 0 {
			return []error{fmt.Errorf("auth: %s is First of no verifiers; give it some", what)}
		}
		for i, one := range v {
			errs = append(errs, flaws(one, fmt.Sprintf("verifier %d of First in %s", i+1, what))...)
		}
	case VerifierFunc:
		if v == nil {
			return []error{fmt.Errorf("auth: %s is a nil VerifierFunc; give a function", what)}
		}
	case certificates:
		if v.identify == nil {
			return []error{fmt.Errorf("auth: %s is Certificates without a function; give auth.SPIFFE, or one of your own", what)}
		}
	case function:
		if v.authenticate == nil || v.who == nil {
			return []error{fmt.Errorf("auth: %s is Func without one of its functions; give both", what)}
		}
	}
	return errs
}
