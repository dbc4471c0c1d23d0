package errmap

import (
	"cmp"
	"context"
	"reflect"
	"slices"

	"github.com/sluice-go/sluice/internal/tag"
)

// A Mapper makes statuses of errors on a server, and errors of statuses at a client. It is safe for concurrent
// use and never changes. Make one with [New].
type Mapper struct {
	config Config
	first  []Rule // hooks that are asked before the others
	hooks  []Rule
	list   []Rule // all of them, by name
	rules  *rules
	known  map[origin]known
}

// known is what a client makes of a reason: a sentinel, or an error of a tagged type.
type known struct {
	sentinel error
	tagged   *declaration
	as       reflect.Type // the tagged type, or a pointer to it
}

// New makes a mapper. The order of the rules never counts. All mistakes are told at once, joined, each with
// the file and line of the rules it is about: two rules for one sentinel, type or hook name in one scope; a code
// that is OK or above 16; a nil sentinel, or one that can not be compared; OnType[error]; a hook or predicate without a
// name or function; a reason that is not UPPER_SNAKE, has no domain, or belongs to two errors; a pattern that can
// not be read; tags that can not be read, or say what can not be.
func New(c Config, rules ...Rule) (*Mapper, error) {
	rules = slices.SortedStableFunc(slices.Values(rules), func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.name, b.name), cmp.Compare(a.place, b.place), cmp.Compare(a.form, b.form))
	})
	if err := tag.Group(c.check(rules)...); err != nil {
		return nil, err
	}
	return c.withDefaults().mapper(rules), nil
}

// mapper puts each rule where it is looked for. Rules come sorted by name.
func (c Config) mapper(list []Rule) *Mapper {
	m := &Mapper{config: c, list: list, rules: new(rules), known: map[origin]known{}}
	for _, r := range list {
		if r.form == hookForm {
			m.hooks = append(m.hooks, r)
			continue
		}
		ready := r.ready(&m.config)
		m.rules.add(ready)
		m.know(ready)
	}
	m.rules.sort()
	return m
}

// know keeps what a client makes of the rule's reason, if there is one.
func (m *Mapper) know(r *ruling) {
	if r.reason == "" || m.config.Trusted != nil && !slices.Contains(m.config.Trusted, r.domain) {
		return
	}
	if r.form == sentinelForm || r.form == taggedForm {
		m.known[origin{r.domain, r.reason}] = known{r.target, r.tagged, r.typ}
	}
}

// First gives a mapper with one hook more, and with everything else in common. The hook is asked before all others,
// which look at what it answered. A nil hook changes nothing.
func (m *Mapper) First(name string, f HookFunc) *Mapper {
	if f == nil {
		return m
	}
	with := *m
	with.first = append([]Rule{{form: hookForm, name: name, hook: f, place: caller()}}, m.first...)
	return &with
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
	e := &Error{outcome: Outcome{Method: fullMethod, Cause: err}}
	m.decide(ctx, err, e, nil)
	m.observe(ctx, &e.outcome)
	return e
}
