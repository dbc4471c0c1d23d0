package framework

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// sortLinks sorts by stage, then by the before and after edges, then by the order given. It is deterministic, and
// refuses unknown names, edges against the stages, and cycles. Names that the chain knows and that are not among the
// given ones mean nothing here.
func sortLinks(given []*link, known map[string]bool) ([]*link, error) {
	inside, err := edges(given, known)
	if err != nil {
		return nil, err
	}
	waits := make([]int, len(given)) // how many links must come before
	for _, later := range inside {
		for _, i := range later {
			waits[i]++
		}
	}
	sorted := make([]*link, 0, len(given))
	for len(sorted) < len(given) {
		i := nextFree(given, waits)
		if i < 0 {
			return nil, cycleError(given, inside, waits)
		}
		sorted = append(sorted, given[i])
		waits[i] = -1
		for _, later := range inside[i] {
			waits[later]--
		}
	}
	return sorted, nil
}

// nextFree is the link that waits for none: the outermost stage's, then the first given. It is -1 when all wait.
func nextFree(given []*link, waits []int) int {
	free := -1
	for i, l := range given {
		if waits[i] == 0 && (free < 0 || l.rank < given[free].rank) {
			free = i
		}
	}
	return free
}

// edges are, for each link, the links that must stand inside of it.
func edges(given []*link, known map[string]bool) (inside [][]int, err error) {
	index := map[string]int{}
	for i, l := range given {
		index[l.name] = i
	}
	inside = fieldEdges(given)
	var errs []error
	add := func(l *link, how string, w word, outerInner func(other int) (outer, inner int)) {
		other, ok := index[w.name()]
		if !ok {
			if !w.optional() && !known[w.text] {
				errs = append(errs, l.errorAt(w.at, `%s names %q, which is not in the chain%s; write "?%s" where it may be missing`,
					how, w.text, tag.DidYouMean(w.text, slices.Sorted(maps.Keys(known))), w.text))
			}
			return
		}
		outer, inner := outerInner(other)
		if given[outer].rank > given[inner].rank {
			if w.own && w.optional() {
				return // a wish of the type's, and the app has said where they stand
			}
			errs = append(errs, l.errorAt(w.at, "%s %q goes against the stages: %q is in stage %s, %q (%s) in %s",
				how, w.name(), l.name, l.where(), w.name(), given[other].declaration, given[other].where()))
			return
		}
		inside[outer] = append(inside[outer], inner)
	}
	for i, l := range given {
		for _, w := range l.before {
			add(l, "before", w, func(other int) (int, int) { return i, other })
		}
		for _, w := range l.after {
			add(l, "after", w, func(other int) (int, int) { return other, i })
		}
	}
	return inside, tag.Group(errs...)
}

// where is the link's stage, and that it is deeper where it is.
func (l *link) where() string {
	if l.rank >= deeper {
		return strconv.Quote(string(l.stage)) + " of its services"
	}
	return strconv.Quote(string(l.stage))
}

// cycleError names one cycle among the links that still wait, each with its place.
func cycleError(given []*link, inside [][]int, waits []int) error {
	outer := make([]int, len(given)) // a link that this one waits for
	start := -1
	for i, later := range inside {
		if waits[i] < 0 {
			continue
		}
		for _, l := range later {
			outer[l], start = i, l
		}
	}
	seen := map[int]bool{}
	for !seen[start] { // walking outwards must come back to where it was
		seen[start] = true
		start = outer[start]
	}
	path := []string{fmt.Sprintf("%q (%s)", given[start].name, given[start].declaration)}
	for i := outer[start]; ; i = outer[i] {
		path = append([]string{fmt.Sprintf("%q (%s)", given[i].name, given[i].declaration)}, path...)
		if i == start {
			return cyclic(given, seen, fmt.Sprintf("before, after and the order of fields make a cycle: %s; take one of them back", strings.Join(path, " before ")))
		}
	}
}

// cyclic is the error of a cycle, at the first of its links that a tag declares.
func cyclic(given []*link, in map[int]bool, text string) error {
	for i, l := range given {
		if in[i] && l.at != nil {
			return l.errorf("%s", text)
		}
	}
	return fmt.Errorf("framework: %s", text)
}
