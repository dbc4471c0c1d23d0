package framework_test

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func TestPartLinks(t *testing.T) {
	t.Parallel()
	auth, cache := &Auth{}, &Cache{}
	for _, row := range []struct {
		name string
		part framework.Part
		want []framework.PartLink
	}{
		{"nil", nil, nil},
		{"no links", framework.When("x", true), nil},
		{"an interceptor", framework.Use(auth, framework.ForService("Orders")), []framework.PartLink{{Name: "framework_test", Interceptor: auth, ForServices: true}}},
		{"a pair", framework.UseServer(rawUnary, rawStream), []framework.PartLink{{Name: "func"}}},
		{"a struct", framework.DeclaredAt("main.go:1", server(
			tagged("Auth", "auth", auth), tagged("Inner", "inner", structOf("", tagged("Cache", "cache", cache))),
			tagged("U", "raw", rawUnary), tagged("S", "raw", rawStream), field{"Log", `grpc:"log" optional:"true"`, (*Logging)(nil)},
		)), []framework.PartLink{
			{Name: "auth", Interceptor: auth, Field: "struct.Auth"},
			{Name: "cache", Interceptor: cache, Field: "struct.Inner.Cache"},
			{Name: "raw", Field: "struct.U"},
			{Name: "log", Field: "struct.Log"},
		}},
		{
			"a client's struct, for some", framework.Struct(structOf("chain=client,clients=orders,service=Orders", tagged("Cache", "cache", cache))),
			[]framework.PartLink{{Name: "cache", Interceptor: cache, Field: "struct.Cache", ForServices: true}},
		},
		{"a wrong struct", server(tagged("Auth", "auth", (*Auth)(nil))), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := framework.PartLinks(row.part); !reflect.DeepEqual(got, row.want) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestPlaces has every declaration say where it was made, or where DeclaredAt says.
func TestPlaces(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string][]framework.Part{
		"Struct":     {framework.Struct(1)},
		"Policy":     {framework.Policy(1)},
		"Rules":      {framework.Rules("/")},
		"PolicyFrom": {framework.PolicyFrom(nil)},
		"When":       {framework.When("", true)},
		"Use":        {framework.Use(nil)},
		"struct":     {server()},
		"policy":     {policy()},
	} {
		_, err := framework.NewServerChain(parts...)
		if err == nil || !strings.Contains(err.Error(), "_test.go:") {
			t.Errorf("%s: got %v", name, err)
		}
		outer := framework.DeclaredAt("main.go:1", framework.DeclaredAt("inner.go:2", parts[0]))
		_, err = framework.NewServerChain(append(parts[1:], outer)...)
		if err == nil || !strings.Contains(err.Error(), "main.go:1") || strings.Contains(err.Error(), "inner.go") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestTargetAnywhere has a chain's target count for parts in front of it, too.
func TestTargetAnywhere(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	public := framework.Struct(structOf("chain=server,servers=public", tr.field("a")))
	tr.expect(t, []framework.Part{public, framework.DeclaredAt("main.go:1", framework.Target("public"))}, "a")
	tr.expect(t, []framework.Part{framework.Target("public"), public}, "a")
}

// TestCheckTags says of types what Struct and Policy say of values, but for what values alone can show.
func TestCheckTags(t *testing.T) {
	t.Parallel()
	type inner struct {
		Cache *Cache `grpc:"cache,stge=app"`
	}
	for _, row := range []struct {
		name string
		v    any
		want []string // nothing: it is right
	}{
		{"a chain, nothing set", structOf("chain=server", tagged("A", "a", (*Auth)(nil)), tagged("S", "s", []framework.Interceptor(nil))), nil},
		{"a pointer to one", &struct {
			_ struct{}              `grpc:"chain=client"`
			A framework.Interceptor `grpc:"a,stage=retry"`
		}{}, nil},
		{"a policy", structOf("service=*", rule("All", "*,anonymous"), tagged("C", "*", (func(context.Context, *dummypb.DummyRequest) error)(nil))), nil},
		{"what a nil pointer would hold", structOf("chain=server", tagged("Inner", "inner", (*inner)(nil))), []string{"Inner.Cache: unknown option"}},
		{"what holds itself", structOf("chain=server", tagged("Self", "self", (*selfish)(nil))), []string{"selfish holds itself"}},
		{"all mistakes", structOf("chain=server", field{name: "A", value: &Auth{}}, tagged("B", "b,stage=x", &Auth{})), []string{"A: no grpc tag", "B: unknown stage"}},
		{"a policy's mistakes", structOf("service=*,defualt=allow", rule("A", "*")), []string{`"defualt"`, "says nothing"}},
		{"no line", struct{}{}, []string{"no line of its own"}},
		{"no struct", 42, []string{"not a struct"}},
		{"nothing", nil, []string{"not a struct"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := framework.CheckTags(reflect.TypeOf(row.v), "main.go:41")
			if (err == nil) != (len(row.want) == 0) {
				t.Fatal(err)
			}
			var e *framework.TagError
			if err != nil && (!errors.As(err, &e) || e.Place != "main.go:41") {
				t.Errorf("got %+v", e)
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
		})
	}
}

// TestBindMatched tells of each pattern whether it matches on the server, and what it may mean elsewhere.
func TestBindMatched(t *testing.T) {
	t.Parallel()
	chain, err := framework.NewServerChain(onMain([]framework.Part{
		server(tagged("Inner", "inner,on=DummyService/* acme.Gone/*", structOf("", tagged("A", "a", &Auth{}), tagged("B", "b,except=Orders/Get ?x.*", &Audit{})))),
		framework.Rules("DummyService/Execute", rateKey.Set("1/s")),
		framework.Policy(structOf("service=Orders,default=allow", rule("Get", "Get,rate=1/s"))),
		framework.Use(reader("limits", framework.StageAdmit, rateKey)),
		framework.Struct(structOf("chain=server,servers=other", tagged("C", "c,on=not.Looked/*", &Cache{}))),
		framework.Target("public"),
	})...)
	if err != nil {
		t.Fatal(err)
	}
	type match struct {
		pattern, place  string
		matches, linked bool
	}
	want := []match{
		{"DummyService/*", "struct.Inner (main.go:41)", true, false},
		{"acme.Gone/*", "struct.Inner (main.go:41)", false, false},
		{"Orders/Get", "struct.Inner.B (main.go:41)", false, true},
		{"?x.*", "struct.Inner.B (main.go:41)", true, false},
		{"DummyService/Execute", "main.go:42", true, false},
		{"Orders", "struct (main.go:43)", false, true},
	}
	matches, err := chain.BindMatched(dummyServices())
	if err != nil {
		t.Fatal(err)
	}
	var got []match
	for _, m := range matches {
		got = append(got, match{m.Pattern, m.Place, m.Err == nil, m.Linked})
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v", got)
	}
	if _, err := chain.BindMatched(map[string]grpc.ServiceInfo{"bad service": {Methods: []grpc.MethodInfo{{Name: "Get"}}}}); err == nil {
		t.Error("what else is wrong is an error")
	}
}
