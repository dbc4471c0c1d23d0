package framework

import (
	"errors"
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

// checkPatterns refuses patterns that match none of the methods, and short ones that could mean two services.
func (c *chain) checkPatterns(known []knownMethod, where string) error {
	var errs []error
	for _, l := range c.links {
		for _, p := range slices.Concat(l.on, l.except) {
			services := matchedServices(p, known)
			switch {
			case len(services) == 0 && !p.Optional() && p.String() != "*":
				errs = append(errs, l.errorf(`pattern %q matches no method %s%s; write "?%s" where it may match none`,
					p, where, suggestion(p, known), p))
			case len(services) > 1 && p.Short():
				errs = append(errs, l.errorf("pattern %q could mean %q; write the service with its package", p, services))
			}
		}
	}
	return errors.Join(errs...)
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

func matchedServices(p method.Pattern, known []knownMethod) []string {
	services := map[string]bool{}
	for _, k := range known {
		if p.Match(k.method.FullService(), k.method.Name) {
			services[k.method.FullService()] = true
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
