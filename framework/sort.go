package framework

import (
	"errors"
	"fmt"
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// sortLinks sorts by stage, then by the before and after edges, then by the order given. It is deterministic, and
// refuses unknown names, edges against the stages, and cycles.
func sortLinks(given []*link) ([]*link, error) {
	inside, err := edges(given)
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
func edges(given []*link) (inside [][]int, err error) {
	index := map[string]int{}
	names := make([]string, len(given))
	for i, l := range given {
		index[l.name], names[i] = i, l.name
	}
	inside = make([][]int, len(given))
	var errs []error
	add := func(l *link, word, ref string, outerInner func(other int) (outer, inner int)) {
		name, optional := optionalName(ref)
		other, ok := index[name]
		if !ok {
			if !optional {
				errs = append(errs, l.errorf(`%s names %q, which is not in the chain%s; write "?%s" where it may be missing`,
					word, name, tag.DidYouMean(name, names), name))
			}
			return
		}
		outer, inner := outerInner(other)
		if given[outer].rank > given[inner].rank {
			errs = append(errs, l.errorf("%s %q goes against the stages: %q is in stage %q, %q (%s) in %q",
				word, name, l.name, l.stage, name, given[other].place, given[other].stage))
			return
		}
		inside[outer] = append(inside[outer], inner)
	}
	for i, l := range given {
		for _, ref := range l.before {
			add(l, "before", ref, func(other int) (int, int) { return i, other })
		}
		for _, ref := range l.after {
			add(l, "after", ref, func(other int) (int, int) { return other, i })
		}
	}
	return inside, errors.Join(errs...)
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
	path := []string{fmt.Sprintf("%q (%s)", given[start].name, given[start].place)}
	for i := outer[start]; ; i = outer[i] {
		path = append([]string{fmt.Sprintf("%q (%s)", given[i].name, given[i].place)}, path...)
		if i == start {
			return fmt.Errorf("framework: before and after make a cycle: %s", strings.Join(path, " before "))
		}
	}
}
