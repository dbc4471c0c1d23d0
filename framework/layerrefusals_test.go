package framework_test

import "github.com/sluice-go/sluice/framework"

// layerRefusals are of what is said for services.
func layerRefusals() []refusal {
	cache := tagged("Cache", "cache", &Cache{})
	of := func(line string, fields ...field) framework.Part {
		return framework.Struct(structOf("chain=server,"+line, fields...))
	}
	dummy := framework.ForService("DummyService")
	return []refusal{
		refused("inherit without a service", of("inherit=none", cache)),
		refused("without, and no service", of("without=logging ?audit", cache)),
		refused("Inherit without a service", use(framework.Name("cache"), framework.Inherit(framework.InheritNone))),
		refused("WithoutLinks, and no service", use(framework.Name("cache"), framework.WithoutLinks("logging"))),
		refused("an unknown way to inherit", of("service=DummyService,inherit=inner", cache)),
		refused("an unknown way to Inherit", use(framework.Name("cache"), dummy, framework.Inherit("inner"))),
		refused("a service that is a pattern", of("service=sluice.*", cache)),
		refused("ForService of a pattern", use(framework.Name("cache"), framework.ForService("sluice.*", "*", "DummyService/Execute"))),
		refused("a service that is unprintable", of("service='a\u00a0b'", cache, tagged("Audit", "audit", &Audit{}))),
		refused("an unknown service", of("service=sluice.testing.v1.DumyService", cache, tagged("Audit", "audit", &Audit{}))),
		refused("ForService of an unknown service", use(framework.Name("cache"), framework.ForService("acme.Orders"))),
		{name: "a short service of two", services: twoOrders(), parts: []framework.Part{of("service=Orders", cache)}},
		{name: "without an unknown link", parts: []framework.Part{
			of("service=DummyService,without=loging ?nobody", cache, tagged("Audit", "audit", &Audit{})),
			use(framework.Name("logging")),
		}},
		{name: "WithoutLinks of an unknown link", parts: []framework.Part{
			use(framework.Name("cache"), dummy, framework.WithoutLinks("loging")), use(framework.Name("logging")),
		}},
		{name: "without a link of its own service", parts: []framework.Part{
			of("service=DummyService,without=audit", cache, tagged("Audit", "audit", &Audit{})),
		}},
		{name: "two ways to inherit", parts: []framework.Part{
			of("service=DummyService,inherit=stage", cache),
			of("service=sluice.testing.v1.DummyService,inherit=none", tagged("Audit", "audit", &Audit{})),
		}},
		{name: "two ways to Inherit", parts: []framework.Part{
			use(framework.Name("cache"), dummy, framework.Inherit(framework.InheritStage)),
			use(framework.Name("audit"), dummy, framework.Inherit(framework.InheritNone)),
		}},
		{name: "a service's name that the whole chain has", parts: []framework.Part{
			use(framework.Name("cache")), of("service=DummyService", cache),
		}},
		{name: "a service's link before one of the whole chain", parts: []framework.Part{
			use(framework.Name("audit")), of("service=DummyService", tagged("Cache", "cache,before=audit", &Cache{})),
		}},
		{name: "a cycle among a service's links", parts: []framework.Part{
			use(framework.Name("audit"), framework.Before("cache"), framework.After("cache")),
			of("service=DummyService,inherit=stage", cache),
		}},
	}
}
