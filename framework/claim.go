package framework

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/sluice-go/sluice/internal/method"
	"github.com/sluice-go/sluice/internal/tag"
)

// A PatternMatch says whether a pattern of a declaration matches anything on one server. Declared for several, it
// has to on one of them.
type PatternMatch struct {
	Pattern string // as written
	Place   string // of the declaration
	Err     error  // what is wrong where it matches nothing; nil where it does, and where it may match nothing
	Linked  bool   // with Err: it matches a service that is linked into the binary, and that the server does not have
}

// A claim is what a declaration says there is: methods, or a service.
type claim struct {
	origin
	what     string // says it, where no tag does
	form     claimForm
	text     string           // as written
	patterns []method.Pattern // that of each service of a policy
}

type claimForm uint8

const (
	aPattern claimForm = iota
	aService
	aMethod // of a policy's services
)

// claims are what the chain's declarations say there is, each once: what a struct's line says is said by each of its links.
func (c *chain) claims() (all []claim) {
	seen := map[PatternMatch]bool{}
	add := func(d claim) {
		if m := (PatternMatch{Pattern: d.text, Place: d.String()}); !seen[m] {
			seen[m] = true
			all = append(all, d)
		}
	}
	for _, l := range slices.Concat(c.links, c.absent) {
		if l.elsewhere || l.echo {
			continue
		}
		for _, p := range slices.Concat(slices.Concat(l.on...), l.except) {
			add(claim{l.origin(p.at), fmt.Sprintf("link %q", l.name), aPattern, p.text, []method.Pattern{p.Pattern}})
		}
		for _, p := range l.layer.services {
			add(claim{l.origin(p.at), fmt.Sprintf("link %q", l.name), aService, p.text, []method.Pattern{p.Pattern}})
		}
	}
	for _, r := range c.book.rulings {
		form := aPattern
		if r.ofServices {
			form = aMethod
		}
		if r.absent == "" {
			add(claim{origin{r.place, r.at}, r.what, form, r.text, r.patterns})
		}
	}
	for _, cover := range c.book.covered {
		for _, p := range cover.services {
			add(claim{origin{cover.place, p.at}, "policy", aService, p.text, []method.Pattern{p.Pattern}})
		}
	}
	return all
}

// checkPatterns tells of every pattern whether it matches, and refuses short ones that could mean two services.
func (c *chain) checkPatterns(known []knownMethod, where string) (matches []PatternMatch, err error) {
	var errs []error
	elsewhere := sync.OnceValue(linked)
	for _, d := range c.claims() {
		m := PatternMatch{Pattern: d.text, Place: d.String()}
		services := matchedServices(d.patterns, known)
		switch p := d.patterns[0]; {
		case d.form == aMethod && !servesAny(d.patterns, known):
			continue // of a service that is missing, the policy's line tells
		case len(services) == 0 && !p.Optional() && p.String() != "*":
			m.Linked = len(matchedServices(d.patterns, elsewhere())) > 0
			m.Err = d.errorf(d.what, "%s", d.missing(known, where))
		case len(services) > 1 && p.Short() && d.form != aMethod:
			errs = append(errs, d.errorf(d.what, "%s %q could mean %q; write the service with its package", d.form, d.text, services))
		}
		matches = append(matches, m)
	}
	return matches, tag.Group(errs...)
}

// String is what a form is called.
func (f claimForm) String() string { return [...]string{"pattern", "service", "method"}[f] }

// missing says that what is claimed is not there, and what else is.
func (d claim) missing(known []knownMethod, where string) string {
	p := d.patterns[0]
	switch d.form {
	case aService:
		return fmt.Sprintf(`service %q is none %s%s; write "?%[1]s" where it may be missing`,
			d.text, where, tag.DidYouMean(p.Service(), serviceNames(known)))
	case aMethod:
		return fmt.Sprintf(`pattern %q matches no method of the policy's services%s; write "?%[1]s" where it may match none`,
			d.text, tag.DidYouMean(d.text, methodsOf(d.patterns, known)))
	}
	return fmt.Sprintf(`pattern %q matches no method %s%s; write "?%[1]s" where it may match none`, d.text, where, suggestion(p, known))
}

// suggestion is what a pattern may have meant: a method of its service, where there is such a one, else a service.
func suggestion(p method.Pattern, known []knownMethod) string {
	methods := methodsOf([]method.Pattern{p}, known)
	if len(methods) == 0 {
		return tag.DidYouMean(p.Service(), serviceNames(known))
	}
	for i := range methods {
		methods[i] = p.Service() + "/" + methods[i]
	}
	return tag.DidYouMean(p.String(), methods)
}

// servesAny reports whether the services of patterns have any method.
func servesAny(patterns []method.Pattern, known []knownMethod) bool {
	return len(methodsOf(patterns, known)) > 0
}

// methodsOf are the names of all methods of the services that patterns name.
func methodsOf(patterns []method.Pattern, known []knownMethod) (names []string) {
	for _, k := range known {
		service := k.method.FullService()
		named := slices.ContainsFunc(patterns, func(p method.Pattern) bool {
			return service == p.Service() || p.Short() && strings.HasSuffix(service, "."+p.Service())
		})
		if named && !slices.Contains(names, k.method.Name) {
			names = append(names, k.method.Name)
		}
	}
	return names
}

// unmatched joins what is wrong with patterns.
func unmatched(matches []PatternMatch) error {
	errs := make([]error, len(matches))
	for i, m := range matches {
		errs[i] = m.Err
	}
	return tag.Group(errs...)
}
