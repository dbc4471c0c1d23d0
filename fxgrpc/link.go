package fxgrpc

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
)

// A link is what one declaration adds to a chain, on its way through a value group: one link of it, or what a struct or
// a policy says.
type link struct {
	declaration
	name     string // what framework will call it; of a struct its type
	index    int    // among the links of its declaration
	part     framework.Part
	holds    []framework.PartLink
	placed   bool // by options of its own
	fallback bool // yields to a link of the same name
}

func newLink(d declaration, part framework.Part) *link {
	l := &link{declaration: d, part: framework.DeclaredAt(d.place, part), holds: framework.PartLinks(part)}
	if len(l.holds) == 1 {
		l.name = l.holds[0].Name
	}
	return l
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

// ordered sorts links by name, then place, so that shuffled groups make one chain. It leaves out the fallbacks that a
// declared link replaces, and provided links that a field of a struct places. Links that can not be told apart are refused.
func ordered(links []*link) (kept []*link, err error) {
	links = slices.SortedFunc(slices.Values(links), compareLinks)
	var errs []error
	for i, l := range links {
		if i > 0 && len(l.holds) > 0 && compareLinks(links[i-1], l) == 0 { // rules and conditions need no order
			errs = append(errs, l.errorf("two links declared here are called %q, and nothing says which is first; give each a framework.Name", l.name))
		}
		field, held := l.held(links)
		if held && l.placed {
			errs = append(errs, l.errorf("%s holds the interceptor and places it; say in its tag what the options say, and leave them out", field))
		}
		if !held && (!l.fallback || !slices.ContainsFunc(links, l.replacedBy)) {
			kept = append(kept, l)
		}
	}
	return kept, errors.Join(errs...)
}

// held reports whether a field of a struct holds the link's interceptor, and which.
func (l *link) held(links []*link) (field string, ok bool) {
	if len(l.holds) != 1 || l.holds[0].Field != "" || !isPointer(l.holds[0].Interceptor) {
		return "", false
	}
	for _, other := range links {
		for _, one := range other.holds {
			if one.Field != "" && isPointer(one.Interceptor) && one.Interceptor == l.holds[0].Interceptor {
				return one.Field, true
			}
		}
	}
	return "", false
}

// isPointer reports whether two values of the type are the same where they are equal.
func isPointer(i framework.Interceptor) bool {
	return i != nil && reflect.TypeOf(i).Kind() == reflect.Pointer
}

// parts are the parts of links for the chain of a server or client of that name.
func parts(links []*link, name string) []framework.Part {
	all := []framework.Part{framework.Target(name)}
	for _, l := range links {
		all = append(all, l.part)
	}
	return all
}

// replacedBy reports whether another declaration has a link of the same name, for all services.
func (l *link) replacedBy(other *link) bool {
	return !other.fallback && slices.ContainsFunc(other.holds, func(one framework.PartLink) bool {
		return one.Name == l.name && !one.ForServices
	})
}

func compareLinks(a, b *link) int {
	return cmp.Or(
		cmp.Compare(a.name, b.name),
		a.compare(b.declaration),
		cmp.Compare(a.index, b.index),
	)
}
