package fxgrpc

import (
	"github.com/sluice-go/sluice/framework"
)

// With gives values for the parameters of a constructor that [Provide] is told of, by type: each for the parameters, and
// fields of fx.In parameters, of its very type, else for those of an interface that it implements. They go before what
// the graph has. A value that no parameter takes is an error, and so are two of one type and nil.
//
//	fxgrpc.Provide(auth.New, fxgrpc.With(auth.Options{Realm: "orders"}))
func With(values ...any) framework.LinkOption {
	return withOption{refusing("With is for fxgrpc.Provide"), values}
}

type withOption struct {
	framework.LinkOption
	values []any
}

// An Instance tells values of one type apart; see [As].
type Instance interface {
	framework.LinkOption
	ServiceOption
	instance() string
}

// As gives what a constructor makes a name in the graph, as fx's `name:"x"` does, so that there can be a
// second one of its type. As an option of [Provide] it is the link's name, too, unless a later framework.Name says another.
// As an option of [Service] it names the implementation, whether From makes it or the graph has it.
func As(name string) Instance { return asOption{framework.Name(name), name} }

type asOption struct {
	framework.LinkOption
	name string
}

func (a asOption) instance() string { return a.name }

func (a asOption) service(s *serviceSpec) {
	s.instance = a.name
	if why := badName(a.name); why != "" {
		s.errs = append(s.errs, s.errorf("As: %s", why))
	}
}

// linkOptions are the options of Provide and Use, sorted by who reads them.
type linkOptions struct {
	scope     scope
	instance  string // "" for the only one of its type
	values    []any
	framework []framework.LinkOption
	placed    bool // they say more than a name
}

func splitLinkOptions(d declaration, o []framework.LinkOption) (linkOptions, []error) {
	var split linkOptions
	var errs []error
	for i, option := range o {
		switch option := option.(type) {
		case nil:
			errs = append(errs, d.errorf("option %d is nil; leave it out", i+1))
		case Target:
			split.scope.add(option.target())
		case withOption:
			split.values = append(split.values, option.values...)
		case Instance:
			split.instance = option.instance()
			if why := badName(split.instance); why != "" {
				errs = append(errs, d.errorf("As: %s", why))
			}
			split.framework = append(split.framework, option)
		default:
			split.placed = true
			split.framework = append(split.framework, option)
		}
	}
	for _, why := range split.scope.check() {
		errs = append(errs, d.errorf("%s", why))
	}
	return split, errs
}
