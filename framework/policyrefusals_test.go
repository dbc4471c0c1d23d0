package framework_test

import (
	"context"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// policyRefusals are of what policy structs say, and of who may call.
func policyRefusals() []refusal {
	public := rule("All", "*,anonymous")
	lined := func(line string, fields ...field) []framework.Part {
		return []framework.Part{framework.Policy(structOf(line, fields...)), framework.Use(guard()), framework.Use(limits())}
	}
	dummy := func(fields ...field) []framework.Part { return lined("service=DummyService", fields...) }
	return []refusal{
		refused("a policy that is none", framework.Policy("text")),
		refused("a nil pointer to a policy", framework.Policy((*struct{ All framework.Rule })(nil))),
		{name: "a policy without a line", parts: lined("", public, field{name: "Get", value: framework.Rule{}})},
		{name: "the line of a chain", parts: lined("chain=server", public)},
		{name: "a policy whose tags do not parse", parts: lined("service='DummyService", public, rule("Get", "Get'"), rule("Put", ","))},
		{name: "a policy's misspelt line", parts: lined("sevice=DummyService", public)},
		{name: "a policy's unknown option", parts: lined("service=DummyService,defualt=allow", public)},
		{name: "an unknown default", parts: lined("service=DummyService,default=anonymous", public)},
		{name: "a policy of a pattern", parts: lined("service=sluice.*", public)},
		{name: "a policy of all services and one", parts: lined("service=* DummyService", public)},
		{name: "a policy of an unprintable service", parts: lined("service='a\u00a0b'", public)},
		{name: "a policy of an unknown service", parts: lined("service=sluice.testing.v1.DumyService,default=allow", rule("All", "*,rate=1/s"))},
		{name: "a policy of a short service of two", services: twoOrders(), parts: lined("service=Orders", public)},
		{name: "a policy without rules", parts: dummy()},
		{name: "a rule without a tag", parts: dummy(public, field{name: "Get", value: framework.Rule{}})},
		{name: "a rule that says nothing", parts: dummy(public, rule("Execute", "Execute"))},
		{name: "a rule for an unknown method", parts: dummy(public, rule("Execute", "Exicute,rate=1/s"), rule("Get", "Get*,rate=2/s"))},
		{name: "a rule for a malformed method", parts: dummy(public, rule("Execute", "a/b,rate=1/s"), rule("Get", "G*t,rate=2/s"))},
		{name: "a rule for a method alone under all services", parts: lined("service=*", public, rule("Get", "Execute,rate=1/s"))},
		{name: "a field of a policy that is no rule", parts: dummy(public, tagged("Get", "Execute,rate=1/s", ""), tagged("Check", "Execute", func() {}))},
		{name: "a nil check", parts: dummy(public, tagged("Check", "Execute", (func(context.Context, *dummypb.DummyRequest) error)(nil)))},
		{name: "a check of another type", parts: dummy(public,
			tagged("Check", "Execute,rate=1/s", func(context.Context, *dummypb.DummyResponse) error { return nil }))},
		{name: "a check on a client", client: true, parts: []framework.Part{framework.Policy(structOf("service=DummyService",
			tagged("Check", "Execute", func(context.Context, *dummypb.DummyRequest) error { return nil })))}},
		{name: "a default on a client", client: true, parts: lined("service=DummyService,default=deny", rule("All", "*,rate=1/s"))},
		{name: "a policy for servers of a chain without a name", parts: lined("service=DummyService,servers=public", public)},
		{name: "callers that a link declines to hold to it", parts: []framework.Part{
			framework.Policy(structOf("service=DummyService", public, rule("Execute", "Execute,deny"))), framework.Use(decliner{}),
		}},
		{name: "a value that is refused when it is bound", parts: []framework.Part{
			framework.Policy(structOf("service=DummyService,default=allow", rule("Execute", "Execute,rate=1/s"))), framework.Use(refuser{}),
		}},
		{name: "two rules for all methods of a client", client: true, parts: []framework.Part{
			framework.Rules("*", rateKey.Set("1/s")), framework.Rules("*", rateKey.Set("2/s")), framework.Use(limits()),
		}},
		{name: "a policy for clients in a server's chain", parts: lined("service=DummyService,clients=orders", public)},
		{name: "a policy with mistakes in its line and in fields", parts: lined("service=DummyService,default=alow",
			public, tagged("Get", "Execute,rate=1/s", ""), rule("Put", "Execute"), rule("Of", "DummyService/Execute,rate=1/s"))},
		{name: "a rule of access that nobody reads", parts: []framework.Part{
			framework.Policy(structOf("service=DummyService", rule("All", "*,allow=role:a"))), framework.Use(limits()),
		}},
		{name: "methods that nobody may call", parts: dummy(rule("All", "*,rate=1/s"), rule("Execute", "Execute,anonymous"))},
		{name: "methods that nobody may call, by any policy", parts: lined("service=*", rule("Execute", "DummyService/Execute,anonymous"))},
		{name: "two defaults", parts: append(lined("service=DummyService,default=allow", public),
			framework.Policy(structOf("service=sluice.testing.v1.DummyService", public)))},
		{name: "two rules of access", parts: dummy(public, rule("Execute", "Execute,allow=role:a,deny"))},
		{name: "two rules of access, in two fields", parts: dummy(rule("All", "*,deny"), rule("Ex", "Execute,anonymous"), rule("Execute", "Execute,require=role:a"))},
		{name: "callers that nobody identifies", parts: []framework.Part{
			framework.Policy(structOf("service=DummyService", public, rule("Execute", "Execute,allow=role:a"))),
			framework.Use(reader("acl", framework.StageAuthorize, allow, require, anonymous, deny)),
		}},
		{name: "callers that are identified elsewhere", parts: []framework.Part{
			framework.Policy(structOf("service=DummyService", public, rule("Execute", "Execute,require=role:a"))),
			framework.Use(reader("acl", framework.StageAuthorize, allow, require, anonymous, deny)),
			framework.Use(&Auth{}, framework.Except("DummyService/Execute")),
		}},
	}
}

// limits is a Reader of a rate.
func limits() *Reader { return reader("ratelimit", framework.StageAdmit, rateKey) }

// decliner reads rules of access, and stands on no method.
type decliner struct{ *Reader }

func (decliner) Placement() framework.Placement { return guard().Placement() }

func (decliner) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	_, err := guard().Bind(m)
	return nil, err
}

// refuser finds a value wrong that parses.
type refuser struct{ *Reader }

func (refuser) Placement() framework.Placement {
	return framework.Placement{Name: "limits", Stage: framework.StageAdmit, Keys: []framework.AnyKey{rateKey}}
}

func (refuser) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	if v, ok := rateKey.Of(m); ok {
		return nil, rateKey.Errorf(m, "%s is more than the machine can do", v)
	}
	return nil, rateKey.Errorf(m, "nothing is said")
}
