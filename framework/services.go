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

// linked are the methods of all services linked into the binary, sorted.
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
	slices.SortFunc(all, func(a, b knownMethod) int { return strings.Compare(a.full, b.full) })
	return all
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
