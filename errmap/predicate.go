package errmap

// predicted asks the predicates about the whole error, by name. That with the most specific scope decides, of equals
// the first.
func (w *walk) predicted(err error) bool {
	var best *ruling
	var highest int
	for _, r := range w.mapper.rules.predicates {
		rank, ok := w.call.rank(r.scope)
		if !ok || best != nil && rank <= highest {
			continue
		}
		if w.holds(r, err) {
			best, highest = r, rank
		}
	}
	return best != nil && w.rule(best, err, "by its predicate")
}

func (w *walk) holds(r *ruling, err error) bool {
	w.asked = asked{"predicate", r.name}
	holds := r.match(err)
	w.asked = asked{}
	return holds
}
