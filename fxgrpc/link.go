package fxgrpc

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
)

// A link is what one declaration adds to a chain, on its way through a value group.
type link struct {
	declaration
	name     string // what framework will call it
	index    int    // among the links of its declaration
	part     framework.Part
	fallback bool // yields to a link of the same name
}

func newLink(d declaration, part framework.Part) *link {
	return &link{declaration: d, name: framework.PartName(part), part: part}
}

// everyLink is the group of the links for all servers, or all clients; linksOf of those that name one. A client has a
// group of its own so that its stub needs nothing but the links aimed at it.
func everyLink(side framework.Side) string { return "fxgrpc.links." + side.String() + "s" }

func linksOf(side framework.Side, name string) string {
	return "fxgrpc.links." + side.String() + "." + name
}

// groupTag, nameTag and optionalTag are tags for fx.
func groupTag(group string) string { return fmt.Sprintf("group:%q", group) }

func nameTag(name string) string {
	if name == "" {
		return ""
	}
	return fmt.Sprintf("name:%q", name)
}

func optionalTag(name string) string { return strings.TrimSpace(nameTag(name) + ` optional:"true"`) }

// feeding puts ready links into the groups of a scope.
func feeding(s scope, links ...*link) fx.Option {
	var feeds []any
	for _, group := range s.groups() {
		for _, l := range links {
			feeds = append(feeds, fx.Annotated{Group: group, Target: func() *link { return l }})
		}
	}
	return fx.Provide(feeds...)
}

// An aim is a declaration with its scope, for the Plan to find names that are none. It depends on nothing.
type aim struct {
	declaration
	scope
}

const aimsGroup = "fxgrpc.aims"

func aimed(d declaration, s scope) fx.Option {
	return fx.Provide(fx.Annotated{Group: aimsGroup, Target: func() aim { return aim{declaration: d, scope: s} }})
}

// ordered sorts links by name, then place, so that shuffled groups make one chain, and leaves out the fallbacks that a
// declared link replaces. Links that can not be told apart are refused.
func ordered(links []*link) (kept []*link, err error) {
	links = slices.SortedFunc(slices.Values(links), compareLinks)
	var errs []error
	for i, l := range links {
		if i > 0 && compareLinks(links[i-1], l) == 0 {
			errs = append(errs, l.errorf("two links declared here are called %q, and nothing says which is first; give each a framework.Name", l.name))
		}
		if !l.fallback || !slices.ContainsFunc(links, l.replacedBy) {
			kept = append(kept, l)
		}
	}
	return kept, errors.Join(errs...)
}

// parts are the parts of links for the chain of a server or client of that name.
func parts(links []*link, name string) []framework.Part {
	all := []framework.Part{framework.Target(name)}
	for _, l := range links {
		all = append(all, l.part)
	}
	return all
}

func (l *link) replacedBy(other *link) bool { return !other.fallback && other.name == l.name }

func compareLinks(a, b *link) int {
	return cmp.Or(
		cmp.Compare(a.name, b.name),
		a.compare(b.declaration),
		cmp.Compare(a.index, b.index),
	)
}
