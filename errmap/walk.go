package errmap

import "context"

// Deeper or wider than any error made on purpose: a tree beyond either is taken for a cycle.
const (
	maxDepth = 100
	maxNodes = 4096
)

// A walk is one error on its way to a status. It goes through the tree as errors.Is does: the node, then what
// it wraps, depth first, left to right. The first node that anything claims decides.
type walk struct {
	mapper *Mapper
	ctx    context.Context
	call   call
	nodes  int
	flaw   Flaw   // why the tree can not be handed on; see inspect
	hook   string // the hook that is running
	out    *Outcome
}

// decide maps err. It is the one place where methods of foreign errors are called, and none can do harm here.
func (m *Mapper) decide(ctx context.Context, err error, out *Outcome) {
	w := walk{mapper: m, ctx: ctx, call: call{full: out.Method}, out: out}
	w.run(err)
}

func (w *walk) run(err error) {
	defer w.rescue(err)
	if !w.panicked(err) {
		next := w.hooked(err)
		_ = w.visit(next, 0) || w.abandoned() || w.unclaimed(next)
	}
	if w.flaw != "" {
		w.out.Cause = withheld(err, w.flaw)
	}
}

// visit reports whether the node or one below it has decided.
func (w *walk) visit(err error, depth int) bool {
	if err == nil {
		return false
	}
	w.nodes++
	switch {
	case depth > maxDepth || w.nodes > maxNodes:
		return w.defect(FlawTooDeep)
	case typedNil(err):
		return w.defect(FlawTypedNil)
	}
	return w.claim(err) || each(err, func(inner error) bool { return w.visit(inner, depth+1) })
}

// each goes through what err wraps, until f returns true.
func each(err error, f func(error) bool) bool {
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return f(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, inner := range e.Unwrap() {
			if f(inner) {
				return true
			}
		}
	}
	return false
}

// claim asks everything that can claim one node. The order is the precedence.
func (w *walk) claim(err error) bool {
	rules := &w.mapper.rules
	s := rules.shape(err)
	return w.pick(err, rules.exactly(err, s)) ||
		w.pick(err, s.types) ||
		w.builtin(err) ||
		w.accepted(err) ||
		w.pick(err, s.interfaces)
}

// pick decides by the ruling whose scope is the most specific, of equals by the first.
func (w *walk) pick(err error, rulings []*ruling) bool {
	var best *ruling
	var highest int
	for _, r := range rulings {
		if rank, ok := w.call.rank(r.scope); ok && (best == nil || rank > highest) {
			best, highest = r, rank
		}
	}
	return best != nil && w.rule(best, err)
}

// accepted asks the node's own Is method for a sentinel.
func (w *walk) accepted(err error) bool {
	is, ok := err.(interface{ Is(error) bool })
	if !ok {
		return false
	}
	var accepted []*ruling
	for _, r := range w.mapper.rules.ordered {
		if is.Is(r.target) {
			accepted = append(accepted, r)
		}
	}
	return w.pick(err, accepted)
}
