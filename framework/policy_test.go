package framework_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sluice-go/sluice/framework"
)

// TestMostSpecific gives a method rules from each source, one more specific than the other, in any order: the last wins.
func TestMostSpecific(t *testing.T) {
	t.Parallel()
	of := func(service, text string) framework.Part {
		return framework.Policy(structOf("service="+service+",default=allow", rule("Rule", text)))
	}
	protos := framework.PolicyFrom(func(d protoreflect.MethodDescriptor) ([]framework.Setting, error) {
		return []framework.Setting{rateKey.Set("protos")}, nil
	})
	parts := []framework.Part{
		framework.Rules("*", rateKey.Set("all")),
		framework.Rules("?acme.*", rateKey.Set("acme")),
		of("*", "acme.shop.*,rate=shop"),
		framework.Rules("Orders/*", rateKey.Set("orders")),
		of("acme.shop.v1.Orders", "G*,rate=G"),
		of("*", "Orders/Ge*,rate=Ge"),
		protos,
		of("?Orders", "Get,rate=Get"),
	}
	said := []string{"all", "acme", "shop", "orders", "G", "Ge", "protos", "Get"}
	for n := range parts {
		given := append(slices.Clone(parts[:n+1]), framework.Use(announcer("limits", framework.StageAdmit, rateKey)))
		slices.Reverse(given)
		if got := announced(t, shop(t, given...), ordersGet); got != "limits.rate="+said[n] {
			t.Errorf("of %q got %q", said[:n+1], got)
		}
		rules := shopChain(t, given...).Explain(ordersGet).Rules
		var shown []string
		for i, r := range rules {
			if r.Key != "rate" {
				continue
			}
			shown = append(shown, r.Value)
			if (i == 0) != (r.Why == "") {
				t.Errorf("got %+v", rules)
			}
		}
		if want := said[:n+1]; !slices.Equal(shown, reversed(want)) {
			t.Errorf("got %q, want %q, reversed", shown, want)
		}
	}
}

func reversed(s []string) []string {
	r := slices.Clone(s)
	slices.Reverse(r)
	return r
}

// TestKeyByKey takes each key from the most specific rule that has it.
func TestKeyByKey(t *testing.T) {
	t.Parallel()
	conn := shop(t,
		framework.Policy(structOf("service=Orders DummyService",
			rule("All", "*,timeout=2s,rate=1/s,anonymous"), rule("G", "G*,rate=2/s"), rule("Get", "?Get,timeout=300ms"), rule("Execute", "Execute,timeout=1s"))),
		framework.Rules("Orders/Put", rateKey.Set("9/s")),
		framework.Use(guard()), framework.Use(announcer("limits", framework.StageAdmit, rateKey, timeoutKey)),
	)
	for full, want := range map[string]string{
		ordersGet:       "limits.rate=2/s limits.timeout=300ms",
		ordersPut:       "limits.rate=9/s limits.timeout=2s",
		ordersCreate:    "limits.rate=1/s limits.timeout=2s",
		dummyMethods[0]: "limits.rate=1/s limits.timeout=1s",
	} {
		if got := announced(t, conn, full); got != want {
			t.Errorf("%s: got %q, want %q", full, got, want)
		}
	}
}

// TestQualifiedKeys has two links that read one key, each told by its name.
func TestQualifiedKeys(t *testing.T) {
	t.Parallel()
	conn := shop(t,
		framework.Policy(structOf("service=Orders,default=allow", rule("All", "*,limits.rate=100/s"), rule("Get", "Get,tenants.rate=1/s"))),
		framework.Rules("Orders/Put", rateKey.Set("7/s").For("limits"), rateKey.Set("8/s").For("tenants")),
		framework.Rules("Orders/Create", rateKey.Set("5/s")), // the one that stands there
		framework.Use(announcer("limits", framework.StageAdmit, rateKey)),
		framework.Use(announcer("tenants", framework.StageAdmit, rateKey), framework.Except("Orders/Create")),
	)
	for full, want := range map[string]string{
		ordersGet:       "limits.rate=100/s tenants.rate=1/s",
		ordersPut:       "limits.rate=7/s tenants.rate=8/s",
		ordersCreate:    "limits.rate=5/s",
		dummyMethods[0]: "",
	} {
		if got := announced(t, conn, full); got != want {
			t.Errorf("%s: got %q, want %q", full, got, want)
		}
	}
}

// TestEqualRules has the same said twice be no contradiction, and what a tag says win over what a proto does.
func TestEqualRules(t *testing.T) {
	t.Parallel()
	chain := shopChain(t,
		framework.DeclaredAt("main.go:1", framework.Policy(structOf("service=Orders,default=allow", rule("Get", "Get,timeout=1000ms,rate=1/s")))),
		framework.DeclaredAt("main.go:2", framework.Rules("acme.shop.v1.Orders/Get", timeoutKey.Set(1e9))),
		framework.DeclaredAt("main.go:3", fromOrders(rateKey.Set("2/s"))),
		framework.Use(reader("limits", framework.StageAdmit, rateKey, timeoutKey)),
	)
	want := []string{
		"timeout=1000ms ", "rate=1/s ", "default=allow ",
		"timeout=1s the same is said at struct.Get (main.go:1)", "rate=2/s Get says rate=1/s",
	}
	var got []string
	for _, r := range chain.Explain(ordersGet).Rules {
		got = append(got, r.Key+"="+r.Value+" "+r.Why)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestRulesInTable has Explain show rules for people: those that count, and why the others do not.
func TestRulesInTable(t *testing.T) {
	t.Parallel()
	chain := shopChain(t,
		framework.DeclaredAt("main.go:1", framework.Policy(structOf("service=Orders", rule("All", "*,rate=1/s,anonymous"), rule("Get", "Get,rate=2/s")))),
		framework.DeclaredAt("main.go:2", framework.Use(reader("limits", framework.StageAdmit, rateKey))),
		framework.DeclaredAt("main.go:3", framework.Use(guard())),
	)
	want := `/acme.shop.v1.Orders/Get (unary, server)
  1  limits     admit         *framework_test.Reader  main.go:2
  2  auth       authenticate  *framework_test.Reader  main.go:3
  =  rate=2/s   limits        Get                     struct.Get (main.go:1)
  =  anonymous  auth          *                       struct.All (main.go:1)
  -  rate=1/s   limits        *                       struct.All (main.go:1)  (Get says rate=2/s)
`
	if got := chain.Explain(ordersGet).String(); got != want {
		t.Errorf("got:\n%s", got)
	}
}

// fromOrders is a source that says the same of Orders/Get.
func fromOrders(s ...framework.Setting) framework.Part {
	return framework.PolicyFrom(func(d protoreflect.MethodDescriptor) ([]framework.Setting, error) {
		if d.FullName() != "acme.shop.v1.Orders.Get" {
			return nil, nil
		}
		return s, nil
	})
}

// TestPolicyTargets has a policy count for the servers and clients that it names.
func TestPolicyTargets(t *testing.T) {
	t.Parallel()
	of := func(line, text string) framework.Part {
		return framework.Policy(structOf("service=Orders,"+line, rule("All", text)))
	}
	limits := framework.Use(announcer("limits", framework.StageAdmit, rateKey))
	parts := []framework.Part{of("servers=public,default=allow", "*,rate=public"), of("servers=?admin public,default=allow", "Get,rate=both"), limits}
	for target, want := range map[string]string{"public": "limits.rate=both", "admin": "limits.rate=both", "other": ""} {
		if got := announced(t, shop(t, append(slices.Clone(parts), framework.Target(target))...), ordersGet); got != want {
			t.Errorf("server %q: got %q, want %q", target, got, want)
		}
	}
	for target, want := range map[string]string{"orders": "orders", "carts": ""} {
		chain, err := framework.NewClientChain(of("clients=orders", "*,rate=orders"), limits, framework.Target(target))
		if err != nil {
			t.Fatal(err)
		}
		var counting []string
		for _, r := range chain.Explain(ordersGet).Rules {
			if r.Why == "" {
				counting = append(counting, r.Value)
			}
		}
		if got := strings.Join(counting, " "); got != want {
			t.Errorf("client %q: got %q, want %q", target, got, want)
		}
	}
}

// TestMissingServiceOfPolicy has rules of a service that may be missing, and is, be no error, and count where it is there.
func TestMissingServiceOfPolicy(t *testing.T) {
	t.Parallel()
	parts := []framework.Part{
		framework.Policy(structOf("service=?acme.shop.v1.Orders,default=allow", rule("Get", "Get,rate=1/s"))),
		framework.Use(reader("limits", framework.StageAdmit, rateKey)),
	}
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		t.Fatal(err)
	}
	if err := chain.Bind(dummyServices()); err != nil {
		t.Error(err)
	}
	if got := shopChain(t, parts...).Explain(ordersGet).Rules[0].Value; got != "1/s" {
		t.Errorf("got %q", got)
	}
}
