package framework

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/sluice-go/sluice/internal/method"
	"github.com/sluice-go/sluice/internal/tag"
)

// A known method is one that a server registered, or that is linked into a client's binary.
type knownMethod struct {
	full   string
	method Method
	kind   Kind
}

// registered are the methods of a server, sorted.
func registered(services map[string]grpc.ServiceInfo) ([]knownMethod, error) {
	var all []knownMethod
	var errs []error
	for _, service := range slices.Sorted(maps.Keys(services)) {
		for _, m := range services[service].Methods {
			full := "/" + service + "/" + m.Name
			parsed, err := ParseMethod(full)
			if err != nil {
				errs = append(errs, err)
				continue
			}
			all = append(all, knownMethod{full, parsed, kindOf(m.IsClientStream, m.IsServerStream)})
		}
	}
	slices.SortFunc(all, func(a, b knownMethod) int { return strings.Compare(a.full, b.full) })
	return all, errors.Join(errs...)
}

// linked are the methods of all services linked into the binary.
func linked() (all []knownMethod) {
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			s := f.Services().Get(i)
			for j := range s.Methods().Len() {
				m := s.Methods().Get(j)
				full := "/" + string(s.FullName()) + "/" + string(m.Name())
				if parsed, err := ParseMethod(full); err == nil {
					all = append(all, knownMethod{full, parsed, kindOf(m.IsStreamingClient(), m.IsStreamingServer())})
				}
			}
		}
		return true
	})
	return all
}

// A PatternMatch says whether a pattern of a declaration matches anything on one server. Declared for several, it
// has to on one of them.
type PatternMatch struct {
	Pattern string // as written
	Place   string // of the declaration
	Err     error  // what is wrong where it matches nothing; nil where it does, and where it may match nothing
	Linked  bool   // with Err: it matches a service that is linked into the binary, and that the server does not have
}

// checkPatterns tells of every pattern whether it matches, and refuses short ones that could mean two services.
func (c *chain) checkPatterns(known []knownMethod, where string) (matches []PatternMatch, err error) {
	var errs []error
	check := func(o origin, what, text string, patterns ...method.Pattern) {
		m := PatternMatch{Pattern: text, Place: o.String()}
		services := matchedServices(patterns, known)
		switch p := patterns[0]; {
		case len(services) == 0 && !p.Optional() && p.String() != "*":
			m.Linked = len(matchedServices(patterns, linked())) > 0
			m.Err = o.errorf(what, `pattern %q matches no method %s%s; write "?%s" where it may match none`, text, where, suggestion(p, known), text)
		case len(services) > 1 && p.Short() && len(patterns) == 1:
			errs = append(errs, o.errorf(what, "pattern %q could mean %q; write the service with its package", text, services))
		}
		matches = append(matches, m)
	}
	for _, l := range slices.Concat(c.links, c.absent) {
		for _, p := range l.allPatterns() {
			if !l.elsewhere && !l.echo {
				check(l.origin(p.at), fmt.Sprintf("link %q", l.name), p.text, p.Pattern)
			}
		}
	}
	for _, r := range c.book.rulings {
		check(origin{r.place, r.at}, r.what, r.text, r.patterns...)
	}
	for _, cover := range c.book.covered {
		for _, p := range cover.services {
			check(origin{cover.place, p.at}, "policy", p.text, p.Pattern)
		}
	}
	return matches, tag.Group(errs...)
}

// unmatched joins what is wrong with patterns.
func unmatched(matches []PatternMatch) error {
	errs := make([]error, len(matches))
	for i, m := range matches {
		errs[i] = m.Err
	}
	return tag.Group(errs...)
}

// suggestion is what a pattern may have meant: a method of its service, where there is such a one, else a service.
func suggestion(p method.Pattern, known []knownMethod) string {
	var methods []string
	for _, k := range known {
		if service := k.method.FullService(); service == p.Service() || p.Short() && strings.HasSuffix(service, "."+p.Service()) {
			methods = append(methods, p.Service()+"/"+k.method.Name)
		}
	}
	if len(methods) > 0 {
		return tag.DidYouMean(p.String(), methods)
	}
	return tag.DidYouMean(p.Service(), serviceNames(known))
}

func matchedServices(patterns []method.Pattern, known []knownMethod) []string {
	services := map[string]bool{}
	for _, k := range known {
		for _, p := range patterns {
			if p.Match(k.method.FullService(), k.method.Name) {
				services[k.method.FullService()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(services))
}

func serviceNames(known []knownMethod) []string {
	services := map[string]bool{}
	for _, k := range known {
		services[k.method.FullService()] = true
	}
	return slices.Sorted(maps.Keys(services))
}
