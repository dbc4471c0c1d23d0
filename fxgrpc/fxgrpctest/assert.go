package fxgrpctest

import (
	"slices"
	"testing"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/fxgrpc"
)

// AssertChain holds a method, "/pkg.Service/Method", to the names of its links, first is outermost, on every server that
// has it. A method that no server has is an error of the test, too.
func AssertChain(t testing.TB, app *App, method string, links ...string) {
	t.Helper()
	found := false
	for _, server := range app.Plan.Servers() {
		if !slices.Contains(app.Plan.Methods(server), method) {
			continue
		}
		found = true
		if e := app.Plan.ServerChain(server).Explain(method); !slices.Equal(e.Names(), links) {
			t.Errorf("fxgrpctest: the links of %s are %q, want %q\n%s", method, e.Names(), links, e)
		}
	}
	if !found {
		t.Errorf("fxgrpctest: no server has the method %s; the app has\n%s", method, app.Plan)
	}
}

// Validate reports what is wrong with an app that is never started: what fx.ValidateApp finds without running a
// constructor, what building the app finds, and what the Plan finds of what the app registered itself.
func Validate(t testing.TB, opts ...fx.Option) {
	t.Helper()
	app := fx.Options(fx.NopLogger, fx.Options(opts...))
	if err := fx.ValidateApp(app); err != nil {
		t.Errorf("fxgrpctest: fx.ValidateApp: %v", err)
		return
	}
	var plan struct {
		fx.In
		Plan *fxgrpc.Plan `optional:"true"`
	}
	if err := fx.New(app, fx.Populate(&plan)).Err(); err != nil {
		t.Errorf("fxgrpctest: fx.New: %v", err)
		return
	}
	if plan.Plan == nil {
		return
	}
	if err := plan.Plan.Check(); err != nil {
		t.Errorf("fxgrpctest: %v", err)
	}
}
