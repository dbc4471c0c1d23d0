package fxgrpc_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// TestProvide is what a constructor's result goes through on its way to the chain.
func TestProvide(t *testing.T) {
	t.Parallel()
	provideAudit := fxgrpc.Provide(newAudit)
	provideGuard := fxgrpc.Provide(newGuard)
	louder := func(a *audit) *audit { return &audit{a.journal, a.text + ", decorated"} }
	for _, tt := range []struct {
		name string
		opts fx.Option
		want []string
	}{
		{"as it is", provideAudit, []string{"audit"}},
		{"decorated", fx.Options(provideAudit, fx.Decorate(louder)), []string{"audit, decorated"}},
		{"in a module", fx.Module("feature", provideAudit), []string{"audit"}},
		{"in a module, decorated there", fx.Module("feature", provideAudit, fx.Decorate(louder)), []string{"audit, decorated"}},
		{"in a module, decorated by the root", fx.Options(fx.Module("feature", provideAudit), fx.Decorate(louder)), []string{"audit, decorated"}},
		{"in a module of a module", fx.Module("a", fx.Decorate(louder), fx.Module("b", provideAudit)), []string{"audit, decorated"}},
		{"no options", provideGuard, []string{"guard of "}},
		{"options of the graph", fx.Options(provideGuard, fx.Supply(Options{"graph"})), []string{"guard of graph"}},
		{"options of the module", fx.Module("feature", provideGuard, fx.Supply(fx.Private, Options{"module"})), []string{"guard of module"}},
		{"options decorated", fx.Options(provideGuard, fx.Supply(Options{"graph"}), fx.Decorate(func(o Options) Options { return Options{o.Realm + "!"} })), []string{"guard of graph!"}},
		{"options replaced", fx.Options(provideGuard, fx.Replace(Options{"replaced"})), []string{"guard of replaced"}},
		{"options of another module", fx.Options(provideGuard, fx.Module("other", fx.Supply(fx.Private, Options{"other"}))), []string{"guard of "}},
		{"options with", fxgrpc.Provide(newGuard, fxgrpc.With(Options{"with"})), []string{"guard of with"}},
		{"options with, not the graph's", fx.Options(fxgrpc.Provide(newGuard, fxgrpc.With(Options{"with"})), fx.Supply(Options{"graph"})), []string{"guard of with"}},
		{"in a module with options, decorated there", fx.Module("feature", fxgrpc.Provide(newGuard, fxgrpc.With(Options{"with"})),
			fx.Decorate(func(g *guard) *guard { return &guard{Options{"decorated"}, g.journal} })), []string{"guard of decorated"}},
		{"two of a type", fx.Options(
			fxgrpc.Provide(newGuard, fxgrpc.With(Options{"one"})),
			fxgrpc.Provide(newGuard, fxgrpc.With(Options{"two"}), fxgrpc.As("second"))), []string{"guard of one", "guard of two"}},
		{"two of a type, one decorated", fx.Options(
			fxgrpc.Provide(newGuard, fxgrpc.With(Options{"one"})),
			fxgrpc.Provide(newGuard, fxgrpc.With(Options{"two"}), fxgrpc.As("second")),
			fx.Decorate(func(g *guard) *guard { return &guard{Options{"replaced"}, g.journal} })), []string{"guard of replaced", "guard of two"}},
		{"an interface", fxgrpc.Provide(func(j *journal) framework.Interceptor { return newAudit(j) }), []string{"audit"}},
		{"an fx.In", fxgrpc.Provide(func(p struct {
			fx.In
			Journal *journal
			Text    string `name:"text"`
		},
		) *audit {
			return &audit{p.Journal, p.Text}
		}), []string{"named"}},
		{"a value for a field of an fx.In", fxgrpc.Provide(func(p struct {
			fx.In
			Journal *journal
			Text    string
		},
		) *audit {
			return &audit{p.Journal, p.Text}
		}, fxgrpc.With("with")), []string{"with"}},
		{"a value for an interface", fxgrpc.Provide(func(j *journal, s fmt.Stringer) *audit { return &audit{j, s.String()} }, fxgrpc.With(texted("said"))), []string{"said"}},
		{"used", fxgrpc.Use(passing), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			j := &journal{}
			app := fxgrpctest.New(t, quiet, served(tt.opts), fx.Supply(j, fx.Annotate("named", fx.ResultTags(`name:"text"`))))
			client := dummypb.NewDummyServiceClient(app.Conn(t, "default"))
			if _, err := client.Execute(t.Context(), &dummypb.DummyRequest{Input: "x"}); err != nil {
				t.Fatal(err)
			}
			if got := j.take(); !slices.Equal(got, tt.want) {
				t.Errorf("the links noted %q, want %q", got, tt.want)
			}
		})
	}
}

type texted string

func (t texted) String() string { return string(t) }

// TestProvideReplace replaces the interceptor itself, as tests do.
func TestProvideReplace(t *testing.T) {
	t.Parallel()
	j := &journal{}
	for name, opts := range map[string]fx.Option{
		"from the root":   fxgrpc.Provide(newAudit),
		"from a module":   fx.Module("feature", fxgrpc.Provide(newAudit)),
		"inside a module": fx.Module("feature", fxgrpc.Provide(newAudit), fx.Replace(&audit{j, "replaced"})),
	} {
		app := fxgrpctest.New(t, quiet, served(opts), fx.Supply(j), fx.Replace(&audit{j, "replaced"}))
		if _, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).Execute(t.Context(), &dummypb.DummyRequest{}); err != nil {
			t.Fatal(err)
		}
		if got := j.take(); !slices.Equal(got, []string{"replaced"}) {
			t.Errorf("%s: the links noted %q", name, got)
		}
	}
}

// TestProvideSharesOneInstance has one link on servers and clients alike.
func TestProvideSharesOneInstance(t *testing.T) {
	t.Parallel()
	made := 0
	ctor := func(j *journal) *audit { made++; return newAudit(j) }
	p := plan(t, served(fx.Supply(&journal{}),
		fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()),
		fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1")),
		fxgrpc.Provide(ctor, fxgrpc.OnServers(), fxgrpc.OnClients("a"), framework.Name("audit"))))
	if made != 1 {
		t.Errorf("made %d times", made)
	}
	for _, names := range [][]string{
		p.ServerChain("default").Explain(execute).Names(),
		p.ServerChain("admin").Explain(execute).Names(),
		p.ClientChain("a").Explain(execute).Names(),
	} {
		if !slices.Equal(names, []string{"audit"}) {
			t.Errorf("a chain has %q", names)
		}
	}
}

// TestProvideKeepsPlaces looks for the constructor's own file and line in what fx says of it.
func TestProvideKeepsPlaces(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		opts fx.Option
		want []string
	}{
		"a dependency is missing": {fxgrpc.Provide(newGuard), []string{"newGuard", "main_test.go:", "missing type: *fxgrpc_test.journal"}},
		"it fails":                {fx.Options(fxgrpc.Provide(newGuard, fxgrpc.With(Options{"broken"})), fx.Supply(&journal{})), []string{"newGuard", "main_test.go:", "the realm is broken"}},
		"a second instance":       {fxgrpc.Provide(newGuard, fxgrpc.As("x")), []string{"newGuard", "main_test.go:", "missing type: *fxgrpc_test.journal"}},
		"its options can not be made": {
			fx.Options(fxgrpc.Provide(newGuard), fx.Supply(&journal{}), fx.Provide(func(float64) Options { return Options{} })),
			[]string{"newGuard", "the graph has a constructor of fxgrpc_test.Options that can not run"},
		},
		"its options can not be made in the end": {
			fx.Options(fxgrpc.Provide(newGuard), fx.Supply(&journal{}), fx.Provide(func(int) Options { return Options{} }, func(float64) int { return 1 })),
			[]string{"newGuard", "the graph has a constructor of fxgrpc_test.Options that can not run"},
		},
		"its options fail": {
			fx.Options(fxgrpc.Provide(newGuard), fx.Supply(&journal{}), fx.Provide(func() (Options, error) { return Options{}, errors.New("no realm") })),
			[]string{"newGuard", "provide_test.go:", "no realm"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := build(served(tt.opts))
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%v", want, err)
				}
			}
		})
	}
}
