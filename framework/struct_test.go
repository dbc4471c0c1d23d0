package framework_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-go/sluice/framework"
)

// TestStructOptions has each option of a field, seen in Explain and over the wire.
func TestStructOptions(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		parts func(*trail) []framework.Part
		want  []string // for all kinds, or for each
	}{
		{"order of fields", func(tr *trail) []framework.Part {
			return []framework.Part{server(tr.field("c"), tr.field("a"), tr.field("b"))}
		}, []string{"c a b"}},
		{"stage", func(tr *trail) []framework.Part {
			return []framework.Part{
				tr.use("app"), tr.use("log", framework.At(framework.StageObserve)),
				server(tr.field("a,stage=observe"), tr.field("b,stage=admit"), tr.field("c,stage=app")),
			}
		}, []string{"log a b app c"}},
		{"stage from the field above", func(tr *trail) []framework.Part {
			return []framework.Part{
				server(tr.field("a,stage=admit"), tr.field("b"), tr.field("c,stage=validate"), tr.field("d")),
				tr.use("auth", framework.At(framework.StageAuthenticate)), tr.use("app"),
			}
		}, []string{"a b auth c d app"}},
		{"stage of the type's own, and for the field below", func(tr *trail) []framework.Part {
			return []framework.Part{
				tr.use("app"),
				server(tagged("Log", "log", tr.placed("log", framework.Placement{Stage: framework.StageObserve})), tr.field("b")),
			}
		}, []string{"log b app"}},
		{"stage over the type's own", func(tr *trail) []framework.Part {
			return []framework.Part{
				server(tr.field("a,stage=admit"), tagged("Log", "log,stage=app", tr.placed("log", framework.Placement{Stage: framework.StageObserve}))),
			}
		}, []string{"a log"}},
		{"name over the type's own", func(tr *trail) []framework.Part {
			return []framework.Part{server(tagged("Log", "access", tr.placed("access", framework.Placement{Name: "logging"})))}
		}, []string{"access"}},
		{"on", func(tr *trail) []framework.Part {
			return []framework.Part{server(tr.field("a,on=DummyService/Execute ?acme.*"), tr.field("b,on=DummyService/ExecuteClient*"), tr.field("c"))}
		}, []string{"a c", "b c", "c", "b c"}},
		{"except", func(tr *trail) []framework.Part {
			return []framework.Part{server(tr.field("a,except=DummyService/Execute"), tr.field("b,except=sluice.testing.*"), tr.field("c"))}
		}, []string{"c", "a c", "a c", "a c"}},
		{"on and except", func(tr *trail) []framework.Part {
			return []framework.Part{server(tr.field("a,on=DummyService/*,except=DummyService/ExecuteServerStream"))}
		}, []string{"a", "a", "", "a"}},
		{"before", func(tr *trail) []framework.Part {
			return []framework.Part{tr.use("x"), tr.use("y"), server(tr.field("a"), tr.field("b,before=x ?nobody"))}
		}, []string{"y a b x"}},
		{"after", func(tr *trail) []framework.Part {
			return []framework.Part{server(tr.field("a,after=y ?nobody"), tr.field("b")), tr.use("x"), tr.use("y")}
		}, []string{"x y a b"}},
		{"before in place of the type's own", func(tr *trail) []framework.Part {
			return []framework.Part{tr.use("x"), server(tagged("A", "a,before=x", tr.placed("a", framework.Placement{Before: []string{"nobody"}})))}
		}, []string{"a x"}},
		{"the type's own before", func(tr *trail) []framework.Part {
			return []framework.Part{tr.use("x"), server(tagged("A", "a", tr.placed("a", framework.Placement{Before: []string{"x"}})))}
		}, []string{"a x"}},
		{"when", func(tr *trail) []framework.Part {
			return []framework.Part{
				framework.When("night", true), framework.When("day", false),
				server(tr.field("a,when=night"), tr.field("b,when=day"), tr.field("c,after=?b")),
			}
		}, []string{"a c"}},
		{"conditions in code, which all must hold", func(tr *trail) []framework.Part {
			return []framework.Part{
				framework.When("night", true), framework.When("day", false), framework.When("night", true),
				tr.use("a", framework.If("night"), framework.If("night")), tr.use("b", framework.If("night"), framework.If("day")),
			}
		}, []string{"a"}},
		{"unary", func(tr *trail) []framework.Part {
			return []framework.Part{server(tr.field("a,unary"), tr.field("b"))}
		}, []string{"a b", "b", "b", "b"}},
		{"a field left out", func(tr *trail) []framework.Part {
			return []framework.Part{server(tr.field("a"), tagged("Left", "-", tr.step("left")))}
		}, []string{"a"}},
		{"servers", func(tr *trail) []framework.Part {
			return []framework.Part{
				framework.Target("public"),
				framework.Struct(structOf("chain=server,servers=public ?beta", tr.field("a"))),
				framework.Struct(structOf("chain=server,servers=admin", tr.field("b,on=acme.Orders/*"))),
				framework.Struct(structOf("chain=server,servers=?public", tr.field("c"))),
			}
		}, []string{"a c"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tr := &trail{}
			tr.expect(t, row.parts(tr), row.want...)
		})
	}
}

func TestClientStruct(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	tr.expectOnClient(t, []framework.Part{
		framework.Target("orders"),
		tr.use("app"),
		framework.Struct(structOf("chain=client,clients=orders", tr.field("retry,stage=retry"), tr.field("limit,stage=admit,unary"))),
		framework.Struct(structOf("chain=client,clients=carts", tr.field("other"))),
		framework.Struct(structOf("chain=client", tr.field("last,stage=translate,except=DummyService/ExecuteClient*"))),
	}, "app retry limit last", "app retry", "app retry last", "app retry")
}

// TestAbsence says why links of a struct are in no line.
func TestAbsence(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	chain, err := framework.NewServerChain(
		framework.When("night", false), framework.Target("public"),
		framework.Struct(structOf("chain=server,servers=admin", tr.field("a"))),
		server(tr.field("b,when=night"), field{"C", `grpc:"c" optional:"true"`, (*Step)(nil)}),
	)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"a: it is for server admin", `b: condition "night" is off`, "c: its field is nil, which may be"}
	var got []string
	for _, l := range chain.Explain(dummyMethods[0]).Absent {
		got = append(got, l.Name+": "+l.Why)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	for _, why := range want {
		if _, why, _ := strings.Cut(why, ": "); !strings.Contains(chain.String(), why) {
			t.Errorf("%q is missing in:\n%s", why, chain)
		}
	}
}

// TestStructByPointer has a struct and a pointer to it come to the same, read when Struct is called.
func TestStructByPointer(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	type chain struct {
		_ struct{} `grpc:"chain=server"`
		A *Step    `grpc:"a"`
	}
	v := &chain{A: tr.step("a")}
	byPointer, byValue := framework.Struct(v), framework.Struct(*v)
	v.A = nil
	tr.expect(t, []framework.Part{byPointer}, "a")
	tr.expect(t, []framework.Part{byValue}, "a")
}

// TestMergeIsDeterministic has the order of parts count inside a stage alone.
func TestMergeIsDeterministic(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	parts := []framework.Part{
		server(tr.field("log,stage=observe"), tr.field("limit,stage=admit"), tr.field("check,stage=validate")),
		server(tr.field("recovery,stage=recover"), tr.field("acl,stage=authorize")),
		tr.use("auth", framework.At(framework.StageAuthenticate)),
		server(tr.field("a"), tr.field("b")),
		tr.use("errors", framework.At(framework.StageTranslate)),
		framework.When("x", true),
	}
	want := "log errors recovery limit auth acl check a b"
	for range 50 {
		rand.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
		if got := strings.Join(namesOf(t, parts...), " "); got != want {
			t.Fatalf("got %q, want %q", got, want)
		}
	}
}

// TestPartInChains uses the same parts in many chains at once.
func TestPartInChains(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	parts := []framework.Part{
		framework.When("night", false),
		server(tr.field("a,on=DummyService/*"), tr.field("b,when=night"), tagged("U", "raw", rawUnary), tagged("S", "raw", rawStream)),
		framework.Struct(structOf("chain=server,service=DummyService,without=a", tr.field("c"))),
		framework.Policy(structOf("service=*", rule("All", "*,rate=1/s,anonymous"), rule("One", "DummyService/Execute,rate=2/s"))),
		framework.Rules("*", timeoutKey.Set(1)),
		framework.Use(guard()), framework.Use(reader("limits", framework.StageAdmit, rateKey, timeoutKey)),
	}
	var wg sync.WaitGroup
	for _, target := range []string{"", "x", "y", "z"} {
		wg.Go(func() {
			chain, err := framework.NewServerChain(append(slices.Clone(parts), framework.Target(target))...)
			if err != nil {
				t.Error(err)
				return
			}
			if err := chain.Bind(dummyServices()); err != nil {
				t.Error(err)
			}
			e := chain.Explain(dummyMethods[0])
			if got := strings.Join(e.Names(), " "); got != "limits auth raw c" || e.Rules[0].Value != "2/s" {
				t.Errorf("got %q, %+v", got, e.Rules)
			}
		})
	}
	wg.Wait()
}
