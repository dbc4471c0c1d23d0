package framework

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-go/sluice/internal/method"
	"github.com/sluice-go/sluice/internal/tag"
)

// Inheritance says how the links of a service stand to those of the whole chain. The zero value is InheritOuter.
type Inheritance string

// The ways to inherit.
const (
	InheritOuter Inheritance = "outer" // inside of all of them, whatever the stages
	InheritStage Inheritance = "stage" // among them, by stage
	InheritNone  Inheritance = "none"  // in their place: the service has none of them
)

var inheritances = []string{string(InheritOuter), string(InheritStage), string(InheritNone)}

// A layer is the services that a link is for alone, and what these keep of the links of the whole chain.
type layer struct {
	services  []scoped
	inherit   Inheritance // "" for not said
	inheritAt *tag.Position
	without   []word
}

// ForService keeps the link to services, "pkg.Service" or "Service" where one ends so, in a layer of their own: by
// default inside of all links of the whole chain, see Inherit. Each must be a service of the server, unless written
// "?pkg.Service".
func ForService(services ...string) LinkOption {
	return linkOption(func(d *declaration) { d.forServices("ForService: ", words(services)) })
}

func (d *declaration) forServices(prefix string, services []word) {
	for _, w := range services {
		p, err := method.ParsePattern(w.text + "/*")
		if err != nil || p.Service() == "" {
			d.problem(w.at, "%sservice %q: write it with its package, as in \"acme.orders.v1.Orders\"", prefix, w.text)
			continue
		}
		d.layer.services = append(d.layer.services, scoped{p, w})
	}
}

// Inherit says how the link, which is one of ForService, stands to those of the whole chain. All links of a service
// that say it must say the same.
func Inherit(how Inheritance) LinkOption {
	return linkOption(func(d *declaration) {
		if !slices.Contains(inheritances, string(how)) {
			d.problem(nil, "Inherit: unknown way %q%s", how, tag.Suggest(string(how), inheritances))
		}
		d.layer.inherit = how
	})
}

// WithoutLinks leaves links of the whole chain out for the services of ForService, by name. An unknown name is an error,
// unless written "?name".
func WithoutLinks(names ...string) LinkOption {
	return linkOption(func(d *declaration) { d.layer.without = append(d.layer.without, words(names)...) })
}

// loose refuses what only means something beside services.
func (l *link) loose() (errs []error) {
	if len(l.layer.services) > 0 {
		return nil
	}
	if l.layer.inherit != "" {
		errs = append(errs, l.errorAt(l.layer.inheritAt, "what is inherited is said, and not for which services; say %s", l.option("ForService", "service=")))
	}
	for _, w := range l.layer.without {
		errs = append(errs, l.errorAt(w.at, "%q is to be left out, and it is not said for which services; say %s",
			w.text, l.option("ForService", "service=")))
	}
	return errs
}

// serves reports whether the link is for services alone, and for this one.
func (l *link) serves(service string) bool {
	return slices.ContainsFunc(l.layer.services, func(s scoped) bool { return s.Match(service, "") })
}

// A lineup is the links that a service's methods can have, in order, and why the others are not among them.
type lineup struct {
	links  []*link
	absent []*link // with the reason
}

// lineup is the one of a service. It is made once for each.
func (c *chain) lineup(service string) (*lineup, error) {
	if made, ok := c.lineups[service]; ok {
		return made, nil
	}
	made, err := c.arrange(func(l *link) bool { return l.serves(service) })
	if err == nil && len(c.lineups) < maxLateLines {
		c.lineups[service] = made
	}
	return made, err
}

// arrange makes the lineup of a service of which only is known which links are for it.
func (c *chain) arrange(own func(*link) bool) (*lineup, error) {
	var global, layered []*link
	made := &lineup{absent: slices.Clone(c.absent)}
	for _, l := range c.links {
		switch {
		case len(l.layer.services) == 0:
			global = append(global, l)
		case own(l):
			layered = append(layered, l)
		default:
			made.absent = append(made.absent, l.away("it is for %s", join(l.layer.services)))
		}
	}
	how, errs := inheritance(layered)
	kept, err := c.inherited(global, layered, how, made)
	together := append(kept, deepened(layered, how)...)
	errs = append(errs, err, twins(together))
	if err := tag.Group(errs...); err != nil {
		_, more := edges(together, c.names)
		return nil, tag.Group(err, more)
	}
	made.links, err = sortLinks(together, c.names)
	return made, err
}

// inheritance is what a service's links say of it, which must be one thing.
func inheritance(layered []*link) (how Inheritance, errs []error) {
	how = InheritOuter
	var first *link
	for _, l := range layered {
		switch {
		case l.layer.inherit == "":
		case first == nil:
			first, how = l, l.layer.inherit
		case how != l.layer.inherit:
			errs = append(errs, l.errorAt(l.layer.inheritAt, "it inherits %q, and link %q (%s) of the same service %q; let them say the same",
				l.layer.inherit, first.name, first.declaration, how))
		}
	}
	return how, errs
}

// inherited are the links of the whole chain that a service keeps.
func (c *chain) inherited(global, layered []*link, how Inheritance, made *lineup) (kept []*link, err error) {
	out := map[string]*link{}
	var errs []error
	for _, l := range layered {
		for _, w := range l.layer.without {
			out[w.name()] = l
			if !w.optional() && !c.inherits(w.text) {
				errs = append(errs, l.errorAt(w.at, `%q is to be left out, and is no link of the whole chain%s; write "?%s" where it may be missing`,
					w.text, tag.DidYouMean(w.text, named(global)), w.text))
			}
		}
	}
	for _, l := range global {
		switch {
		case how == InheritNone:
			made.absent = append(made.absent, l.away("%q inherits none", layered[0].name))
		case out[l.name] != nil:
			made.absent = append(made.absent, l.away("%q is without it", out[l.name].name))
		default:
			kept = append(kept, l)
		}
	}
	return kept, tag.Group(errs...)
}

// inherits reports whether a name is that of a link of the whole chain, which may be absent.
func (c *chain) inherits(name string) bool {
	whole := func(l *link) bool { return l.name == name && len(l.layer.services) == 0 }
	return slices.ContainsFunc(c.links, whole) || slices.ContainsFunc(c.absent, whole)
}

// away is the link with a reason for which it is in no line.
func (l *link) away(format string, args ...any) *link {
	gone := *l.declaration
	gone.absent = fmt.Sprintf(format, args...)
	copied := *l
	copied.declaration = &gone
	return &copied
}

// deeper is what the ranks of a service's own links are raised by.
const deeper = 1 << 10

// deepened puts links of a service inside of all others, unless they stand among these.
func deepened(layered []*link, how Inheritance) []*link {
	deep := make([]*link, len(layered))
	for i, l := range layered {
		copied := *l
		if how != InheritStage {
			copied.rank += deeper
		}
		deep[i] = &copied
	}
	return deep
}

// twins refuses a name that a line would have twice.
func twins(links []*link) error {
	var errs []error
	first := map[string]*link{}
	for _, l := range links {
		if f := first[l.name]; f != nil {
			errs = append(errs, l.errorf("the name is taken by the one at %s; give one of them another%s", f.declaration, l.option(" with Name", "")))
			continue
		}
		first[l.name] = l
	}
	return tag.Group(errs...)
}

func named(links []*link) []string {
	names := make([]string, len(links))
	for i, l := range links {
		names[i] = l.name
	}
	return names
}

// String is what the tags of a struct's line say.
func (l layer) String() string {
	text := "service=" + join(l.services)
	if l.inherit != "" {
		text += " inherit=" + string(l.inherit)
	}
	if len(l.without) > 0 {
		texts := make([]string, len(l.without))
		for i, w := range l.without {
			texts[i] = w.text
		}
		text += " without=" + strings.Join(texts, " ")
	}
	return text
}
