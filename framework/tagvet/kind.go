package tagvet

import "github.com/sluice-go/sluice/internal/tag"

// A kind is what the own line of a struct may say, and what its fields may.
type kind struct{ line, field tag.Role }

// kinds are all of the table of roles, in which each own line stands before its fields.
func kinds() (all []kind) {
	roles := tag.Roles()
	for i, r := range roles {
		if r.Opens != "" {
			all = append(all, kind{r, roles[i+1]})
		}
	}
	return all
}

// opened is the kind that a word opens.
func opened(word string) (kind, bool) {
	for _, k := range kinds() {
		if k.line.Opens == word {
			return k, true
		}
	}
	return kind{}, false
}

// almostOpened is the kind that a word was likely to open.
func almostOpened(word string) (kind, bool) {
	for _, k := range kinds() {
		if word != "" && tag.Distance(word, k.line.Opens) <= 2 {
			return k, true
		}
	}
	return kind{}, false
}

// openers are the words that open a struct's own line.
func openers() (words []string) {
	for _, k := range kinds() {
		words = append(words, k.line.Opens)
	}
	return words
}

// exampleOf is a line that a word opens.
func exampleOf(opens string) string {
	switch opens {
	case tag.ChainLine().Opens:
		return opens + "=server"
	case tag.PolicyLine().Opens:
		return opens + "=acme.orders.v1.Orders"
	}
	return opens
}
