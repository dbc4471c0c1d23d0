package fxgrpc

import (
	"cmp"
	"errors"
	"slices"

	"google.golang.org/grpc"
)

// A registration is what a service's function registers, kept to be looked at: grpc.Server ends the process over a
// service that it has already.
type registration struct {
	*service
	desc           *grpc.ServiceDesc
	implementation any
}

// A registrar collects registrations.
type registrar struct {
	service *service
	found   []registration
}

// RegisterService implements grpc.ServiceRegistrar.
func (r *registrar) RegisterService(desc *grpc.ServiceDesc, implementation any) {
	r.found = append(r.found, registration{r.service, desc, implementation})
}

// register puts services on the server and has the chain checked against them. A server that got none is left to
// what the app registers itself, and is checked when it starts.
func (s *server) register(services []*service) error {
	if s.err != nil {
		return s.err
	}
	var all []registration
	for _, one := range services {
		all = append(all, s.registrations(one)...)
	}
	slices.SortFunc(all, compareRegistrations)
	if err := s.registerAll(all); err != nil || len(all) == 0 {
		return err
	}
	return s.bind()
}

func (s *server) registrations(one *service) []registration {
	r := registrar{service: one}
	one.register(s, &r)
	return r.found
}

// compareRegistrations sorts by name, and puts last what yields.
func compareRegistrations(a, b registration) int {
	return cmp.Or(
		cmp.Compare(a.desc.ServiceName, b.desc.ServiceName),
		compareBools(a.fallback, b.fallback),
		comparePlaces(a.place, b.place),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (s *server) registerAll(all []registration) error {
	var errs []error
	for i, r := range all {
		_, there := s.grpc.GetServiceInfo()[r.desc.ServiceName]
		switch {
		case there && r.fallback:
		case there && i > 0 && all[i-1].desc.ServiceName == r.desc.ServiceName:
			errs = append(errs, r.errorf("%s has %s already, from the one at %s; leave one out, or aim them with fxgrpc.OnServers",
				s.what, r.desc.ServiceName, all[i-1].place))
		case there:
			errs = append(errs, r.errorf("%s has %s already: the app registered it itself; leave one out", s.what, r.desc.ServiceName))
		default:
			s.grpc.RegisterService(r.desc, r.implementation)
			s.adoptHealth(r.implementation)
		}
	}
	return errors.Join(errs...)
}

// bind checks the chain against the services that there are by now, and compiles every method.
func (s *server) bind() error {
	info := s.grpc.GetServiceInfo()
	if len(info) == s.bound {
		return nil
	}
	s.bound = len(info)
	matches, err := s.chain.BindMatched(info)
	s.matches = matches
	return err
}
