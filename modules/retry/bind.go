package retry

import (
	"errors"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"

	"github.com/sluice-go/sluice/framework"
)

// Bind makes the interceptor of one method, and none where an RPC has one attempt.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	s := i.said(m)
	if err := i.refusal(m, s); err != nil {
		return nil, err
	}
	p := policy{budget: i.budget(m.Target), maxDelay: i.options.MaxDelay}
	for _, code := range s.on {
		p.on[code] = true
	}
	switch {
	case s.hedging.Attempts > 0:
		return &hedger{p, s.hedging}, nil
	case s.attempts > None:
		return &retrier{policy: p, kind: m.Kind, attempts: s.attempts, backoff: s.backoff, keep: i.options.KeepRequests}, nil
	}
	return nil, nil
}

// said is what is said of a method.
type said struct {
	attempts   int
	hedging    Hedging
	on         Codes
	backoff    ggm.BackoffFunc
	idempotent bool
}

// said reads the rules. What means nothing is not read, and framework refuses it; beside retry=none it does mean something,
// where it is a rule for several methods.
func (i *Interceptor) said(m framework.MethodInfo) said {
	s := said{attempts: None, on: i.options.On, backoff: i.options.Backoff}
	s.idempotent, _ = Idempotent.Of(m)
	attempts, retries := Attempts.Of(m)
	hedging, hedges := Hedge.Of(m)
	byOptions := i.options.Attempts > None
	s.hedging = hedging
	switch {
	case retries:
		s.attempts = attempts
	case byOptions && s.idempotent && !hedges && m.Kind != framework.BidiStream:
		s.attempts = i.options.Attempts
	}
	if retries || hedges || byOptions {
		if on, ok := On.Of(m); ok {
			s.on = on
		}
	}
	if retries || byOptions {
		if pause, ok := Backoff.Of(m); ok {
			s.backoff = FullJitter(pause.First, pause.most())
		}
	}
	return s
}

var (
	errBoth   = errors.New("hedge is said as well: an RPC is retried or hedged, not both; say retry=none or hedge=none")
	errBidi   = errors.New("what is sent on a bidi stream may answer what came, and can't be sent again by itself; say retry=none")
	errStream = errors.New("only unary RPCs are hedged; say hedge=none for the stream")
)

const repeats = "the method is not known to be idempotent, and what a lost attempt did would be done again; " +
	"add the rule idempotent if that does no harm, or say so in the proto by idempotency_level; else say %s=none"

// refusal says why what is said can't be done with a method; nil where it can.
func (i *Interceptor) refusal(m framework.MethodInfo, s said) error {
	retries, hedges, most := s.attempts > None, s.hedging.Attempts > 0, i.options.Budget.most()
	switch {
	case retries && hedges:
		return Attempts.Errorf(m, "%w", errBoth)
	case retries && m.Kind == framework.BidiStream:
		return Attempts.Errorf(m, "%w", errBidi)
	case hedges && m.Kind != framework.Unary:
		return Hedge.Errorf(m, "%w", errStream)
	case retries && !s.idempotent:
		return Attempts.Errorf(m, repeats, Attempts.Name())
	case hedges && !s.idempotent:
		return Hedge.Errorf(m, repeats, Hedge.Name())
	case retries && s.attempts > most:
		return Attempts.Errorf(m, "%w", tooMany(s.attempts, most))
	case hedges && s.hedging.Attempts > most:
		return Hedge.Errorf(m, "%w", tooMany(s.hedging.Attempts, most))
	}
	return nil
}
