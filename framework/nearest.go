package framework

import (
	"fmt"
	"slices"
)

// didYouMean is `; did you mean "x"?` for the candidate nearest to a misspelt word, if one is within two edits
// or begins with it; else it lists the candidates.
func didYouMean(word string, candidates []string) string {
	best, distance := "", 3
	for _, c := range candidates {
		if d := editDistance(word, c); d < distance {
			best, distance = c, d
		} else if distance == 3 && len(word) > 2 && len(c) > len(word) && c[:len(word)] == word {
			best = c
		}
	}
	if best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	if len(candidates) == 0 {
		return ""
	}
	return fmt.Sprintf("; there are %q", slices.Sorted(slices.Values(candidates)))
}

// editDistance is the Levenshtein distance in bytes.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
