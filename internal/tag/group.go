package tag

import "strings"

// Group joins errors. Those of type *Error, also inside joined ones, that are of one Type and Place stand under one
// heading, at the place of the first. It is nil where all are.
func Group(errs ...error) error {
	if leaves := flatten(nil, errs); len(leaves) > 0 {
		return &group{leaves}
	}
	return nil
}

// flatten takes joined errors apart, and leaves nil ones out.
func flatten(leaves, errs []error) []error {
	for _, err := range errs {
		if e, ok := err.(*Error); err == nil || ok && e == nil {
			continue
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok && onlyJoins(err, joined.Unwrap()) {
			leaves = flatten(leaves, joined.Unwrap())
			continue
		}
		leaves = append(leaves, err)
	}
	return leaves
}

// onlyJoins reports whether an error says no more than those inside of it: one of fmt.Errorf may, and stays whole.
func onlyJoins(err error, inside []error) bool {
	if _, ok := err.(*group); ok {
		return true
	}
	const between = "\n; "
	text := err.Error()
	for _, e := range inside {
		if e == nil {
			continue
		}
		before, after, ok := strings.Cut(text, e.Error())
		if !ok || strings.Trim(before, between) != "" {
			return false
		}
		text = after
	}
	return strings.Trim(text, between) == ""
}

// A group has one error or more, none of them joined.
type group struct{ errs []error }

func (g *group) Unwrap() []error { return g.errs }

func (g *group) Error() string {
	var parts []string
	printed := map[heading]bool{}
	for _, err := range g.errs {
		e, ok := err.(*Error)
		switch {
		case !ok:
			parts = append(parts, err.Error())
		case !printed[e.heading()]:
			printed[e.heading()] = true
			parts = append(parts, under(e.heading(), g.of(e.heading())...))
		}
	}
	return strings.Join(parts, "\n")
}

func (g *group) of(h heading) (errs []*Error) {
	for _, err := range g.errs {
		if e, ok := err.(*Error); ok && e.heading() == h {
			errs = append(errs, e)
		}
	}
	return errs
}
