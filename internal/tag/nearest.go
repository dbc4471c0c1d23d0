package tag

import (
	"fmt"
	"slices"
)

// DidYouMean is `; did you mean "x"?` for the candidate nearest to a misspelt word: within two edits, or one that the
// word abbreviates. Else it lists the candidates, if there are any.
func DidYouMean(word string, candidates []string) string {
	if best := nearest(word, candidates); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return thereAre(candidates)
}

// Suggest is DidYouMean as it stands inside a sentence: ` (did you mean "x"?)`.
func Suggest(word string, candidates []string) string {
	if best := nearest(word, candidates); best != "" {
		return fmt.Sprintf(" (did you mean %q?)", best)
	}
	return thereAre(candidates)
}

func thereAre(candidates []string) string {
	if len(candidates) == 0 {
		return ""
	}
	return fmt.Sprintf("; there are %q", slices.Sorted(slices.Values(candidates)))
}

// nearest is the candidate that was meant, or "".
func nearest(word string, candidates []string) string {
	best, distance := "", 3
	for _, c := range candidates {
		if d := editDistance(word, c); d < distance {
			best, distance = c, d
		} else if best == "" && abbreviates(word, c) {
			best = c
		}
	}
	return best
}

// abbreviates reports whether a word begins like another and is made of its letters in order: authn, authenticate.
func abbreviates(word, full string) bool {
	if len(word) < 3 || len(full) == 0 || word[0] != full[0] {
		return false
	}
	for i := 0; i < len(full) && word != ""; i++ {
		if full[i] == word[0] {
			word = word[1:]
		}
	}
	return word == ""
}

// Distance is in how many edits of one byte a word becomes another.
func Distance(a, b string) int { return editDistance(a, b) }

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
