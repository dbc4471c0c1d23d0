package framework

import (
	"fmt"
	"strings"

	"github.com/sluice-go/sluice/internal/method"
	"github.com/sluice-go/sluice/internal/tag"
)

// A TagError is one mistake in one tag of a declared struct: type, field, tag and the byte in it, and where the struct
// was declared. Its text points at the byte. A chain's error holds one for each mistake; errors.As finds the first.
type TagError = tag.Error

// An origin says where a declaration, or one word of it, stands: in a struct's tag, or at a place in code.
type origin struct {
	place string        // "main.go:41"
	at    *tag.Position // nil: in code
}

// errorf is an error about what stands there; what says it where no tag does.
func (o origin) errorf(what, format string, args ...any) error {
	err := fmt.Errorf(format, args...)
	if o.at == nil {
		return fmt.Errorf("framework: %s (%s): %w", what, o.place, err)
	}
	at := *o.at
	at.Place = o.place
	return at.Errorf("%w", err)
}

// String is "main.go:41", or "app.ServerChain.Auth (main.go:41)"; without the field for a struct's own line on a blank one.
func (o origin) String() string {
	switch {
	case o.at == nil:
		return o.place
	case o.at.Field == "_":
		return fmt.Sprintf("%s (%s)", o.at.Type, o.place)
	}
	return fmt.Sprintf("%s.%s (%s)", o.at.Type, o.at.Field, o.place)
}

// A word is a name in a declaration; at is where it stands in a tag, nil in code.
type word struct {
	text string
	at   *tag.Position
	own  bool // of the interceptor's own Placement
}

func words(texts []string) []word {
	all := make([]word, len(texts))
	for i, t := range texts {
		all[i].text = t
	}
	return all
}

// name is the word without the mark of one that may be missing.
func (w word) name() string { return strings.TrimPrefix(w.text, "?") }

// optional reports whether what the word names may be missing.
func (w word) optional() bool { return strings.HasPrefix(w.text, "?") }

// A scoped is a pattern in a declaration, and the text of it.
type scoped struct {
	method.Pattern
	word
}

func (s scoped) String() string { return s.text }
