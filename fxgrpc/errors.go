package fxgrpc

import (
	"context"
	"reflect"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/errmap"
)

const rulesGroup = "fxgrpc.rules"

// Errors declares rules for which status a Go error becomes, from any module of the app, for all servers and clients.
// They make the app's one *errmap.Mapper, with the errmap.Config of the graph if it has one. Their order never counts.
// Without an Observer there, what clients were not told is logged by the logging of [Defaults], or else by the app's logger.
// Rules that contradict each other are errors when the app is built, with the places of both; what is wrong with a rule by
// itself, such as the tags of an error struct, fx.ValidateApp tells too.
//
// Translation is done by modules/translate, which [Defaults] brings. Rules that no link uses are an error.
func Errors(rules ...errmap.Rule) fx.Option {
	d := declared("Errors")
	if len(rules) == 0 {
		return fx.Error(d.errorf("no rule was given"))
	}
	var errs []error
	for _, r := range rules {
		if err := r.Err(); err != nil {
			errs = append(errs, d.errorf("%w", err))
		}
	}
	if r := refusal(errs); r != nil {
		return r
	}
	return fx.Options(
		fx.Provide(fx.Annotated{Group: rulesGroup + ",flatten", Target: func() []errmap.Rule { return rules }}),
		usingRules(d))
}

// ErrorsFrom declares rules by a constructor of an errmap.Rule, or of several as []errmap.Rule, with parameters
// from the graph and perhaps an error; see [Errors].
func ErrorsFrom(ctor any) fx.Option {
	c, errs := newConstructor(declared("ErrorsFrom").of(ctor), ctor)
	group := rulesGroup
	switch {
	case c.result == reflect.TypeFor[[]errmap.Rule]():
		group += ",flatten"
	case c.result != nil && c.result != reflect.TypeFor[errmap.Rule]():
		errs = append(errs, c.errorf("%s gives %s; let it give an errmap.Rule or []errmap.Rule", c.name, c.result))
	}
	if r := refusal(errs); r != nil {
		return r
	}
	return fx.Options(c.around(fx.Annotated{Group: group, Target: ctor}), usingRules(c.declaration))
}

const ruledGroup = "fxgrpc.ruled"

// usingRules has the Plan look for a link that uses the rules.
func usingRules(d declaration) fx.Option {
	return fx.Provide(fx.Annotated{Group: ruledGroup, Target: func() declaration { return d }})
}

// A rulebook is all rules of the app. Whether the app asked for their mapper is written before the Plan is made, which
// reads it.
type rulebook struct {
	mapper *errmap.Mapper
	asked  bool
}

type rulebookParams struct {
	fx.In
	Rules  []errmap.Rule `group:"fxgrpc.rules"`
	Logged []logged      `group:"fxgrpc.logged"`
	Module *module
}

func newRulebook(p rulebookParams) (*rulebook, error) {
	config := p.Module.errors
	if config.Observer == nil {
		config.Observer = p.observer()
	}
	mapper, err := errmap.New(config, p.Rules...)
	return &rulebook{mapper: mapper}, err
}

// logged says that each RPC has a line in the log that tells its cause.
type logged struct{}

const loggedGroup = "fxgrpc.logged"

// observer logs, to the app's logger, the faults that no other line of the log tells.
func (p rulebookParams) observer() func(context.Context, errmap.Outcome) {
	if len(p.Logged) > 0 {
		return func(context.Context, errmap.Outcome) {}
	}
	return func(ctx context.Context, o errmap.Outcome) {
		if o.Untold() {
			p.Module.logger.ErrorContext(ctx, "fxgrpc: the client was not told why the call failed",
				"grpc.method", o.Method, "source", o.Source, "flaw", o.Flaw, "cause", o.Cause)
		}
	}
}

// ask gives the app the mapper.
func (r *rulebook) ask() *errmap.Mapper {
	r.asked = true
	return r.mapper
}
