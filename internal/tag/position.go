package tag

import (
	"errors"
	"fmt"
)

// A Position is a place in a tag, for mistakes found when the tag has long been read: a pattern that matches no
// method. Its fields are those of Error.
type Position struct {
	Type, Field, Tag string
	Offset           int
	Place            string
}

// Errorf is a mistake at the position. What %w wraps errors.Is and errors.As find.
func (p Position) Errorf(format string, args ...any) *Error {
	err := fmt.Errorf(format, args...)
	return &Error{
		Type: p.Type, Field: p.Field, Tag: p.Tag, Offset: p.Offset,
		Problem: err.Error(), Place: p.Place, cause: errors.Unwrap(err),
	}
}

// To is another byte of the same tag.
func (p Position) To(offset int) Position {
	p.Offset = offset
	return p
}
