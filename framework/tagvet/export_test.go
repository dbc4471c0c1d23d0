package tagvet

// Place is where a byte of a Go string stands in the literal.
func Place(quoted string, index int) int { return place(quoted, index) }

// OwnValue is what our key of a raw tag holds.
func OwnValue(raw string) (string, bool) {
	own := ownPairs(raw)
	if len(own) == 0 {
		return "", false
	}
	return own[0].value(), true
}
