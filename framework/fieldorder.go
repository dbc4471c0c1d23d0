package framework

import (
	"cmp"
	"slices"
)

// A fieldOrder is the place of a link among the fields of its struct, whose order is the order of calls. The zero value
// is for links that no field holds.
type fieldOrder struct {
	group *structPart
	index int
}

// fieldEdges are, for each link, the next one of its struct.
func fieldEdges(given []*link) [][]int {
	inside := make([][]int, len(given))
	fields := map[*structPart][]int{}
	for i, l := range given {
		if g := l.order.group; g != nil {
			fields[g] = append(fields[g], i)
		}
	}
	for _, of := range fields {
		slices.SortFunc(of, func(a, b int) int { return cmp.Compare(given[a].order.index, given[b].order.index) })
		for i, next := range of[1:] {
			inside[of[i]] = append(inside[of[i]], next)
		}
	}
	return inside
}
