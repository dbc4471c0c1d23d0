package framework_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/framework"
)

// TestIdempotencyLevel has the level that a proto gives a method count as the rule "idempotent", where none is said.
func TestIdempotencyLevel(t *testing.T) {
	t.Parallel()
	idempotent := framework.NewKey("idempotent", func(v string) (string, error) { return v + "!", nil })
	on := framework.On("Orders/*")
	for _, row := range []struct {
		name string
		part framework.Part
		want map[string]string
	}{
		{
			"of the proto", framework.When("nothing", true),
			map[string]string{ordersGet: "retry.idempotent=!", ordersPut: "retry.idempotent=!", ordersCreate: ""},
		},
		{
			"said", framework.Rules("Orders/*", idempotent.Set("said")),
			map[string]string{ordersGet: "retry.idempotent=said", ordersPut: "retry.idempotent=said", ordersCreate: "retry.idempotent=said"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			conn := shop(t, row.part, framework.Use(announcer("retry", framework.StageApp, idempotent), on))
			for full, want := range row.want {
				if got := announced(t, conn, full); got != want {
					t.Errorf("%s: got %q, want %q", full, got, want)
				}
			}
		})
	}
	t.Run("not read", func(t *testing.T) {
		t.Parallel()
		shopChain(t, framework.Use(&Reader{placement: framework.Placement{Keys: []framework.AnyKey{idempotent}}}))
	})
	t.Run("explained", func(t *testing.T) {
		t.Parallel()
		rules := shopChain(t, framework.Use(reader("retry", framework.StageApp, idempotent))).Explain(ordersGet).Rules
		want := framework.MethodRule{Key: "idempotent", Link: "retry", Pattern: "acme.shop.v1.Orders/Get", Place: "acme/shop/v1/orders.proto"}
		if !slices.Equal(rules, []framework.MethodRule{want}) {
			t.Errorf("got %+v", rules)
		}
	})
}

// TestReadAfterBind has what a link was given in Bind read as often as it likes, by whomever.
func TestReadAfterBind(t *testing.T) {
	t.Parallel()
	var info framework.MethodInfo
	shopChain(t, framework.Rules("Orders/Get", rateKey.Set("1/s")), framework.Use(&Reader{
		placement: framework.Placement{Keys: []framework.AnyKey{rateKey}},
		read: func(m framework.MethodInfo) error {
			rateKey.Of(m)
			if m.Method.String() == ordersGet {
				info = m
			}
			return nil
		},
	}))
	if v, ok := rateKey.Of(info); v != "1/s" || !ok {
		t.Errorf("got %q, %t", v, ok)
	}
	if v, ok := timeoutKey.Of(info); v != 0 || ok {
		t.Errorf("got %v, %t", v, ok)
	}
	if v, ok := rateKey.Of(framework.MethodInfo{}); v != "" || ok {
		t.Errorf("got %v, %t", v, ok)
	}
	if v, ok := (framework.Key[int]{}).Of(info); v != 0 || ok {
		t.Errorf("got %v, %t", v, ok)
	}
}

func TestSettingText(t *testing.T) {
	t.Parallel()
	for want, s := range map[string]framework.Setting{
		"timeout=1s":       timeoutKey.Set(1e9),
		"tenants.rate=1/s": rateKey.Set("1/s").For("tenants"),
		"":                 {},
	} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	if name := (framework.Key[int]{}).Name(); name != "" {
		t.Errorf("got %q", name)
	}
}

// TestParse reads what a tag would say, and tells what is wrong with it without a panic.
func TestParse(t *testing.T) {
	t.Parallel()
	panics := framework.NewKey("size", func(string) (int, error) { panic("oops") })
	for _, row := range []struct {
		name  string
		parse func() (framework.Setting, error)
		check error
		want  string // of the setting, or of the error
	}{
		{"right", func() (framework.Setting, error) { return timeoutKey.Parse("1000ms") }, framework.CheckValue(timeoutKey, "1000ms"), "timeout=1000ms"},
		{"wrong", func() (framework.Setting, error) { return timeoutKey.Parse("1") }, framework.CheckValue(timeoutKey, "1"), `"1" is not a duration; write 300ms or 2s`},
		{"a panic", func() (framework.Setting, error) { return panics.Parse("1") }, framework.CheckValue(panics, "1"), "its parse function panicked: oops"},
		{"the zero Key", func() (framework.Setting, error) { return framework.Key[int]{}.Parse("1") }, framework.CheckValue(framework.Key[int]{}, "1"), "a key is the zero Key; make it with NewKey"},
	} {
		s, err := row.parse()
		if (err == nil) != (row.check == nil) {
			t.Errorf("%s: Parse says %v, CheckValue %v", row.name, err, row.check)
		}
		if err == nil && s.String() != row.want || err != nil && (!strings.HasSuffix(err.Error(), row.want) || row.check.Error() != row.want) {
			t.Errorf("%s: got %q, %v, %v", row.name, s, err, row.check)
		}
	}
	if err := framework.CheckValue(nil, ""); err == nil {
		t.Error("a nil key is right")
	}
}

// TestOutside has a link told in Bind which stages stand outside of it on the method.
func TestOutside(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	shopChain(t,
		framework.Use(&Auth{}, framework.Except("Orders/Put")),
		framework.Use(&Cache{}, framework.At(framework.StageValidate)),
		framework.Use(&Reader{placement: framework.Placement{Stage: framework.StageAuthorize}, read: func(m framework.MethodInfo) error {
			seen[m.Method.String()] = m.Outside(framework.StageAuthenticate)
			if m.Outside(framework.StageValidate) || m.Outside(framework.StageAuthorize) {
				t.Errorf("%s: what is inside, and the link itself, are outside", m.Method)
			}
			return nil
		}}, framework.On("Orders/*")),
	)
	if !seen[ordersGet] || seen[ordersPut] || len(seen) != 3 {
		t.Errorf("got %v", seen)
	}
	if (framework.MethodInfo{}).Outside(framework.StageApp) {
		t.Error("of no chain")
	}
}

// TestClientRules has rules of methods by name counted when a client's chain is made.
func TestClientRules(t *testing.T) {
	t.Parallel()
	bound := map[string]string{}
	_, err := framework.NewClientChain(
		framework.Policy(structOf("service=Orders", rule("All", "*,rate=1/s"), rule("Get", "Get,rate=2/s"))),
		framework.Rules("*", timeoutKey.Set(1)),
		framework.Use(&Reader{
			placement: framework.Placement{Keys: []framework.AnyKey{rateKey, timeoutKey}},
			read: func(m framework.MethodInfo) error {
				timeoutKey.Of(m)
				bound[m.Method.String()], _ = rateKey.Of(m)
				return nil
			},
		}))
	if err != nil {
		t.Fatal(err)
	}
	if bound[ordersGet] != "2/s" || bound[ordersPut] != "1/s" || len(bound) != 3 {
		t.Errorf("got %v", bound)
	}
}
