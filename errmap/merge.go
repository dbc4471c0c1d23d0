package errmap

import "google.golang.org/genproto/googleapis/rpc/errdetails"

// merge adds to what one member of a join decided the violations of the members after it that are claimed alike: by a
// rule or by their author, with the same code. They are different news of one kind, and a client gets one list. Who is
// first has said code, message and reason.
func (w *walk) merge(rest []error, depth int) {
	if !w.out.Source.chosen() {
		return
	}
	for _, member := range rest {
		if other := w.aside(member, depth); other != nil && w.code() == other.code {
			for _, m := range other.details {
				if !is[*errdetails.ErrorInfo](m) {
					w.open().add(m)
				}
			}
			w.explain("joined: its violations are added")
		}
	}
}

// aside is what a member would be sent as by itself, nil where it has nothing to add. A defect in it changes nothing.
func (w *walk) aside(member error, depth int) (found *draft) {
	defer func() {
		if recover() != nil {
			found = nil
		}
	}()
	sub := walk{mapper: w.mapper, ctx: w.ctx, call: w.call, nodes: w.nodes, out: new(Outcome)}
	claimed := sub.visit(member, depth)
	w.nodes, w.node = sub.nodes, node{member, depth}
	if !claimed || !sub.out.Source.chosen() || !sub.draft.violations() {
		return nil
	}
	return sub.draft
}
