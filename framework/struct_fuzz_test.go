package framework_test

import (
	"context"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// FuzzStruct reads structs with any tags, as chains and as policies: what is refused is told without a panic, and of a
// chain that is accepted each field that is not left out is shown by Explain.
func FuzzStruct(f *testing.F) {
	for _, seed := range [][5]string{
		{"chain=server", "a", "b", "?c", "d"},
		{"chain=server", "auth,on=DummyService/Execute ?x.*,except=Orders/*", "b,unary,stage=app", "c,before=b", "d,after=auth"},
		{"chain=server,service=Orders DummyService,inherit=stage,without=?x", "a,stage=observe", "-", "-", "d,stage=admit"},
		{"chain=client,clients=x", "a,when=day", "b", "c", "d"},
		{"chain=server,servers=x", "a,on=Gone/*", "a", "c", "-"},
		{"service=*", "*,rate=1/s", "Get", "G*,anonymous", "?x"},
		{"service=Orders DummyService,default=allow", "Get,anonymous", "?P*,deny", "Execute,deny", "x"},
		{"chain=server,,", "a,on=,", "b='", "c,on='a''b'", "\x00"},
		{"chain", "a b", "", "é,stage=Ä", "d,stage=retry"},
		{"grpc:\"x\" grpc:\"y\"", "a`", "b\n", "c,when=night", "d\""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3], seed[4])
	}
	f.Fuzz(func(t *testing.T, line, a, b, c, d string) {
		quoted := func(text string) string { return "grpc:" + strconv.Quote(text) }
		v := structOf("",
			field{"_", quoted(line), struct{}{}},
			field{"A", quoted(a), &Cache{}},
			field{"B", quoted(b), pass},
			field{"C", quoted(c), []framework.Interceptor{&Audit{}, pass}},
			field{"D", quoted(d), structOf("", tagged("E", "e", rawUnary), tagged("F", "e", rawStream))},
			field{"G", a, &Cache{}},
		)
		part := framework.Struct(v)
		if err := framework.CheckTags(reflect.TypeOf(v), "main.go:1"); err == nil && strings.HasPrefix(line, "service") {
			t.Errorf("fields that are no rules are right: %q", line)
		}
		check := func(context.Context, *dummypb.DummyRequest) error { return nil }
		if rules, err := framework.NewServerChain(framework.Use(guard()), framework.Policy(structOf("",
			field{"_", quoted(line), struct{}{}}, field{"A", quoted(a), framework.Rule{}}, field{"B", quoted(b), framework.Rule{}}, field{"C", quoted(c), check},
		))); err == nil && rules.Bind(shopServices()) == nil && !strings.HasPrefix(strings.TrimSpace(line), "service") {
			t.Errorf("a policy of %q", line)
		}
		chain, err := framework.NewServerChain(part, framework.When("day", true), framework.When("night", false))
		if err != nil || chain.Bind(shopServices()) != nil {
			return
		}
		e := chain.Explain(ordersGet)
		shown := e.Names()
		for _, l := range e.Absent {
			shown = append(shown, l.Name)
		}
		for name, text := range map[string]string{"A": a, "B": b, "C": c, "D": d} {
			if text == "-" {
				continue
			}
			held := slices.DeleteFunc(framework.PartLinks(part), func(l framework.PartLink) bool {
				field, _, _ := strings.Cut(strings.TrimPrefix(l.Field, "struct."), ".")
				return field != name || !slices.Contains(shown, l.Name)
			})
			if len(held) == 0 {
				t.Errorf("%s with %q is not shown in %q", name, text, shown)
			}
		}
	})
}
