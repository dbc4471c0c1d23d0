package timeout_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/timeout"
)

type serverPolicy struct {
	_      struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
	All    framework.Rule `grpc:"*,timeout=2s"`
	Unary  framework.Rule `grpc:"Execute,timeout=300ms"`
	Upload framework.Rule `grpc:"ExecuteClientStream,timeout=1h30m"`
	Watch  framework.Rule `grpc:"ExecuteServerStream,timeout=none"`
}

// clientPolicy says the same. Who may call is not a client's to say.
type clientPolicy struct {
	_      struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
	All    framework.Rule `grpc:"*,timeout=2s"`
	Unary  framework.Rule `grpc:"Execute,timeout=300ms"`
	Upload framework.Rule `grpc:"ExecuteClientStream,timeout=1h30m"`
	Watch  framework.Rule `grpc:"ExecuteServerStream,timeout=none"`
}

// typed says what these do.
func typed() []framework.Part {
	const service = "sluice.testing.v1.DummyService/"
	return []framework.Part{
		framework.Rules(service+"*", timeout.Key.Set(2*time.Second)),
		framework.Rules(service+"Execute", timeout.Key.Set(300*time.Millisecond)),
		framework.Rules(service+"ExecuteClientStream", timeout.Key.Set(90*time.Minute)),
		framework.Rules(service+"ExecuteServerStream", timeout.Key.Set(timeout.None)),
	}
}

// The most specific rule counts, and one counts more than the default.
func TestRule(t *testing.T) {
	t.Parallel()
	want := map[framework.Kind]time.Duration{
		framework.Unary:        300 * time.Millisecond,
		framework.ClientStream: 90 * time.Minute,
		framework.ServerStream: 0,
		framework.BidiStream:   2 * time.Second,
	}
	for _, tt := range []struct {
		name  string
		side  framework.Side
		parts []framework.Part
	}{
		{"tags", framework.ServerSide, []framework.Part{framework.Policy(serverPolicy{})}},
		{"options", framework.ServerSide, typed()},
		{"tags", framework.ClientSide, []framework.Part{framework.Policy(clientPolicy{})}},
		{"options", framework.ClientSide, typed()},
	} {
		t.Run(tt.side.String()+"/"+tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				parts := append([]framework.Part{framework.Use(newTimeout(t, timeout.Options{Default: time.Hour}))}, tt.parts...)
				var got time.Duration
				client := frameworktest.DummyClient(t, on(tt.side, parts...), handling(func(ctx context.Context) error {
					got = remaining(ctx)
					return nil
				}))
				if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil || got != want[kind] {
					t.Errorf("%s, %v, want %s", got, err, want[kind])
				}
			})
		})
	}
}

// A tag and an option that say the same agree.
func TestRuleSaidTwice(t *testing.T) {
	t.Parallel()
	parts := append(typed(), framework.Policy(clientPolicy{}), framework.Use(newTimeout(t, timeout.Options{})))
	if _, err := framework.NewClientChain(parts...); err != nil {
		t.Error(err)
	}
}

type (
	noUnit struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,timeout=2"`
	}
	noValue struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,timeout"`
	}
	zero struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,timeout=0s"`
	}
	negative struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,timeout=-2s"`
	}
	otherWord struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,timeout=never"`
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
		{"no unit", framework.Policy(noUnit{}), `
sluice: 1 problem in timeout_test.noUnit (orders.go:7)
  All: timeout: "2" is not a duration; write it with units: 300ms, 2s, 1h30m; or none, for no limit
    grpc:"*,timeout=2"
            ^`},
		{"no value", framework.Policy(noValue{}), `
sluice: 1 problem in timeout_test.noValue (orders.go:7)
  All: timeout: "" is not a duration; write it with units: 300ms, 2s, 1h30m; or none, for no limit
    grpc:"*,timeout"
            ^`},
		{"zero", framework.Policy(zero{}), `
sluice: 1 problem in timeout_test.zero (orders.go:7)
  All: timeout: 0s would end every RPC at once; write a longer time, or none for no limit
    grpc:"*,timeout=0s"
            ^`},
		{"negative", framework.Policy(negative{}), `
sluice: 1 problem in timeout_test.negative (orders.go:7)
  All: timeout: duration "-2s" is negative; write 300ms, 2s, 1h30m; or none, for no limit
    grpc:"*,timeout=-2s"
            ^`},
		{"another word", framework.Policy(otherWord{}), `
sluice: 1 problem in timeout_test.otherWord (orders.go:7)
  All: timeout: "never" is not a duration; write it with units: 300ms, 2s, 1h30m; or none, for no limit
    grpc:"*,timeout=never"
            ^`},
		{"option of zero", framework.Rules("DummyService/Execute", timeout.Key.Set(0)), `
framework: Rules (orders.go:7): timeout: 0s would end every RPC at once; write a longer time, or none for no limit`},
		{"negative option", framework.Rules("DummyService/Execute", timeout.Key.Set(-time.Second)), `
framework: Rules (orders.go:7): timeout: duration "-1s" is negative; write 300ms, 2s, 1h30m; or none, for no limit`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := bind(framework.DeclaredAt("orders.go:7", tt.rule),
				framework.DeclaredAt("main.go:12", framework.Use(newTimeout(t, timeout.Options{}))))
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
