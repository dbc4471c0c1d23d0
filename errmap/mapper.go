package errmap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Config is what a mapper does beside its rules. The zero value is safe: what nothing claims is UNKNOWN with a
// fixed text, and is logged.
type Config struct {
	// Domain is where the reasons of rules belong, such as "orders.acme.com" (AIP-193). A rule's own Domain
	// goes before it. Needed where a rule has a Reason.
	Domain string

	// Unknown is the code of errors that nothing claims. Zero means [Unknown].
	Unknown Code

	// Verbose sends the text of errors that nothing claims to the client, with a google.rpc.DebugInfo that
	// has their type and long form. For development: the text of errors names hosts, files and secrets.
	Verbose bool

	// Observer is called once for each failed RPC, before [Mapper.Error] returns, on its goroutine. It may be
	// called concurrently. What it is given it may keep. A panic in it is logged and changes nothing.
	//
	// nil logs to slog.Default(), at ERROR, what the client was not told and nobody foresaw: errors that nothing
	// claimed, panics and defects.
	Observer func(context.Context, Outcome)
}

// A Mapper makes statuses of errors on a server, and errors of statuses at a client. It is safe for concurrent
// use and never changes. Make one with [New].
type Mapper struct {
	config Config
	hooks  []Rule
	rules  rules
	known  map[origin]error // sentinels, at a client
}

// New makes a mapper. The order of the rules never counts. All mistakes are told at once, joined, each with
// the file and line of the rules it is about: two rules for one sentinel, type or hook name in one scope; a code
// that is OK or above 16; a nil sentinel, or one that can not be compared; OnType[error]; a hook without a name
// or function; a reason that is not UPPER_SNAKE, has no domain, or belongs to two errors; a pattern that can
// not be read.
func New(c Config, rules ...Rule) (*Mapper, error) {
	rules = slices.SortedStableFunc(slices.Values(rules), func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.place, b.place))
	})
	if err := errors.Join(c.check(rules)...); err != nil {
		return nil, err
	}
	return c.mapper(rules), nil
}

func (c Config) check(rules []Rule) (errs []error) {
	if c.Unknown != 0 && !c.Unknown.known() {
		errs = append(errs, fmt.Errorf("errmap: Config.Unknown %d is none of the sixteen codes", c.Unknown))
	}
	if c.Domain != valid(c.Domain) {
		errs = append(errs, fmt.Errorf("errmap: Config.Domain %q is not UTF-8", c.Domain))
	}
	sound := make([]Rule, 0, len(rules))
	for _, r := range rules {
		wrong := r.check(c.Domain)
		if len(wrong) == 0 {
			sound = append(sound, r)
		}
		errs = append(errs, wrong...)
	}
	return append(errs, conflicts(sound, c.Domain)...)
}

// mapper puts each rule where it is looked for. Rules come sorted by name.
func (c Config) mapper(rules []Rule) *Mapper {
	c.Unknown = cmp.Or(c.Unknown, Unknown)
	m := &Mapper{config: c, known: map[origin]error{}}
	for _, r := range rules {
		if r.form == hookForm {
			m.hooks = append(m.hooks, r)
			continue
		}
		ready := r.ready(c.Domain)
		m.rules.add(ready)
		if r.form == sentinelForm && r.reason != "" {
			m.known[origin{ready.domain, r.reason}] = r.target
		}
	}
	m.rules.sort()
	return m
}

// Error gives the error that an RPC ends with when its handler returned err: an [*Error], or nil for nil.
// An err that is an *Error already is returned as it is, and not observed again.
//
// ctx is the RPC's, and tells whether the caller is still there; fullMethod, "/pkg.Service/Method", is for rules
// with For, hooks and the observer. Outside an RPC, as in a job, give any context and any name.
//
// It does not panic, whatever the methods of err do, and the status is never OK.
func (m *Mapper) Error(ctx context.Context, fullMethod string, err error) error {
	if err == nil {
		return nil
	}
	if mapped, ok := err.(*Error); ok && mapped != nil {
		return mapped
	}
	e := &Error{Outcome{Method: fullMethod, Cause: err}}
	m.decide(ctx, err, &e.outcome)
	m.observe(ctx, &e.outcome)
	return e
}
