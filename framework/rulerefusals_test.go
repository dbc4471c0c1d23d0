package framework_test

import (
	"errors"

	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sluice-go/sluice/framework"
)

// ruleRefusals are of rules, by tag, by Rules and from protos, and of the keys that are to read them.
func ruleRefusals() []refusal {
	open := func(fields ...field) framework.Part {
		return framework.Policy(structOf("service=DummyService,default=allow", fields...))
	}
	limit := framework.Use(limits())
	deadline := framework.Use(reader("timeout", framework.StageAdmit, timeoutKey))
	listing := func(keys ...framework.AnyKey) framework.Part {
		return framework.Use(&Reader{placement: framework.Placement{Name: "lister", Keys: keys}})
	}
	return []refusal{
		{name: "a key that no link reads", parts: []framework.Part{open(rule("Execute", "Execute,rat=1/s")), limit}},
		{name: "a key that no link reads, by Rules", parts: []framework.Part{framework.Rules("DummyService/Execute", rateKey.Set("1/s")), deadline}},
		{name: "a key that no link reads, on a client", client: true, parts: []framework.Part{closed(rule("Execute", "Execute,rat=1/s")), limit}},
		{name: "a key that has another's name", parts: []framework.Part{
			framework.Rules("DummyService/Execute", framework.NewKey("rate", parseText).Set("1/s")), limit,
		}},
		{name: "a key whose link stands elsewhere", parts: []framework.Part{
			open(rule("All", "Execute*,rate=1/s")), framework.Use(limits(), framework.On("DummyService/Execute")),
		}},
		{name: "a key whose link is off", parts: []framework.Part{
			open(rule("Execute", "Execute,rate=1/s")), framework.Use(limits(), framework.If("limits")), framework.When("limits", false),
		}},
		{name: "a key whose link was left out", parts: []framework.Part{
			open(rule("Execute", "Execute,rate=1/s")), server(field{"Limit", `grpc:"limit" optional:"true"`, (*Reader)(nil)}),
		}},
		{name: "a key of two links", parts: []framework.Part{
			open(rule("Execute", "Execute,rate=1/s")), limit, framework.Use(limits(), framework.Name("tenants")),
		}},
		{name: "a key of two links, by Rules", parts: []framework.Part{
			framework.Rules("DummyService/Execute", rateKey.Set("1/s")), limit, framework.Use(limits(), framework.Name("tenants")),
		}},
		{name: "a key qualified with a link that is none", parts: []framework.Part{open(rule("Execute", "Execute,tenant.rate=1/s")), limit}},
		{name: "a key For a link that is none", parts: []framework.Part{framework.Rules("DummyService/Execute", rateKey.Set("1/s").For("tenant")), limit}},
		{name: "a key that is not looked at", parts: []framework.Part{open(rule("Execute", "Execute,rate=1/s")), listing(rateKey)}},
		{name: "a key of a link that binds nothing", parts: []framework.Part{
			open(rule("Execute", "Execute,rate=1/s")), framework.Use(at{Name: "fixed", Keys: []framework.AnyKey{rateKey}}),
		}},
		{name: "a key that is read and not listed", parts: []framework.Part{
			framework.Use(&Reader{placement: framework.Placement{Name: "lister"}, read: func(m framework.MethodInfo) error {
				rateKey.Of(m)
				timeoutKey.Of(m)
				return nil
			}}, framework.On("DummyService/Execute")),
		}},
		{name: "a link that fails", parts: []framework.Part{
			open(rule("Execute", "Execute,rate=1/s")),
			framework.Use(&Reader{placement: framework.Placement{Name: "lister", Keys: []framework.AnyKey{rateKey}}, read: func(framework.MethodInfo) error {
				return errors.New("no disk")
			}}, framework.On("DummyService/Execute")),
		}},
		{name: "a bad value", parts: []framework.Part{open(rule("Execute", "Execute,timeout=2"), rule("All", "*,timeout=fast")), deadline}},
		{name: "a bad value of two links", parts: []framework.Part{
			open(rule("Execute", "Execute,timeout=2")), deadline, framework.Use(reader("other", framework.StageApp, timeoutKey)),
		}},
		{name: "a parse function that panics", parts: []framework.Part{
			open(rule("Execute", "Execute,size=4MiB")),
			listing(framework.NewKey("size", func(string) (int, error) { panic("oops") })),
		}},
		{name: "keys that are none", parts: []framework.Part{
			listing(nil, framework.Key[int]{}, framework.NewKey("a b", parseText), framework.NewKey[int]("size", nil)),
		}},
		{name: "two values as specific", parts: []framework.Part{open(rule("One", "Execute*,rate=1/s"), rule("Two", "Execute*,rate=2/s")), limit}},
		{name: "two values as specific, in a tag and in Rules", parts: []framework.Part{
			open(rule("Execute", "Execute,rate=1/s")), framework.Rules("sluice.testing.v1.DummyService/Execute", rateKey.Set("2/s")), limit,
		}},
		{name: "two values from protos", parts: []framework.Part{fromProtos(rateKey.Set("1/s")), fromProtos(rateKey.Set("2/s")), limit}},
		{name: "rules for a malformed pattern", parts: []framework.Part{framework.Rules("/DummyService/Execute", rateKey.Set("1/s")), limit}},
		{name: "rules for an unknown method", parts: []framework.Part{framework.Rules("DummyService/Exicute", rateKey.Set("1/s")), limit}},
		{name: "rules of the zero Setting", parts: []framework.Part{framework.Rules("?acme.*", framework.Setting{}), limit}},
		{name: "rules of the zero Key", parts: []framework.Part{framework.Rules("*", framework.Key[int]{}.Set(1)), limit}},
		{name: "the zero Setting from protos", parts: []framework.Part{fromProtos(framework.Setting{}), limit}},
		refused("no function for protos", framework.PolicyFrom(nil)),
		refused("a function for protos that fails", framework.PolicyFrom(func(d protoreflect.MethodDescriptor) ([]framework.Setting, error) {
			if d.Name() != "Execute" {
				return nil, nil
			}
			return nil, errors.New("no such option")
		})),
		refused("a function for protos that panics", framework.PolicyFrom(func(d protoreflect.MethodDescriptor) ([]framework.Setting, error) {
			if d.Name() != "Execute" {
				return nil, nil
			}
			panic("oops")
		})),
		{name: "a client's policy of an unknown service", client: true, parts: []framework.Part{
			framework.Policy(structOf("service=acme.shop.v1.Oders", rule("All", "*,rate=1/s"))), limit,
		}},
		{name: "a client's rule for an unknown method", client: true, parts: []framework.Part{closed(rule("One", "Exicute,rate=1/s")), limit}},
		{name: "a client's bad value", client: true, parts: []framework.Part{closed(rule("One", "Execute,timeout=1")), deadline}},
		{name: "a client's two values", client: true, parts: []framework.Part{
			closed(rule("One", "Execute,rate=1/s"), rule("Two", "Execute,rate=2/s")), limit, framework.Target("orders"),
		}},
	}
}

// closed is a policy of the dummy service that says nothing of a default.
func closed(fields ...field) framework.Part {
	return framework.Policy(structOf("service=DummyService", fields...))
}

// fromProtos is a source that says the same of the one method Execute.
func fromProtos(s ...framework.Setting) framework.Part {
	return framework.PolicyFrom(func(d protoreflect.MethodDescriptor) ([]framework.Setting, error) {
		if d.Name() != "Execute" {
			return nil, nil
		}
		return s, nil
	})
}
