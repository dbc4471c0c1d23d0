package framework_test

import (
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// access is a policy of Orders with rules that are read where callers are identified.
func access(line string, fields ...field) []framework.Part {
	return []framework.Part{
		framework.Policy(structOf("service=Orders"+line, fields...)),
		framework.Use(announcer("auth", framework.StageAuthenticate, allow, require, anonymous, deny)),
	}
}

// TestAccess has one rule of access count of those that exclude each other: the most specific.
func TestAccess(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name             string
		parts            []framework.Part
		get, put, create string
	}{
		{
			"closed, and opened for some", access("", rule("All", "*,deny"), rule("Get", "Get,allow=role:reader"), rule("Put", "P*,anonymous")),
			"auth.allow=role:reader", "auth.anonymous", "auth.deny",
		},
		{
			"for some, and open for one", access("", rule("All", "*,allow=role:a,require=scope:b"), rule("Get", "Get,anonymous"), rule("Put", "Put,deny")),
			"auth.anonymous", "auth.deny", "auth.allow=role:a auth.require=scope:b",
		},
		{
			"allow and require stand together, key by key",
			access("", rule("All", "*,allow=role:a,require=scope:b"), rule("Get", "Get,allow=role:c"), rule("Put", "Put,require=scope:d")),
			"auth.allow=role:c auth.require=scope:b", "auth.allow=role:a auth.require=scope:d", "auth.allow=role:a auth.require=scope:b",
		},
		{
			"between the most specific and the least", access("", rule("All", "*,anonymous"), rule("G", "G*,deny"), rule("Get", "Get,allow=role:a")),
			"auth.allow=role:a", "auth.anonymous", "auth.anonymous",
		},
		{
			"two policies of one service",
			append(access("", rule("All", "*,deny")), framework.Policy(structOf("service=acme.shop.v1.Orders", rule("Get", "Get,anonymous")))),
			"auth.anonymous", "auth.deny", "auth.deny",
		},
		{
			"the same twice", append(access("", rule("All", "*,anonymous")), framework.Rules("Orders/*", anonymous.Set(""))),
			"auth.anonymous", "auth.anonymous", "auth.anonymous",
		},
		{
			"a tag over a proto", append(access("", rule("All", "*,anonymous"), rule("Get", "Get,allow=role:a")), fromOrders(deny.Set(""))),
			"auth.allow=role:a", "auth.anonymous", "auth.anonymous",
		},
		{
			"a proto over what is less specific", append(access("", rule("All", "*,anonymous")), fromOrders(deny.Set(""))),
			"auth.deny", "auth.anonymous", "auth.anonymous",
		},
		{"open, and said so", access(",default=allow", rule("Get", "Get,deny")), "auth.deny", "", ""},
		{
			"one service open, all others not",
			append(access(",default=allow", rule("Get", "Get,deny")), framework.Policy(structOf("service=*", rule("All", "DummyService/*,anonymous")))),
			"auth.deny", "", "",
		},
		{
			"all services open, one not",
			append(access(",default=deny", rule("All", "*,anonymous")), framework.Policy(structOf("service=*,default=allow", rule("All", "*,deny")))),
			"auth.anonymous", "auth.anonymous", "auth.anonymous",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			conn := shop(t, row.parts...)
			for full, want := range map[string]string{ordersGet: row.get, ordersPut: row.put, ordersCreate: row.create} {
				if got := announced(t, conn, full); got != want {
					t.Errorf("%s: got %q, want %q", full, got, want)
				}
			}
		})
	}
}

// TestOverruled has Explain say by what a rule of access is overruled.
func TestOverruled(t *testing.T) {
	t.Parallel()
	chain := shopChain(t, access("", rule("All", "*,deny"), rule("Get", "Get,allow=role:reader"))...)
	var got []string
	for _, r := range chain.Explain(ordersGet).Rules {
		got = append(got, strings.TrimSpace(r.Key+" "+r.Why))
	}
	if want := []string{"allow", "deny Get says allow=role:reader"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestDenied has each method without a rule of access be told of, and none of those with one.
func TestDenied(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name  string
		parts []framework.Part
		want  []string // methods that are told of
	}{
		{"whatever other rules it has", append(access("", rule("All", "*,rate=1/s"), rule("Get", "Get,anonymous")),
			framework.Use(reader("limits", framework.StageAdmit, rateKey))), []string{ordersPut, ordersCreate}},
		{"all services", append(access(",default=allow", rule("Get", "Get,deny")),
			framework.Policy(structOf("service=*", rule("One", "DummyService/Execute,anonymous")))), dummyMethods[1:]},
		{"by Rules, or by a proto, one has", append(access("", rule("Get", "Put,anonymous")),
			framework.Rules("acme.*", deny.Set("")), fromOrders(anonymous.Set(""))), nil},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			chain, err := framework.NewServerChain(row.parts...)
			if err != nil {
				t.Fatal(err)
			}
			text := ""
			if err := chain.Bind(shopServices()); err != nil {
				text = err.Error()
			}
			for _, full := range append([]string{ordersGet, ordersPut, ordersCreate}, dummyMethods...) {
				if got, want := strings.Contains(text, full+" has no rule"), slices.Contains(row.want, full); got != want {
					t.Errorf("%s: told of is %t, in:\n%s", full, got, text)
				}
			}
		})
	}
}

// TestUnboundUnderPolicy has a method that nobody bound, and that a policy says nothing of, be refused when it is called.
func TestUnboundUnderPolicy(t *testing.T) {
	t.Parallel()
	chain, err := framework.NewServerChain(access("", rule("Get", "Get,anonymous"))...)
	if err != nil {
		t.Fatal(err)
	}
	if e := chain.Explain(ordersPut); !strings.Contains(e.Error, "has no rule that says who may call it") {
		t.Errorf("got %+v", e)
	}
	if e := chain.Explain(ordersGet); e.Error != "" || len(e.Rules) != 1 {
		t.Errorf("got %+v", e)
	}
	_, err = chain.Unary()(t.Context(), benchRequest, &grpc.UnaryServerInfo{FullMethod: ordersPut}, benchHandler)
	if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "who may call") {
		t.Error(err)
	}
}

// TestIdentified has rules about callers ask for a link that identifies them: on the method, wherever it stands.
func TestIdentified(t *testing.T) {
	t.Parallel()
	rules := framework.Policy(structOf("service=Orders", rule("All", "*,anonymous"), rule("Get", "Get,require=role:a")))
	acl := framework.Use(reader("acl", framework.StageAuthorize, allow, require, anonymous, deny))
	shopChain(t, rules, acl, framework.Use(&Auth{}, framework.On("Orders/Get")))
	shopChain(t, rules, acl, use(framework.At(framework.StageAuthenticate), framework.ForService("Orders")))
}
