package fxgrpc

import (
	"cmp"
	"fmt"
	"slices"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/internal/tag"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/requestid"
	"github.com/sluice-go/sluice/modules/translate"
)

// A DefaultsOption is an option of [Defaults].
type DefaultsOption interface{ defaults(d *defaultsSpec) }

type defaultsOption func(d *defaultsSpec)

func (o defaultsOption) defaults(d *defaultsSpec) { o(d) }

// Defaults declares what every server and client should have: on servers requestid, logging, translate, recovery and the
// health service of grpc, on clients requestid, logging and translate.
//
// Each takes its module's Options from the graph, if there, logs to the graph's *slog.Logger, and translates with the
// rules of [Errors]. Each yields, chain by chain, to a declared link of its name, and health to a service of its name. Health
// says NOT_SERVING until the server listens and from when it is to stop.
func Defaults(o ...DefaultsOption) fx.Option {
	spec := &defaultsSpec{declaration: declared("Defaults")}
	for _, option := range o {
		if option == nil {
			spec.errs = append(spec.errs, spec.errorf("an option is nil; leave it out"))
			continue
		}
		option.defaults(spec)
	}
	if r := refusal(spec.errs); r != nil {
		return r
	}
	all := []fx.Option{once("one fxgrpc.Defaults; feature modules need none")}
	for _, d := range defaultsTable() {
		if !slices.Contains(spec.without, d.name) {
			all = append(all, d.declare(spec.declaration))
		}
	}
	if !slices.Contains(spec.without, "logging") {
		all = append(all, fx.Provide(fx.Annotated{Group: loggedGroup, Target: func() logged { return logged{} }}))
	}
	return fx.Options(all...)
}

// Without leaves out some of [Defaults], by name: "requestid", "logging", "translate", "recovery", "health".
func Without(names ...string) DefaultsOption {
	return defaultsOption(func(d *defaultsSpec) {
		d.without = append(d.without, names...)
		var known []string
		for _, one := range defaultsTable() {
			known = append(known, one.name)
		}
		for _, name := range names {
			if !slices.Contains(known, name) {
				d.errs = append(d.errs, d.errorf("Without: there is no default %q%s", name, tag.DidYouMean(name, known)))
			}
		}
	})
}

type defaultsSpec struct {
	declaration
	without []string
	errs    []error
}

// A defaultOne is one of Defaults.
type defaultOne struct {
	name   string
	ctor   any // of an interceptor; nil for health
	target []Target
}

// defaultsTable is what Defaults brings.
func defaultsTable() []defaultOne {
	return []defaultOne{
		{"requestid", requestid.New, []Target{OnServers(), OnClients()}},
		{"logging", defaultLogging, []Target{OnServers(), OnClients()}},
		{"translate", defaultTranslate, []Target{OnServers(), OnClients()}},
		{"recovery", defaultRecovery, []Target{OnServers()}},
		{"health", nil, nil},
	}
}

// defaultsInstance keeps the interceptors of Defaults apart from those that the app has of the same types.
const defaultsInstance = "fxgrpc.defaults"

func (one defaultOne) declare(d declaration) fx.Option {
	if one.ctor == nil {
		health := &service{declaration: d, register: registerHealth, fallback: true}
		return fx.Provide(fx.Annotated{Group: servicesGroup, Target: func() *service { return health }})
	}
	options, errs := splitLinkOptions(d, nil)
	for _, t := range one.target {
		options.scope.add(t.target())
	}
	options.instance = defaultsInstance
	c, wrong := newConstructor(d, one.ctor)
	if err := slices.Concat(errs, wrong); len(err) > 0 {
		return fx.Error(err...)
	}
	c.name = fmt.Sprintf("the default %s", one.name)
	return fx.Options(c.around(fx.Annotated{Name: defaultsInstance, Target: c.fn}), c.linked(options, true))
}

func defaultLogging(e *module, o logging.Options) (*logging.Interceptor, error) {
	o.Logger = cmp.Or(o.Logger, e.logger)
	return logging.New(o)
}

func defaultTranslate(rules *rulebook, o translate.Options) (*translate.Interceptor, error) {
	o.Mapper = cmp.Or(o.Mapper, rules.mapper)
	return translate.New(o)
}

func defaultRecovery(e *module, o recovery.Options) (*recovery.Interceptor, error) {
	o.Logger = cmp.Or(o.Logger, e.logger)
	return recovery.New(o)
}
