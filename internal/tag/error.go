package tag

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An Error is one mistake in one tag.
type Error struct {
	Type    string // the struct: "app.ServerChain"
	Field   string // "Auth", or "Outer.Inner"; of a struct's own line the field that holds it, "_" or "In"; "" for the struct
	Tag     string // what the grpc key holds; "" where there is none
	Offset  int    // of the culprit in Tag, in bytes; -1 where nothing in it can be pointed at
	Problem string // what is wrong, and the cure
	Place   string // where the declaration was registered, "main.go:41"; "" for not yet known

	cause error
}

// Unwrap is the error that the mistake comes from, nil for none.
func (e *Error) Unwrap() error { return e.cause }

// Error gives the mistake under a heading that names struct and place, with the tag and a caret below the culprit.
func (e *Error) Error() string { return under(e.heading(), e) }

// At is the same mistake in a declaration that was registered at a place.
func (e *Error) At(place string) *Error {
	placed := *e
	placed.Place = place
	return &placed
}

// A heading is what mistakes of one declaration share.
type heading struct{ typ, place string }

func (e *Error) heading() heading { return heading{e.Type, e.Place} }

// under prints mistakes of one declaration.
func under(h heading, errs ...*Error) string {
	var b strings.Builder
	fmt.Fprintf(&b, "sluice: %d problem", len(errs))
	if len(errs) > 1 {
		b.WriteString("s")
	}
	fmt.Fprintf(&b, " in %s", h.typ)
	if h.place != "" {
		fmt.Fprintf(&b, " (%s)", h.place)
	}
	for _, e := range errs {
		e.print(&b)
	}
	return b.String()
}

func (e *Error) print(b *strings.Builder) {
	b.WriteString("\n  ")
	if e.Field != "" {
		b.WriteString(e.Field + ": ")
	}
	b.WriteString(e.Problem)
	if e.Tag == "" {
		return
	}
	const key = "    grpc:"
	b.WriteString("\n" + key + strconv.Quote(e.Tag))
	if e.Offset >= 0 {
		before := strconv.Quote(e.Tag[:min(e.Offset, len(e.Tag))])
		b.WriteString("\n" + strings.Repeat(" ", len(key)+utf8.RuneCountInString(before)-1) + "^")
	}
}
