package concurrency_test

import (
	"fmt"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/concurrency"
)

type policy struct {
	_     struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
	All   framework.Rule `grpc:"*,concurrent=2"`
	Unary framework.Rule `grpc:"Execute,concurrent=1"`
}

// The most specific rule counts, and one counts more than the default.
func TestRule(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]framework.Part{
		"tags": {framework.Policy(policy{})},
		"options": {
			framework.Rules("DummyService/*", concurrency.Key.Set(2)),
			framework.Rules("DummyService/Execute", concurrency.Key.Set(1)),
		},
	} {
		for _, kind := range kinds {
			t.Run(name+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				limit := 2
				if kind == framework.Unary {
					limit = 1
				}
				g := newGate()
				client := frameworktest.DummyClient(t, g.cases(),
					frameworktest.ServerParts(append(rules, limiting(t, concurrency.Options{Limit: 100}))...))
				var all []<-chan error
				for range limit {
					all = append(all, g.holds(t, client, kind))
				}
				wantRefused(t, client, kind, fmt.Sprintf(methodFull, limit))
				close(g.open)
				for _, ended := range all {
					if err := <-ended; err != nil {
						t.Error(err)
					}
				}
			})
		}
	}
}

type (
	zero struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,concurrent=0"`
	}
	noValue struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,concurrent"`
	}
	fraction struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,concurrent=1.5"`
	}
)

// Rules that can't be are refused before anything is served, with the place and the cure.
func TestBadRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		rule framework.Part
		want string
	}{
		{"zero", framework.Policy(zero{}), `
sluice: 1 problem in concurrency_test.zero (orders.go:7)
  All: concurrent: "0" is not a count; write a whole number from 1 up
    grpc:"*,concurrent=0"
            ^`},
		{"no value", framework.Policy(noValue{}), `
sluice: 1 problem in concurrency_test.noValue (orders.go:7)
  All: concurrent: "" is not a count; write a whole number from 1 up
    grpc:"*,concurrent"
            ^`},
		{"fraction", framework.Policy(fraction{}), `
sluice: 1 problem in concurrency_test.fraction (orders.go:7)
  All: concurrent: "1.5" is not a count; write a whole number from 1 up
    grpc:"*,concurrent=1.5"
            ^`},
		{"option of zero", framework.Rules("DummyService/Execute", concurrency.Key.Set(0)), `
framework: Rules (orders.go:7): concurrent: "0" is not a count; write a whole number from 1 up`},
		{"negative option", framework.Rules("DummyService/Execute", concurrency.Key.Set(-3)), `
framework: Rules (orders.go:7): concurrent: "-3" is not a count; write a whole number from 1 up`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := bind(framework.DeclaredAt("orders.go:7", tt.rule),
				framework.DeclaredAt("main.go:12", limiting(t, concurrency.Options{})))
			if got := fmt.Sprintf("\n%v", err); got != tt.want {
				t.Errorf("got%s\nwant%s", got, tt.want)
			}
		})
	}
}

// bind is what a server with the parts says when it starts.
func bind(parts ...framework.Part) error {
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		return err
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, &frameworktest.DummyService{})
	return chain.Bind(server.GetServiceInfo())
}
