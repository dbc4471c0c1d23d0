package errmap

import (
	"context"
	"fmt"
	"strings"
)

// A Step is one thing that a mapper did on the way from an error to its status.
type Step struct {
	Depth   int    // of the error in the tree; 0 is what the handler returned
	Error   string // its Go type; "" for what is about the whole
	Rule    string // that was asked or decided, with its place; "" for none
	Verdict string // what came of it
}

// String is the step on a line, indented by its depth.
func (s Step) String() string {
	parts := make([]string, 0, 3)
	for _, part := range []string{s.Error, s.Rule, s.Verdict} {
		if part != "" {
			parts = append(parts, part)
		}
	}
	return strings.Repeat("  ", s.Depth) + strings.Join(parts, ": ")
}

// Explain tells how [Mapper.Error] would come to the status of err, for tests and support: the hooks that are asked, each
// error of the tree with the rule that claims it and why, predicates, and last the status. Nobody is told of a failed
// call. A nil error has no steps.
func (m *Mapper) Explain(ctx context.Context, fullMethod string, err error) []Step {
	if err == nil {
		return nil
	}
	if e, ok := err.(*Error); ok && e != nil {
		return []Step{{Error: fmt.Sprintf("%T", err), Verdict: "mapped already"}, result(e)}
	}
	var steps []Step
	e := &Error{outcome: Outcome{Method: fullMethod, Cause: err}}
	m.decide(ctx, err, e, &steps)
	return append(steps, result(e))
}

func result(e *Error) Step {
	s := e.outcome.Status
	verdict := fmt.Sprintf("%s %q", nameOf(s.Code()), s.Message())
	for _, d := range s.Details() {
		verdict += fmt.Sprintf(", %s", detailName(d))
	}
	return Step{Verdict: verdict}
}

func detailName(d any) string {
	name := fmt.Sprintf("%T", d)
	return name[strings.LastIndexByte(name, '.')+1:]
}

// explain notes what came of the node that is asked about. It reports true.
func (w *walk) explain(verdict string) bool {
	if w.steps != nil {
		*w.steps = append(*w.steps, Step{Depth: w.node.depth, Error: fmt.Sprintf("%T", w.node.err), Verdict: verdict})
	}
	return true
}

func (w *walk) explainRule(r *ruling, why string) {
	if w.steps != nil {
		*w.steps = append(*w.steps, Step{w.node.depth, fmt.Sprintf("%T", w.node.err), r.Rule.String(), "claimed " + why})
	}
}

func (w *walk) explainHook(h Rule, answer error) {
	if w.steps == nil {
		return
	}
	verdict := "not its own"
	if answer != nil {
		verdict = fmt.Sprintf("%T in its place", answer)
	}
	*w.steps = append(*w.steps, Step{Rule: h.String(), Verdict: verdict})
}
