package errmap

import (
	"context"

	"google.golang.org/grpc/status"
)

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
	flaw   Flaw  // why the tree can not be handed on; see inspect
	asked  asked // the function of the mapper's own that is running
	node   node  // the one that is asked about, for who explains
	steps  *[]Step
	out    *Outcome
	decision
}

// asked is a function that a rule or the Config brought, for the error of a panic in it.
type asked struct{ what, name string }

// A node is an error in its tree.
type node struct {
	err   error
	depth int
}

// decide maps err. It is the one place where methods of foreign errors are called, and none can do harm here.
func (m *Mapper) decide(ctx context.Context, err error, e *Error, steps *[]Step) {
	w := walk{mapper: m, ctx: ctx, call: call{full: e.outcome.Method}, out: &e.outcome, steps: steps}
	w.run(err)
	e.trailer = w.trailer
}

func (w *walk) run(err error) {
	defer w.rescue(err)
	w.judge(err)
	w.finish()
	if w.flaw != "" {
		w.out.Cause = withheld(err, w.flaw)
	}
}

// judge finds what decides.
func (w *walk) judge(err error) {
	if w.panicked(err) {
		return
	}
	next := err
	for _, h := range w.mapper.first {
		next = w.hooked([]Rule{h}, next)
	}
	next = w.hooked(w.mapper.hooks, next)
	if w.visit(next, 0) {
		return
	}
	w.node = node{next, 0}
	_ = w.predicted(next) || w.abandoned() || w.unclaimed(next)
	w.around(next, 0)
}

// visit reports whether the node or one below it has decided.
func (w *walk) visit(err error, depth int) bool {
	if err == nil {
		return false
	}
	w.nodes++
	w.node = node{err, depth}
	switch {
	case depth > maxDepth || w.nodes > maxNodes:
		return w.defect(FlawTooDeep)
	case typedNil(err):
		return w.defect(FlawTypedNil)
	}
	if a, ok := err.(*annotated); ok {
		if !w.visit(a.err, depth+1) {
			return false
		}
		a.apply(w)
		return true
	}
	return w.claim(err) || w.inside(err, depth)
}

// inside visits what err wraps.
func (w *walk) inside(err error, depth int) bool {
	w.explain("nobody claims it")
	switch e := err.(type) {
	case interface{ Unwrap() error }:
		return w.visit(e.Unwrap(), depth+1)
	case interface{ Unwrap() []error }:
		return w.members(e.Unwrap(), depth)
	}
	return false
}

// members visits what is joined.
func (w *walk) members(all []error, depth int) bool {
	for i, inner := range all {
		if w.visit(inner, depth+1) {
			w.merge(all[i+1:], depth+1)
			return true
		}
	}
	return false
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

// around has the annotations count that stand around the whole error, where that decided.
func (w *walk) around(err error, depth int) {
	if depth > maxDepth || err == nil {
		return
	}
	if e, ok := err.(interface{ Unwrap() error }); ok {
		w.around(e.Unwrap(), depth+1)
	}
	if a, ok := err.(*annotated); ok {
		a.apply(w)
	}
}

// claim asks everything that can claim one node. The order is the precedence.
func (w *walk) claim(err error) bool {
	rules := w.mapper.rules
	s := rules.shape(err)
	return w.pick(err, rules.exactly(err, s), "by ==") ||
		w.pick(err, s.types, "by its type") ||
		w.builtin(err) ||
		w.accepted(err) ||
		w.pick(err, s.interfaces, "by an interface that it has")
}

// pick decides by the ruling whose scope is the most specific, of equals by the first.
func (w *walk) pick(err error, rulings []*ruling, why string) bool {
	var best *ruling
	var highest int
	for _, r := range rulings {
		if rank, ok := w.call.rank(r.scope); ok && (best == nil || rank > highest) {
			best, highest = r, rank
		}
	}
	return best != nil && w.rule(best, err, why)
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
	return w.pick(err, accepted, "by its Is method")
}

// settle decides by a status that is there.
func (w *walk) settle(s *status.Status, source Source) bool {
	w.out.Status, w.out.Source = s, source
	w.decision = decision{status: s, domain: w.mapper.config.Domain}
	return true
}

// rule decides by a rule.
func (w *walk) rule(r *ruling, err error, why string) bool {
	w.settle(r.status, r.source)
	w.out.Rule, w.out.Place, w.out.level = r.name, r.place, r.level
	w.never = r.retry != nil && *r.retry < 0
	w.explainRule(r, why)
	if r.dynamic() {
		w.draft, w.never = r.drafted(err, w.mapper.config.Verbose)
		return true
	}
	w.out.Dropped, w.fits = r.dropped, true
	return true
}

func (w *walk) defect(f Flaw) bool {
	w.settle(Internal.GRPCStatus(), SourceDefect)
	w.out.Flaw, w.out.Redacted = f, true
	w.out.Rule, w.out.Place, w.out.Local, w.out.Dropped = "", "", false, nil
	w.explain("defect: " + string(f))
	return true
}
