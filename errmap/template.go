package errmap

import (
	"strings"

	"github.com/sluice-go/sluice/internal/tag"
)

// A template is the message of a declaration, with fields in it.
type template []segment

// A segment is a text, or a field where that is not negative.
type segment struct {
	text  string
	field int
}

// render puts the texts of fields in.
func (t template) render(texts []text) string {
	if len(t) == 1 && t[0].field < 0 {
		return t[0].text
	}
	var b strings.Builder
	size := 0
	for _, s := range t {
		if size += len(s.text); s.field >= 0 {
			size += len(texts[s.field].value)
		}
	}
	b.Grow(size)
	for _, s := range t {
		if b.WriteString(s.text); s.field >= 0 {
			b.WriteString(texts[s.field].value)
		}
	}
	return b.String()
}

// template reads the message of a struct's line. {{ is a brace.
func (r *declarationReader) template(line *lineItem) (t template) {
	rest := line.Value
	for rest != "" {
		text, after, found := strings.Cut(rest, "{")
		t = t.literal(text)
		if !found {
			break
		}
		at := line.At(len(line.Value) - len(after) - 1)
		if strings.HasPrefix(after, "{") {
			t = t.literal("{")
			rest = after[1:]
			continue
		}
		name, tail, closed := strings.Cut(after, "}")
		if !closed {
			r.errorf(line.of, line.field, at, `"{" begins the name of a field and no "}" ends it; write {Field}, or {{ for a brace`)
			return nil
		}
		t = append(t, segment{field: r.named(line, at, name)})
		rest = tail
	}
	return t
}

// literal adds a text, to the last segment if that is one.
func (t template) literal(text string) template {
	if text == "" {
		return t
	}
	if n := len(t); n > 0 && t[n-1].field < 0 {
		t[n-1].text += text
		return t
	}
	return append(t, segment{text, -1})
}

// named is the field that a message names. It has to be sent: what the client may not see it does not read either.
func (r *declarationReader) named(line *lineItem, at int, name string) int {
	var sent []string
	for i, f := range r.d.fields {
		switch {
		case f.name == name && f.codec != nil && f.sent:
			return i
		case f.codec != nil && f.sent:
			sent = append(sent, f.name)
		}
	}
	switch f := r.field(name); {
	case r.broken[name]:
	case f != nil && f.sent:
		r.errorf(line.of, line.field, at, "message names {%s}, which has no text of its own; drop it from the message", name)
	case f != nil || r.hasField(name):
		r.errorf(line.of, line.field, at, "message names {%s}, which is not sent; add metadata to the field, or drop it from the message", name)
	default:
		r.errorf(line.of, line.field, at, "message names {%s}, which is no field%s", name, tag.DidYouMean(name, sent))
	}
	return -1
}
