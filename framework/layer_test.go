package framework_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// TestLayers has links of services, seen in Explain and over the wire. The whole chain is log auth app, unless a case says
// otherwise.
func TestLayers(t *testing.T) {
	t.Parallel()
	layer := func(line string, fields ...field) framework.Part {
		return framework.Struct(structOf("chain=server,service="+line, fields...))
	}
	for _, row := range []struct {
		name   string
		parts  func(*trail) []framework.Part
		orders string // what an RPC to Orders/Get passes
		dummy  string // and one to DummyService/Execute
	}{
		{"inside of all, whatever the stages", func(tr *trail) []framework.Part {
			return []framework.Part{layer("acme.shop.v1.Orders", tr.field("a,stage=observe"), tr.field("b"))}
		}, "log auth app a b", "log auth app"},
		{"outer, said", func(tr *trail) []framework.Part {
			return []framework.Part{layer("acme.shop.v1.Orders,inherit=outer", tr.field("a,stage=admit"))}
		}, "log auth app a", "log auth app"},
		{"stage", func(tr *trail) []framework.Part {
			return []framework.Part{layer("acme.shop.v1.Orders,inherit=stage", tr.field("a,stage=admit"), tr.field("b,stage=validate,after=auth"))}
		}, "log a auth b app", "log auth app"},
		{"none", func(tr *trail) []framework.Part {
			return []framework.Part{layer("acme.shop.v1.Orders,inherit=none", tr.field("a,stage=observe"), tr.field("b"))}
		}, "a b", "log auth app"},
		{"without", func(tr *trail) []framework.Part {
			return []framework.Part{layer("acme.shop.v1.Orders,without=auth ?nobody", tr.field("a"))}
		}, "log app a", "log auth app"},
		{"without what is off", func(tr *trail) []framework.Part {
			return []framework.Part{framework.When("x", false), tr.use("off", framework.If("x")), layer("acme.shop.v1.Orders,without=off", tr.field("a"))}
		}, "log auth app a", "log auth app"},
		{"without under stage", func(tr *trail) []framework.Part {
			return []framework.Part{layer("acme.shop.v1.Orders,inherit=stage,without=auth app", tr.field("a,stage=admit"))}
		}, "log a", "log auth app"},
		{"a short name", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders", tr.field("a"))}
		}, "log auth app a", "log auth app"},
		{"several services", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders DummyService ?acme.Carts", tr.field("a"))}
		}, "log auth app a", "log auth app a"},
		{"a service that may be missing, and is", func(tr *trail) []framework.Part {
			return []framework.Part{layer("?acme.Carts", tr.field("a"))}
		}, "log auth app", "log auth app"},
		{"two structs of one service", func(tr *trail) []framework.Part {
			return []framework.Part{
				layer("acme.shop.v1.Orders,inherit=stage", tr.field("a,stage=admit"), tr.field("b,stage=app")),
				layer("Orders,inherit=stage,without=log", tr.field("c,stage=observe"), tr.field("d,stage=app,before=b")),
			}
		}, "c a auth app d b", "log auth app"},
		{"two structs, one of which says how", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders", tr.field("a")), layer("Orders,inherit=none", tr.field("c"))}
		}, "a c", "log auth app"},
		{"structs of two services", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders,inherit=none", tr.field("a")), layer("DummyService,without=log", tr.field("b"))}
		}, "a", "auth app b"},
		{"one name in two services", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders", tr.field("a")), layer("DummyService", tr.field("a"))}
		}, "log auth app a", "log auth app a"},
		{"a name of the whole chain, under none", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders,inherit=none", tr.field("auth"))}
		}, "auth", "log auth app"},
		{"a name of the whole chain, without it", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders,inherit=stage,without=auth", tr.field("auth,stage=authenticate"))}
		}, "log auth app", "log auth app"},
		{"neighbours that the service is without", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders,without=auth", tr.field("a,after=auth"))}
		}, "log app a", "log auth app"},
		{"on inside a service", func(tr *trail) []framework.Part {
			return []framework.Part{layer("Orders", tr.field("a,on=Orders/Get"), tr.field("b,on=Orders/Put"))}
		}, "log auth app a", "log auth app"},
		{"in code", func(tr *trail) []framework.Part {
			return []framework.Part{
				tr.use("a", framework.ForService("Orders"), framework.Inherit(framework.InheritStage), framework.At(framework.StageAdmit)),
				tr.use("b", framework.ForService("acme.shop.v1.Orders", "?acme.Carts"), framework.WithoutLinks("log", "?nobody")),
			}
		}, "a auth app b", "log auth app"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tr := &trail{}
			parts := append([]framework.Part{
				tr.use("log", framework.At(framework.StageObserve)), tr.use("auth", framework.At(framework.StageAuthenticate)), tr.use("app"),
			}, row.parts(tr)...)
			chain, conn := shopChain(t, parts...), shop(t, parts...)
			for full, want := range map[string]string{ordersGet: row.orders, dummyMethods[0]: row.dummy} {
				if err := invoke(t, conn, full); err != nil {
					t.Error(err)
				}
				if got := tr.taken(); got != want {
					t.Errorf("an RPC to %s took %q, want %q", full, got, want)
				}
				if got := strings.Join(chain.Explain(full).Names(), " "); got != want {
					t.Errorf("Explain of %s says %q, want %q", full, got, want)
				}
			}
		})
	}
}

// TestLayerAbsence says why links are not in a service's line.
func TestLayerAbsence(t *testing.T) {
	t.Parallel()
	chain := shopChain(t,
		use(framework.Name("log")), use(framework.Name("auth")),
		framework.Struct(structOf("chain=server,service=Orders,without=auth", tagged("A", "a", &Audit{}))),
		framework.Struct(structOf("chain=server,service=DummyService,inherit=none", tagged("B", "b", &Audit{}))),
	)
	for full, want := range map[string][]string{
		ordersGet:       {"b: it is for DummyService", `auth: "a" is without it`},
		dummyMethods[0]: {"a: it is for Orders", `log: "b" inherits none`, `auth: "b" inherits none`},
	} {
		var got []string
		for _, l := range chain.Explain(full).Absent {
			got = append(got, l.Name+": "+l.Why)
		}
		if !slices.Equal(got, want) {
			t.Errorf("%s: got %q", full, got)
		}
	}
	for _, want := range []string{"service=Orders without=auth", "service=DummyService inherit=none"} {
		if text := chain.String(); !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
}

// TestUnboundLayer has methods that nobody bound be compiled with their service's links at the first call.
func TestUnboundLayer(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	chain, err := framework.NewServerChain(
		tr.use("log"),
		tr.use("a", framework.ForService("Orders")),
		tr.use("b", framework.ForService("?acme.other.v1.Orders"), framework.WithoutLinks("log")),
	)
	if err != nil {
		t.Fatal(err)
	}
	for full, want := range map[string]string{"/acme.Orders/Get": "log a", "/acme.other.v1.Orders/Get": "a b", "/acme.Carts/Get": "log"} {
		if _, err := chain.Unary()(t.Context(), benchRequest, &grpc.UnaryServerInfo{FullMethod: full}, benchHandler); err != nil {
			t.Error(err)
		}
		if got := tr.taken(); got != want {
			t.Errorf("%s: got %q, want %q", full, got, want)
		}
	}
}

// TestClientLayer has halves of a pair counted on the methods of their services alone.
func TestClientLayer(t *testing.T) {
	t.Parallel()
	unary := func(o ...framework.LinkOption) error {
		_, err := framework.NewClientChain(framework.UseClient(rawClientUnary, nil, o...))
		return err
	}
	if err := unary(framework.ForService("acme.shop.v1.Orders"), framework.On("*")); err != nil {
		t.Error(err)
	}
	err := unary(framework.ForService("DummyService"))
	if err == nil || strings.Count(err.Error(), "would go uncovered") != 3 {
		t.Error(err)
	}
}
