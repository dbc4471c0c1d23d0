package ratelimit_test

import (
	"context"
	"fmt"
	"math"
	"strings"
	"testing"

	"golang.org/x/time/rate"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/ratelimit"
)

func nobody(context.Context, *framework.Call) (string, bool) { return "", false }

// All that is wrong with the options is told at once, always in the same order.
func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options ratelimit.Options
		want    string
	}{
		{"all at once", ratelimit.Options{
			Limit: -1, Burst: -2, MaxKeys: -3,
			Keys: map[string]func(context.Context, *framework.Call) (string, bool){
				"tenant": nil, "principal": nobody, "header:x": nobody, "a key": nobody, "": nobody, "fine": nobody,
			},
		}, `ratelimit: Options.Limit is -1; it is the number of calls a second, 0 for no limit
ratelimit: Options.Burst is -2; it is the number of calls at once, 0 for Limit rounded up
ratelimit: Options.MaxKeys is -3; it is the number of buckets of a method, 0 for 10000
ratelimit: Options.Keys[""] has a name that no tag can say; give it one without spaces, commas, quotes and equals
ratelimit: Options.Keys["a key"] has a name that no tag can say; give it one without spaces, commas, quotes and equals
ratelimit: Options.Keys["header:x"] has the name of a key that there is; give it another
ratelimit: Options.Keys["principal"] has the name of a key that there is; give it another
ratelimit: Options.Keys["tenant"] is nil; give it a function`},
		{
			"no number",
			ratelimit.Options{Limit: rate.Limit(math.NaN())},
			`ratelimit: Options.Limit is NaN; it is the number of calls a second, 0 for no limit`,
		},
		{
			"a burst of nothing",
			ratelimit.Options{Burst: 20},
			`ratelimit: Options.Burst is 20, and Options.Limit is 0, which is no limit; set it as well`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i, err := ratelimit.New(tt.options)
			if i != nil || err == nil || err.Error() != tt.want {
				t.Errorf("%v\ngot  %v\nwant %s", i, err, tt.want)
			}
		})
	}
}

// What is wrong with the rules is told when the chain is made, or bound to its methods, with the place and the cure.
func TestRulesRefused(t *testing.T) {
	t.Parallel()
	options := ratelimit.Options{Keys: map[string]func(context.Context, *framework.Call) (string, bool){"tenant": nobody}}
	link := framework.Use(newLimit(t, options))
	rules := func(s ...framework.Setting) framework.Part { return framework.Rules("DummyService/Execute", s...) }
	const at = `framework: Rules (main.go:42): rate.key of /sluice.testing.v1.DummyService/Execute: `
	for _, tt := range []struct {
		name  string
		side  framework.Side
		parts []framework.Part
		want  string
	}{
		{
			"a burst without a rate", framework.ServerSide,
			[]framework.Part{link, rules(ratelimit.Burst.Set(20))},
			`framework: Rules (main.go:42): link "ratelimit" lists rate.burst and did not read it for /sluice.testing.v1.DummyService/Execute; it may mean nothing without another key`,
		},
		{
			"a key without a rate", framework.ClientSide,
			[]framework.Part{link, rules(ratelimit.By.Set("tenant"))},
			`framework: Rules (main.go:42): link "ratelimit" lists rate.key and did not read it for /sluice.testing.v1.DummyService/Execute; it may mean nothing without another key`,
		},
		{
			"no calls at all", framework.ServerSide,
			[]framework.Part{link, rules(ratelimit.Rate.Set(0), ratelimit.Burst.Set(-1))},
			`framework: Rules (main.go:42): rate: "0/s" is not a rate; write events and a time: 100/s, 5/m, 1000/h, 10/5s; or none, for no limit
framework: Rules (main.go:42): rate.burst: "-1" is not a count; write a whole number from 1 up`,
		},
		{
			"an unknown key", framework.ServerSide,
			[]framework.Part{link, rules(ratelimit.Rate.Set(1), ratelimit.By.Set("principle"))},
			at + `principle: unknown key (did you mean "principal"?)`,
		},
		{
			"a key like no other", framework.ClientSide,
			[]framework.Part{link, rules(ratelimit.Rate.Set(1), ratelimit.By.Set("customer"))},
			at + `customer: unknown key; there are ["header:…" "peer" "principal" "tenant"]`,
		},
		{
			"no header", framework.ServerSide,
			[]framework.Part{link, rules(ratelimit.Rate.Set(1), ratelimit.By.Set("header:"))},
			`framework: Rules (main.go:42): rate.key: "" is not the name of a header; write it as in header:x-tenant-id, in small letters`,
		},
		{
			"the principal before it is known", framework.ServerSide,
			[]framework.Part{link, rules(ratelimit.Rate.Set(1), ratelimit.By.Set("principal")), authenticating()},
			at + `principal: no link in stage "authenticate" stands outside of this one to tell who calls; move this one inwards, with stage=authorize`,
		},
		{
			"the principal of nobody", framework.ServerSide,
			[]framework.Part{framework.Use(newLimit(t, options), framework.At(framework.StageAuthorize)), rules(ratelimit.Rate.Set(1), ratelimit.By.Set("principal")), authenticating(framework.Except("DummyService/Execute"))},
			at + `principal: no link in stage "authenticate" stands outside of this one to tell who calls; move this one inwards, with stage=authorize`,
		},
		{
			"a client's principal", framework.ClientSide,
			[]framework.Part{link, rules(ratelimit.Rate.Set(1), ratelimit.By.Set("principal"))},
			at + `principal: a client's calls have no principal; use a key of your own, of Options.Keys`,
		},
		{
			"a client's peer", framework.ClientSide,
			[]framework.Part{link, rules(ratelimit.Rate.Set(1), ratelimit.By.Set("peer"))},
			at + `peer: a client does not know its peer before a call is sent; use a key of your own, of Options.Keys`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := refused(tt.side, tt.parts); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// Tags that can't be read are told with the place in the tag.
func TestTagsRefused(t *testing.T) {
	t.Parallel()
	type policy struct {
		_      struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		Fast   framework.Rule `grpc:"Execute,rate=fast"`
		Burst  framework.Rule `grpc:"ExecuteClientStream,rate=1/s,rate.burst=0"`
		Header framework.Rule `grpc:"ExecuteServerStream,rate=1/s,rate.key=header:X-Tenant-ID"`
		None   framework.Rule `grpc:"ExecuteClientServerStream,rate=1/s,rate.key"`
	}
	got := refused(framework.ServerSide, []framework.Part{framework.Use(newLimit(t, ratelimit.Options{})), framework.Policy(policy{})})
	const want = `sluice: 4 problems in ratelimit_test.policy (main.go:42)
  Fast: rate: "fast" is not a rate; write events and a time: 100/s, 5/m, 1000/h, 10/5s; or none, for no limit
    grpc:"Execute,rate=fast"
                  ^
  Burst: rate.burst: "0" is not a count; write a whole number from 1 up
    grpc:"ExecuteClientStream,rate=1/s,rate.burst=0"
                                       ^
  Header: rate.key: "X-Tenant-ID" is not the name of a header; write it as in header:x-tenant-id, in small letters
    grpc:"ExecuteServerStream,rate=1/s,rate.key=header:X-Tenant-ID"
                                       ^
  None: rate.key: it is not said which calls share a bucket; write principal, peer, header:x-tenant-id, or the name of a key of your own
    grpc:"ExecuteClientServerStream,rate=1/s,rate.key"
                                             ^`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// refused is what is said of parts that were declared at main.go:41 and below, one a line.
func refused(side framework.Side, parts []framework.Part) string {
	placed := make([]framework.Part, len(parts))
	for i, p := range parts {
		placed[i] = framework.DeclaredAt(fmt.Sprintf("main.go:%d", 41+i), p)
	}
	if side == framework.ClientSide {
		_, err := framework.NewClientChain(placed...)
		return fmt.Sprint(err)
	}
	chain, err := framework.NewServerChain(placed...)
	if err != nil {
		return err.Error()
	}
	server := grpc.NewServer()
	dummypb.RegisterDummyServiceServer(server, dummypb.UnimplementedDummyServiceServer{})
	return strings.TrimSpace(fmt.Sprint(chain.Bind(server.GetServiceInfo())))
}
