package fxgrpc

import (
	"log/slog"
	"reflect"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// Module is the planner: it makes the [Plan] of what the other options declare and checks it while the app is
// built, also in an app without a server. An app lists it once; a feature's own fx.Module leaves it out.
//
// It provides *Plan and *errmap.Mapper, the one of all [Errors]. It takes from the graph, if there, a *slog.Logger
// (else slog.Default()), a [Network], and an errmap.Config for the mapper.
var Module fx.Option = fx.Options(
	once("one fxgrpc.Module; feature modules need none"),
	fx.Module("fxgrpc",
		lenient("fxgrpc.Module", reflect.TypeFor[*slog.Logger](), reflect.TypeFor[Network](), reflect.TypeFor[errmap.Config]()).
			around(newModule),
		fx.Provide(newPlan, newRulebook, (*rulebook).ask),
		fx.Supply(framework.Rule{}), // for the fields of policy structs with fx.In
	),
	fx.Invoke(planned),
)

// A module is what an app may give that Module does without. Nothing that it depends on can be missing, so where
// it is, Module is.
type module struct {
	logger  *slog.Logger
	network Network
	errors  errmap.Config
}

func newModule(logger *slog.Logger, network Network, errors errmap.Config) *module {
	if logger == nil {
		logger = slog.Default()
	}
	return &module{logger: logger, network: network, errors: errors}
}

// lenient is a constructor of ours of which all that is said is which types the graph may lack.
func lenient(name string, maybe ...reflect.Type) *constructor {
	return &constructor{declaration: declaration{name, "module.go"}, name: name, maybe: maybe}
}

// planned makes the app depend on the Plan, which so is checked, and has it logged.
func planned(p *Plan, lc fx.Lifecycle) {
	lc.Append(fx.StartHook(p.log))
}
