package tag

import (
	"strings"
	"unicode"
)

// A Tag is what the key grpc holds, read.
type Tag struct{ Items []Item }

// An Item is one name, or one name with its value. The zero Item has neither.
type Item struct {
	Name     string
	Value    string // without the quotes
	HasValue bool
	Offset   int // of the name, in the tag's text

	start  int // of the value, in the tag's text; past the opening quote
	quoted bool
}

// A Word is a part of a value that is a list.
type Word struct {
	Text   string
	Offset int // in the tag's text
}

// First is what the tag says first, the zero Item where it says nothing.
func (t Tag) First() Item {
	if len(t.Items) == 0 {
		return Item{}
	}
	return t.Items[0]
}

// String is the tag in its one spelling: no spaces around items, quotes only where they are needed.
func (t Tag) String() string {
	items := make([]string, len(t.Items))
	for i, item := range t.Items {
		items[i] = item.String()
	}
	return strings.Join(items, ",")
}

// String is the item in its one spelling.
func (i Item) String() string {
	switch {
	case !i.HasValue:
		return i.Name
	case needsQuotes(i.Value):
		return i.Name + "='" + strings.ReplaceAll(i.Value, "'", "''") + "'"
	}
	return i.Name + "=" + i.Value
}

func needsQuotes(value string) bool {
	return strings.ContainsAny(value, special) || strings.Trim(value, " ") != value ||
		strings.ContainsFunc(value, unprintable)
}

func unprintable(r rune) bool { return !unicode.IsPrint(r) }

// At is where byte index of the value stands in the tag's text, where a quote takes two bytes. Of an item without a
// value it is where the name stands.
func (i Item) At(index int) int {
	switch {
	case !i.HasValue:
		return i.Offset
	case i.quoted:
		return i.start + index + strings.Count(i.Value[:index], "'")
	}
	return i.start + index
}

// Words is the value as a list.
func (i Item) Words() []Word {
	var words []Word
	for at := 0; at < len(i.Value); at++ {
		text, _, _ := strings.Cut(i.Value[at:], " ")
		if text != "" {
			words = append(words, Word{text, i.At(at)})
			at += len(text)
		}
	}
	return words
}
