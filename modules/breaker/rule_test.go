package breaker_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/breaker"
)

// All that is wrong with the options is told at once.
func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options breaker.Options
		want    string
	}{
		{"all at once", breaker.Options{
			Per: 3, Codes: []errmap.Code{}, Failures: -1, Ratio: 1.5, Window: time.Millisecond, MinRequests: -2, OpenFor: -time.Second, HalfOpen: 1001,
		}, `breaker: Options.Per is 3; take PerService, PerMethod or None
breaker: Options.Codes is empty, so nothing would fail; name codes, or leave it nil
breaker: Options.Failures is -1; it is a number of failures in a row, 0 for 5
breaker: Options.Ratio is 1.5; it is the part of RPCs that fail, above 0 to 1, 0 for none
breaker: Options.Window is 1ms; it is the time that Ratio looks back, from 10ms up, 0 for 10s
breaker: Options.MinRequests is -2; it is a number of RPCs in the Window, 0 for 20
breaker: Options.OpenFor is -1s; it is the time before a probe, 0 for 30s
breaker: Options.HalfOpen is 1001; it is a number of probes from 1 to 1000, 0 for 1`},
		{"OK", breaker.Options{Codes: []errmap.Code{errmap.Internal, 0}}, "breaker: Options.Codes: 0 is no code of a failure; take the constants of errmap"},
		{"no code", breaker.Options{Codes: []errmap.Code{17}}, "breaker: Options.Codes: 17 is no code of a failure; take the constants of errmap"},
		{"no number", breaker.Options{Ratio: math.NaN()}, "breaker: Options.Ratio is NaN; it is the part of RPCs that fail, above 0 to 1, 0 for none"},
		{
			"a window of nothing",
			breaker.Options{Window: time.Second},
			"breaker: Options.Window and MinRequests mean nothing without Options.Ratio; set that, or leave them out",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if i, err := breaker.New(tt.options); i != nil || err == nil || err.Error() != tt.want {
				t.Errorf("%v\ngot  %v\nwant %s", i, err, tt.want)
			}
		})
	}
}

type (
	perMethod struct {
		_    struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		All  framework.Rule `grpc:"*,breaker=method"`
		Bidi framework.Rule `grpc:"ExecuteClientServerStream,breaker=none"`
	}
	unreadable struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		All framework.Rule `grpc:"*,breaker=on"`
		One framework.Rule `grpc:"Execute,breaker"`
	}
)

// Rules say what has a circuit, by tag and by option, whatever the options say.
func TestRules(t *testing.T) {
	t.Parallel()
	for name, rules := range map[string][]framework.Part{
		"tags": {framework.Policy(perMethod{})},
		"options": {
			framework.Rules("DummyService/*", breaker.Key.Set(breaker.PerMethod)),
			framework.Rules("DummyService/ExecuteClientServerStream", breaker.Key.Set(breaker.None)),
		},
	} {
		for _, per := range []breaker.Per{breaker.PerService, breaker.None} {
			t.Run(name+"/"+per.String(), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, framework.Unary, breaker.Options{Per: per}, rules...)
				r.fail(5)
				r.wantRefused(breaker.ReasonOpen)
				r.kind = framework.ServerStream
				r.want(codes.OK)
				r.kind = framework.BidiStream
				r.fail(10)
				if open := r.open(); !slices.Equal(open, []string{"Execute"}) {
					t.Errorf("%q", open)
				}
			})
		}
	}
}

// open are the methods whose circuits are.
func (r *rig) open() (methods []string) {
	for _, c := range r.i.States() {
		if c.State == gobreaker.StateOpen {
			methods = append(methods, c.Method)
		}
	}
	return methods
}

// The methods of a service share a circuit where nothing is said.
func TestServiceShares(t *testing.T) {
	t.Parallel()
	r := newRig(t, framework.Unary, breaker.Options{})
	r.fail(5)
	for _, r.kind = range kinds {
		r.wantRefused(breaker.ReasonOpen)
	}
}

// Rules that can't be are refused before anything is called, with the place and the cure.
func TestRulesRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		rule framework.Part
		want string
	}{
		{"tags", framework.Policy(unreadable{}), `sluice: 2 problems in breaker_test.unreadable (main.go:42)
  All: breaker: "on" is not what a circuit is for; write service, method or none
    grpc:"*,breaker=on"
            ^
  One: breaker: "" is not what a circuit is for; write service, method or none
    grpc:"Execute,breaker"
                  ^`},
		{
			"option", framework.Rules("DummyService/Execute", breaker.Key.Set(7)),
			`framework: Rules (main.go:42): breaker: "Per(7)" is not what a circuit is for; write service, method or none`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := framework.NewClientChain(framework.Use(newBreaker(t, breaker.Options{})), framework.DeclaredAt("main.go:42", tt.rule))
			if fmt.Sprint(err) != tt.want {
				t.Errorf("got\n%v\nwant\n%s", err, tt.want)
			}
		})
	}
	_, err := framework.NewServerChain(framework.DeclaredAt("main.go:41", framework.Use(newBreaker(t, breaker.Options{}))))
	if err == nil || !strings.HasPrefix(err.Error(), `framework: link "breaker" (main.go:41)`) {
		t.Errorf("a server: %v", err)
	}
}

// However many methods are called, the circuits are bounded; a call beyond them is as without.
func TestManyMethods(t *testing.T) {
	t.Parallel()
	i := newBreaker(t, breaker.Options{Per: breaker.PerMethod})
	for n := range 5000 {
		bound, err := i.Bind(framework.MethodInfo{Method: framework.Method{Service: "S", Name: fmt.Sprint(n)}})
		if err != nil || (bound != nil) != (n < 1<<12) {
			t.Fatalf("%d: %v, %v", n, bound, err)
		}
	}
	result := frameworktest.Run(t, framework.InterceptorFunc(i.Intercept), frameworktest.Case{Side: framework.ClientSide})
	if n := len(i.States()); n != 1<<12 || result.Err != nil {
		t.Errorf("%d circuits, %v", n, result.Err)
	}
}

// An Interceptor that nobody bound has the circuits that its options say.
func TestUnbound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		per  breaker.Per
		want []breaker.Place
	}{
		{breaker.PerService, []breaker.Place{{Service: service}}},
		{breaker.PerMethod, []breaker.Place{{Service: service, Method: "Execute"}}},
		{breaker.None, nil},
	} {
		i := newBreaker(t, breaker.Options{Per: tt.per})
		result := frameworktest.Run(t, framework.InterceptorFunc(i.Intercept), frameworktest.Case{Side: framework.ClientSide})
		var got []breaker.Place
		for _, c := range i.States() {
			got = append(got, c.Place)
		}
		if result.Runs != 1 || !slices.Equal(got, tt.want) {
			t.Errorf("%s: %d runs, %+v", tt.per, result.Runs, got)
		}
	}
}
