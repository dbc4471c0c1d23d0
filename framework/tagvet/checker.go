package tagvet

import (
	"fmt"
	"go/types"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// A checker looks at the structs of one package.
type checker struct {
	*source
	pass  *analysis.Pass
	keys  []framework.AnyKey
	known *known
	found map[saying]analysis.Diagnostic // once each: a struct inside of two others is read twice
}

// structs looks at all structs of the package, and at the calls that take one.
func (c *checker) structs() {
	for _, typ := range c.declared {
		if mentionsKey(typ) {
			c.structType(newLevel(typ))
		}
	}
	for _, u := range c.uses {
		c.use(u)
	}
	c.tell()
}

// mentionsKey reports whether a tag of a struct may have our key, spelt right or wrong.
func mentionsKey(typ *types.Struct) bool {
	for i := range typ.NumFields() {
		raw := typ.Tag(i)
		if _, ok := misspeltKey(raw); ok || strings.Contains(raw, ownKey) {
			return true
		}
	}
	return false
}

// misspeltKey is the pair of a raw tag whose key was likely meant to be ours.
func misspeltKey(raw string) (pair, bool) {
	all := pairs(raw)
	i := slices.IndexFunc(all, func(p pair) bool {
		return p.key != ownKey && (tag.Distance(p.key, ownKey) <= 2 || strings.EqualFold(p.key, ownKey))
	})
	if i < 0 {
		return pair{}, false
	}
	return all[i], true
}

// structType finds out whether a struct is a declaration, and looks at it. Other libraries have a key of our name, too: no
// struct is ours that does not say so, or has fields that nobody else has.
func (c *checker) structType(l *level) {
	first := ""
	if l.Line != nil {
		first = l.Line.Tag.First().Name
	}
	k, isOurs := opened(first)
	meant, isMeant := almostOpened(first)
	switch {
	case isOurs:
		c.declaration(l, k)
	case isMeant:
		c.reading(l, l.errs)
		_, errs := meant.line.Read(l.Struct, l.Line)
		c.reading(l, errs)
	case c.misspeltLine(l):
	case hasMisreadLine(l):
		c.reading(l, l.errs)
	case l.Line == nil:
		c.lineless(l)
	default:
		c.twice(l)
	}
}

// misspeltLine reports a struct's own line that stands beside another key.
func (c *checker) misspeltLine(l *level) bool {
	for i := range l.typ.NumFields() {
		v := l.typ.Field(i)
		p, ok := misspeltKey(l.typ.Tag(i))
		parsed, _ := tag.Parse(p.value())
		if _, opens := opened(parsed.First().Name); ok && opens && holdsLine(v) && l.Line == nil {
			c.atKey(l, v, p, fmt.Sprintf("the struct's own line has the key %q (did you mean %q?)", p.key, ownKey))
			return true
		}
	}
	return false
}

// misreadLine matches the raw tag of a line that reflect or the grammar can not read, and that was meant for ours.
var misreadLine = regexp.MustCompile(`\b` + ownKey + `\W{1,4}(` + strings.Join(openers(), "|") + `)\b`)

func hasMisreadLine(l *level) bool {
	for i := range l.typ.NumFields() {
		if holdsLine(l.typ.Field(i)) && misreadLine.MatchString(l.typ.Tag(i)) {
			return true
		}
	}
	return false
}

// lineless reports a struct that is surely meant for a declaration, and does not say of what. One with interceptors may
// well be a part of a chain of another package.
func (c *checker) lineless(l *level) {
	opens := ""
	for i := range l.Fields {
		f := &l.Fields[i]
		switch t := l.variable(f).Type(); {
		case f.Tagged && isRule(t):
			opens = tag.PolicyLine().Opens
		case f.Tagged && (implements(t) || isList(t)) && c.isWhole(l.typ):
			opens = tag.ChainLine().Opens
		}
	}
	if opens == "" {
		c.twice(l)
		return
	}
	c.noLine(c.nodes[l.typ], l, exampleOf(opens))
	c.reading(l, l.errs)
}

// isWhole reports whether no other struct can hold a struct: none here does, and other packages do not see it.
func (c *checker) isWhole(typ *types.Struct) bool {
	name := c.names[typ]
	hidden := name != nil && (!name.Exported() || name.Parent() != c.pass.Pkg.Scope() || c.pass.Pkg.Name() == "main")
	return hidden && !c.inside[typ]
}

// twice reports our key where it stands twice in a tag, whoever's struct it is: reflect reads the first.
func (c *checker) twice(l *level) {
	for i := range l.typ.NumFields() {
		if len(ownPairs(l.typ.Tag(i))) < 2 {
			continue
		}
		for _, e := range l.errs {
			if e.Field == l.typ.Field(i).Name() && e.Offset < 0 {
				c.reading(l, []*tag.Error{e})
				break
			}
		}
	}
}

// declaration looks at a struct that says what it is.
func (c *checker) declaration(l *level, k kind) {
	c.reading(l, l.errs)
	switch k.line.Opens {
	case tag.ChainLine().Opens:
		c.untagged(l)
		c.chain(l)
	case tag.PolicyLine().Opens:
		c.untagged(l)
		c.policy(l)
	case tag.HeadersLine().Opens:
		c.untagged(l)
		c.roles(l, k)
	default: // what the table does not say is whether fields may be without a tag
		c.roles(l, k)
	}
}

// roles reads the tags of a struct against the table alone.
func (c *checker) roles(l *level, k kind) {
	_, errs := k.line.Read(l.Struct, l.Line)
	c.reading(l, errs)
	for i := range l.Fields {
		_, errs := k.field.Read(l.Struct, &l.Fields[i])
		c.reading(l, errs)
	}
}

// untagged reports fields without a tag.
func (c *checker) untagged(l *level) {
	for _, e := range l.Untagged() {
		_, v := l.find(e.Field, "")
		if p, ok := misspeltKey(l.raw(v)); ok {
			c.atKey(l, v, p, e.Problem)
		} else {
			c.atName(l, v, e.Problem)
		}
	}
}
