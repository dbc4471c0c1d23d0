package tagvet

import (
	"fmt"
	"strings"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// chain looks at a chain struct: at its tags as framework does at startup, and at what the types of its fields and the
// services of imported packages tell besides.
func (c *checker) chain(l *level) {
	l.dive()
	for _, inner := range l.groups() {
		c.reading(inner, inner.errs)
		c.untagged(inner)
	}
	for _, e := range l.startup(asLink) {
		c.startup(l, e)
	}
	items, _ := tag.ChainLine().Read(l.Struct, l.Line)
	services, scoped := items.Get("service")
	c.services(l, services)
	line := line{checker: c}
	if items.First.Value == framework.ClientSide.String() {
		line.side = framework.ClientSide
	}
	line.add(l, link{scoped: scoped})
	line.check()
}

// startup reports what framework says at startup.
func (c *checker) startup(l *level, e *framework.TagError) {
	in, v := l.find(e.Field, e.Tag)
	switch {
	case v == nil:
	case in != l && holdsLine(v):
		c.atType(in.outer, in.around, e.Problem) // a line inside, where it is none
	default:
		e.Problem = strings.ReplaceAll(e.Problem, asLink(in, v.Name(), v.Type()).String(), typeName(v.Type()))
		c.atText(in, v, e.Offset, e.Problem)
	}
}

// services looks at services that a struct's own line names.
func (c *checker) services(l *level, i tag.Item) {
	for _, w := range i.Words() {
		p, err := framework.ParsePattern(w.Text + "/*")
		if err != nil || p.Optional() {
			continue
		}
		if meant := c.known.meant(p); meant != "" {
			c.atText(l, l.variable(l.Line), w.Offset, fmt.Sprintf("no imported service is called %q; did you mean %q?", w.Text, meant))
		}
	}
}

// pattern looks at one pattern of a field.
func (c *checker) pattern(l *level, f *tag.Field, text string, offset int) {
	p, err := framework.ParsePattern(text)
	if err != nil {
		return // told by framework
	}
	if problem := c.known.unmatched(p); problem != "" {
		c.atText(l, l.variable(f), offset, problem)
	}
}
