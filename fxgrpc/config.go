package fxgrpc

import (
	"fmt"
	"reflect"

	"go.uber.org/fx"
)

// An Option is an option of [Server] and of [Client] alike; see [ConfigFrom].
type Option interface {
	ServerOption
	ClientOption
}

// ConfigFrom makes the config of a server or a client from what the graph has, the app's own configuration: by a
// func(…) T or func(…) (T, error), where T is [ServerConfig] for a server and [ClientConfig] for a client.
//
//	fxgrpc.Server(fxgrpc.ConfigFrom(func(c app.Config) fxgrpc.ServerConfig { return c.Server }))
//
// Parameters are as for [Provide]; fx.Decorate and fx.Replace of their types so reach the server. It stands among the
// other options as the config itself would. What is wrong with the config is known when the app is built, and not to
// fx.ValidateApp, which runs no constructor.
func ConfigFrom(ctor any) Option { return configFrom{ctor} }

type configFrom struct{ ctor any }

// configSource is where the config of a server or a client comes from, if it has one.
type configSource struct {
	count int          // of configs that were said
	asked *configFrom  // nil where none is to come from the graph
	from  *constructor // that it comes from
}

// check reads the constructor that gives a config of type want, and refuses a second config.
func (s *configSource) check(d declaration, want reflect.Type) []error {
	if s.count > 1 {
		return []error{d.errorf("two of %s and ConfigFrom were said; leave one", want.Name())}
	}
	if s.asked == nil {
		return nil
	}
	d.what = fmt.Sprintf("ConfigFrom(%s) of %s", nameOfValue(s.asked.ctor), d.what)
	from, errs := newConstructor(d, s.asked.ctor)
	if from.result != nil && from.result != want {
		errs = append(errs, from.errorf("%s gives %s; let it give an %s", from.name, from.result, want))
	}
	s.from = from
	return errs
}

// provided puts the config into the graph, under the name of its owner. It is nothing where there is no constructor.
func (s *configSource) provided(owner string) fx.Option {
	if s.from == nil {
		return fx.Options()
	}
	return s.from.around(fx.Annotated{Name: configName(owner), Target: s.from.fn})
}

// needs is the tag of the config in the graph, or nothing.
func (s *configSource) needs(owner string) []string {
	if s.from == nil {
		return nil
	}
	return []string{nameTag(configName(owner))}
}

// configName is what the config of a server or a client is called in the graph.
func configName(owner string) string { return "fxgrpc.config." + owner }
