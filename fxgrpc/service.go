package fxgrpc

import (
	"reflect"

	"go.uber.org/fx"
	"google.golang.org/grpc"
)

const servicesGroup = "fxgrpc.services"

// A ServiceOption is an option of [Service]: [From], [OnServers], [As].
type ServiceOption interface{ service(s *serviceSpec) }

type serviceOption func(s *serviceSpec)

func (o serviceOption) service(s *serviceSpec) { o(s) }

// Service declares a service by the function that protoc-gen-go-grpc made to register it:
//
//	fxgrpc.Service(pb.RegisterOrdersServer, fxgrpc.From(NewOrders))
//
// Without [From] the implementation is what the graph has as S, an interface, pb.OrdersServer here. Without [OnServers]
// the service is on every server. A server that has a service twice is an error when the app is built, and so is an
// implementation that is nil.
func Service[S any](register func(grpc.ServiceRegistrar, S), o ...ServiceOption) fx.Option {
	spec, errs := newServiceSpec(declared("Service"), register, o)
	if r := refusal(errs); r != nil {
		return r
	}
	ready := func(_ hint[S], i *implementation[S]) *service {
		return spec.with(i.value, func(r grpc.ServiceRegistrar) { register(r, i.value) })
	}
	return fx.Module("fxgrpc.service", source[S](spec),
		fx.Provide(fx.Annotated{Group: servicesGroup, Target: ready}))
}

// From makes the implementation of a [Service] with a constructor, a func(…) T or func(…) (T, error) where T is
// the service's S; its parameters are as for [Provide]. T enters the graph under its own type, where fx.Decorate
// and fx.Replace reach it.
func From(ctor any) ServiceOption {
	return serviceOption(func(s *serviceSpec) {
		if s.from != nil {
			s.errs = append(s.errs, s.errorf("From was said twice; leave one out"))
		}
		from, errs := newConstructor(s.declaration, ctor)
		errs = append(errs, from.check(s.implements, "give the constructor of an implementation")...)
		s.from, s.errs = from, append(s.errs, errs...)
	})
}

// serviceSpec is what the options of a service say.
type serviceSpec struct {
	declaration
	implements reflect.Type
	scope      scope
	from       *constructor
	instance   string
	errs       []error
}

func newServiceSpec[S any](d declaration, register func(grpc.ServiceRegistrar, S), o []ServiceOption) (*serviceSpec, []error) {
	s := &serviceSpec{declaration: d, implements: reflect.TypeFor[S]()}
	if register == nil {
		return s, []error{d.errorf("the function to register %s is nil; give the generated one", s.implements)}
	}
	s.declaration = d.of(register)
	if s.implements.Kind() != reflect.Interface {
		return s, []error{s.errorf("%s is no interface; give the function that protoc-gen-go-grpc made", s.implements)}
	}
	for i, option := range o {
		if option == nil {
			s.errs = append(s.errs, s.errorf("option %d is nil; leave it out", i+1))
			continue
		}
		option.service(s)
	}
	return s, append(s.errs, s.check()...)
}

func (s *serviceSpec) check() (errs []error) {
	for _, why := range s.scope.check() {
		errs = append(errs, s.errorf("%s", why))
	}
	if s.scope.clients.said {
		errs = append(errs, s.errorf("OnClients was said; a service is on servers"))
	}
	return errs
}

// implementation is what the graph has of S, hint the check that goes before: dig builds parameters in order, and its
// own error for a missing S says nothing of From.
type (
	implementation[S any] struct{ value S }
	hint[S any]           struct{}
)

// source provides both.
func source[S any](s *serviceSpec) fx.Option {
	if s.from == nil {
		return fx.Provide(fx.Private, hinted[S](s), implementedBy[S](s))
	}
	return fx.Options(
		s.from.provided(s.instance),
		fx.Provide(fx.Private, func() hint[S] { return hint[S]{} }, implementedFrom[S](s)))
}

func implementedBy[S any](spec *serviceSpec) any {
	return fx.Annotate(func(value S) *implementation[S] { return &implementation[S]{value} }, fx.ParamTags(nameTag(spec.instance)))
}

// implementedFrom takes what the constructor made, whose type only reflection knows.
func implementedFrom[S any](spec *serviceSpec) any {
	out := reflect.TypeFor[*implementation[S]]()
	f := reflect.MakeFunc(reflect.FuncOf([]reflect.Type{spec.from.result}, []reflect.Type{out}, false), func(in []reflect.Value) []reflect.Value {
		value, _ := in[0].Interface().(S)
		return []reflect.Value{reflect.ValueOf(&implementation[S]{value})}
	})
	return fx.Annotate(f.Interface(), fx.ParamTags(nameTag(spec.instance)))
}

// hinted says what to do where the graph has no S at all. Where it has one that can not run fx says why.
func hinted[S any](spec *serviceSpec) any {
	return fx.Annotate(func(found *implementation[S], graph fx.DotGraph) (hint[S], error) {
		t := reflect.TypeFor[S]()
		if found == nil && !broken(graph, t, spec.instance) {
			return hint[S]{}, spec.errorf("nothing in the graph is a %s; "+
				"where a constructor gives the implementation's own type, say fxgrpc.From(constructor) and take it out of fx.Provide", t)
		}
		return hint[S]{}, nil
	}, fx.ParamTags(optionalTag("")))
}

// A service is ready to be registered.
type service struct {
	declaration
	scope    scope
	register func(s *server, r grpc.ServiceRegistrar)
	fallback bool // yields to one that is there
	nothing  bool // the implementation is nil
}

func (s *serviceSpec) with(implementation any, register func(grpc.ServiceRegistrar)) *service {
	return &service{
		declaration: s.declaration,
		scope:       s.scope,
		register:    func(_ *server, r grpc.ServiceRegistrar) { register(r) },
		nothing:     isNil(implementation),
	}
}
