package retry

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// The rules of a method.
var (
	// Attempts is how many attempts an RPC may take in all, from 2 up: retry=3, or retry=none. It needs the rule
	// idempotent, or the method's proto to say so. The option form of none is retry.Attempts.Set(retry.None).
	Attempts = framework.NewKey("retry", parseAttempts).WithText(attemptsText)

	// On are the codes of failures that are tried again: retry.on=UNAVAILABLE ABORTED. Of hedges they are those after
	// which the others go on.
	On = framework.NewKey("retry.on", parseCodes).WithText(Codes.String)

	// Backoff is the pause before another attempt: retry.backoff=50ms, or retry.backoff=50ms..2s.
	Backoff = framework.NewKey("retry.backoff", parsePause).WithText(Pause.String)

	// Hedge sends further attempts of a unary RPC while there is no answer: hedge=2/50ms are two in all, the second after
	// 50ms; or hedge=none. It needs the rule idempotent, or the method's proto to say so. The option form of none is
	// retry.Hedge.Set(retry.Hedging{}).
	Hedge = framework.NewKey("hedge", parseHedging).WithText(Hedging.String)

	// Idempotent says that a method may be called again when it is not known what became of a call. It takes no value;
	// the option form is retry.Idempotent.Set(true). Where no rule says so, the idempotency_level of the method's proto
	// does.
	Idempotent = framework.NewKey("idempotent", parseFlag).WithText(flagText)
)

// None is one attempt: retry.Attempts.Set(retry.None) says what the tag retry=none does.
const None = 1

const none = "none"

func parseAttempts(text string) (int, error) {
	if text == none {
		return None, nil
	}
	n, err := tag.Count(text)
	if err != nil || n < 2 {
		return 0, fmt.Errorf("%q is not a number of attempts; write a whole number from 2 up, which counts the first one, or none", text)
	}
	return n, nil
}

func attemptsText(n int) string {
	if n == None {
		return none
	}
	return strconv.Itoa(n)
}

func parseFlag(text string) (bool, error) {
	if text != "" {
		return false, fmt.Errorf("it takes no value, and has %q; leave that out, or the rule", text)
	}
	return true, nil
}

func flagText(set bool) string {
	if set {
		return ""
	}
	return "false"
}

// Codes are codes of failures, without OK.
type Codes []errmap.Code

// String is "UNAVAILABLE ABORTED".
func (c Codes) String() string {
	names := make([]string, len(c))
	for i, code := range c {
		names[i] = nameOf(code)
	}
	return strings.Join(names, " ")
}

func nameOf(c errmap.Code) string {
	if !isFailure(c) {
		return fmt.Sprintf("code(%d)", c)
	}
	return c.Name()
}

func isFailure(c errmap.Code) bool { return errmap.Canceled <= c && c <= errmap.Unauthenticated }

var errNoCodes = errors.New("no code is said; write one or more, as in UNAVAILABLE ABORTED")

func parseCodes(text string) (codes Codes, err error) {
	for name := range strings.FieldsSeq(text) {
		code, err := errmap.ParseCode(name)
		if err != nil {
			return nil, errors.New(strings.TrimPrefix(err.Error(), "errmap: "))
		}
		codes = append(codes, code)
	}
	if len(codes) == 0 {
		return nil, errNoCodes
	}
	return codes, nil
}

// check is for codes that no tag gave.
func (c Codes) check() error {
	if len(c) == 0 {
		return errNoCodes
	}
	if bad := slices.IndexFunc(c, func(code errmap.Code) bool { return !isFailure(code) }); bad >= 0 {
		return fmt.Errorf("%d is no code of a failure; take the constants of errmap", c[bad])
	}
	return nil
}

// A Pause is what FullJitter takes. A Most of 0 means ten times First, as Envoy has it.
type Pause struct{ First, Most time.Duration }

// String is "50ms", or "50ms..2s".
func (p Pause) String() string {
	if p.Most == 0 {
		return p.First.String()
	}
	return p.First.String() + ".." + p.Most.String()
}

// most is Most with its default.
func (p Pause) most() time.Duration {
	const tenfold = 10
	if p.Most == 0 {
		return min(p.First, longest/tenfold) * tenfold
	}
	return p.Most
}

func parsePause(text string) (p Pause, err error) {
	first, most, bounded := strings.Cut(text, "..")
	p.First, err = tag.Duration(first)
	if err == nil && bounded {
		p.Most, err = tag.Duration(most)
	}
	switch {
	case err != nil:
		return Pause{}, fmt.Errorf("%q is not a pause; write the longest first pause, and the longest of all if it is not ten times that: 50ms, 50ms..2s", text)
	case p.First == 0:
		return Pause{}, fmt.Errorf("%q would have all try again at once; write a longer time, as in 50ms", text)
	case bounded && p.Most < p.First:
		return Pause{}, fmt.Errorf("%q ends before it begins; write the longer time second, as in 50ms..2s", text)
	}
	return p, nil
}

// A Hedging is up to so many Attempts, each After the one before. The zero Hedging is none.
type Hedging struct {
	Attempts int
	After    time.Duration
}

// String is "2/50ms", or "none".
func (h Hedging) String() string {
	if h == (Hedging{}) {
		return none
	}
	return fmt.Sprintf("%d/%s", h.Attempts, h.After)
}

func parseHedging(text string) (h Hedging, err error) {
	if text == none {
		return h, nil
	}
	attempts, after, _ := strings.Cut(text, "/")
	n, err := tag.Count(attempts)
	d, errAfter := tag.Duration(after)
	if err != nil || errAfter != nil || n < 2 {
		return h, fmt.Errorf("%q is not a hedging; write the attempts, from 2 up, and the time between them: 2/50ms, 3/1s; or none", text)
	}
	return Hedging{n, d}, nil
}
