package retry_test

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/retry"
)

// All that is wrong with the options is told at once, always in the same order.
func TestOptionsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options retry.Options
		want    string
	}{
		{"all at once", retry.Options{
			Attempts: -1, On: retry.Codes{}, MaxDelay: -time.Second, KeepRequests: -2, Budget: retry.Budget{Tokens: -3, Ratio: -0.5},
		}, `retry: Options.Attempts is -1; it is the number of attempts in all, 0 for those of rules alone
retry: Options.On: no code is said; write one or more, as in UNAVAILABLE ABORTED
retry: Options.MaxDelay is -1s; it is the longest pause between two attempts, 0 for 30s
retry: Options.KeepRequests is -2; it is a number of messages, 0 for 64
retry: Options.Budget.Tokens is -3; it is a number from 1 to 1000, 0 for 10
retry: Options.Budget.Ratio is -0.5; it is the part of a token that a success brings, from 0.001 to 1, 0 for 0.1`},
		{
			"OK",
			retry.Options{On: retry.Codes{errmap.Unavailable, errmap.Code(codes.OK)}},
			"retry: Options.On: 0 is no code of a failure; take the constants of errmap",
		},
		{
			"no code",
			retry.Options{On: retry.Codes{17}},
			"retry: Options.On: 17 is no code of a failure; take the constants of errmap",
		},
		{
			"a budget for everything",
			retry.Options{Budget: retry.Budget{Tokens: 1001, Ratio: 1.5}},
			`retry: Options.Budget.Tokens is 1001; it is a number from 1 to 1000, 0 for 10
retry: Options.Budget.Ratio is 1.5; it is the part of a token that a success brings, from 0.001 to 1, 0 for 0.1`,
		},
		{
			"no number",
			retry.Options{Budget: retry.Budget{Ratio: math.NaN()}},
			`retry: Options.Budget.Ratio is NaN; it is the part of a token that a success brings, from 0.001 to 1, 0 for 0.1`,
		},
		{
			"more than the budget lets be",
			retry.Options{Attempts: 6},
			`retry: Options.Attempts: of 6 attempts the budget lets one RPC make 5; ask for fewer, or set Options.Budget.Tokens to 11 or more`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i, err := retry.New(tt.options)
			if i != nil || err == nil || err.Error() != tt.want {
				t.Errorf("%v\ngot  %v\nwant %s", i, err, tt.want)
			}
		})
	}
}

// Options are copied.
func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	o := steady()
	o.On = retry.Codes{errmap.Unavailable}
	i := newRetry(t, o)
	o.On[0] = errmap.NotFound
	result := frameworktest.Run(t, i, frameworktest.Case{
		Side: framework.ClientSide, Err: status.Error(codes.NotFound, "gone"),
		Rules: []framework.Setting{retry.Attempts.Set(2), retry.Idempotent.Set(true)},
	})
	if result.Runs != 1 {
		t.Errorf("%d attempts", result.Runs)
	}
}

// Of the budget that the refusal names all attempts can be made.
func TestBudgetIsEnough(t *testing.T) {
	t.Parallel()
	for attempts, tokens := range map[int]int{2: 3, 3: 5, 5: 10, 6: 11, 500: 999} {
		for _, few := range []bool{false, true} {
			o := retry.Options{Attempts: attempts, Budget: retry.Budget{Tokens: tokens}}
			if few {
				o.Budget.Tokens = 2*attempts - 2
			}
			if _, err := retry.New(o); (err != nil) != few {
				t.Errorf("%d of %d tokens: %v", attempts, o.Budget.Tokens, err)
			}
		}
	}
	if _, err := retry.New(retry.Options{Attempts: retry.None, Budget: retry.Budget{Tokens: 1}}); err != nil {
		t.Error(err)
	}
}

// What is wrong with the rules is told when the chain is made, with the place and the cure.
func TestRulesRefused(t *testing.T) {
	t.Parallel()
	const (
		unary  = " of /sluice.testing.v1.DummyService/Execute: "
		upload = " of /sluice.testing.v1.DummyService/ExecuteClientStream: "
		bidi   = " of /sluice.testing.v1.DummyService/ExecuteClientServerStream: "

		rules   = "framework: Rules (main.go:42): "
		repeats = "the method is not known to be idempotent, and what a lost attempt did would be done again; " +
			"add the rule idempotent if that does no harm, or say so in the proto by idempotency_level; else say "
	)
	idempotent, two := retry.Idempotent.Set(true), retry.Hedge.Set(retry.Hedging{Attempts: 2})
	for _, tt := range []struct {
		name  string
		kind  framework.Kind
		rules []framework.Setting
		want  string
	}{
		{"not idempotent", framework.Unary, []framework.Setting{retry.Attempts.Set(3)}, rules + "retry" + unary + repeats + "retry=none"},
		{"not idempotent, hedged", framework.Unary, []framework.Setting{two}, rules + "hedge" + unary + repeats + "hedge=none"},
		{
			"not idempotent, said so", framework.Unary,
			[]framework.Setting{retry.Idempotent.Set(false)},
			rules + `idempotent: it takes no value, and has "false"; leave that out, or the rule`,
		},
		{
			"bidi", framework.BidiStream,
			[]framework.Setting{retry.Attempts.Set(3), idempotent},
			rules + "retry" + bidi + "what is sent on a bidi stream may answer what came, and can't be sent again by itself; say retry=none",
		},
		{
			"a hedged stream", framework.ClientStream,
			[]framework.Setting{two, idempotent},
			rules + "hedge" + upload + "only unary RPCs are hedged; say hedge=none for the stream",
		},
		{
			"both", framework.Unary,
			[]framework.Setting{retry.Attempts.Set(3), two, idempotent},
			rules + "retry" + unary + "hedge is said as well: an RPC is retried or hedged, not both; say retry=none or hedge=none",
		},
		{
			"more than the budget lets be", framework.Unary,
			[]framework.Setting{retry.Attempts.Set(6), idempotent},
			rules + "retry" + unary + "of 6 attempts the budget lets one RPC make 5; ask for fewer, or set Options.Budget.Tokens to 11 or more",
		},
		{
			"more hedges than that", framework.Unary,
			[]framework.Setting{retry.Hedge.Set(retry.Hedging{Attempts: 9, After: 1}), idempotent},
			rules + "hedge" + unary + "of 9 attempts the budget lets one RPC make 5; ask for fewer, or set Options.Budget.Tokens to 17 or more",
		},
		{
			"codes of nothing", framework.Unary,
			[]framework.Setting{retry.On.Set(retry.Codes{errmap.Unavailable}), idempotent},
			rules + `link "retry" lists retry.on and did not read it for /sluice.testing.v1.DummyService/Execute; it may mean nothing without another key`,
		},
		{
			"a pause of hedges", framework.Unary,
			[]framework.Setting{two, retry.Backoff.Set(retry.Pause{First: 1}), idempotent},
			rules + `link "retry" lists retry.backoff and did not read it for /sluice.testing.v1.DummyService/Execute; it may mean nothing without another key`,
		},
		{
			"no attempt", framework.Unary,
			[]framework.Setting{retry.Attempts.Set(0), idempotent},
			rules + `retry: "0" is not a number of attempts; write a whole number from 2 up, which counts the first one, or none`,
		},
		{
			"one hedge", framework.Unary,
			[]framework.Setting{retry.Hedge.Set(retry.Hedging{Attempts: 1, After: time.Second}), idempotent},
			rules + `hedge: "1/1s" is not a hedging; write the attempts, from 2 up, and the time between them: 2/50ms, 3/1s; or none`,
		},
		{
			"OK", framework.Unary,
			[]framework.Setting{retry.Attempts.Set(2), retry.On.Set(retry.Codes{0}), idempotent},
			rules + `retry.on: unknown code "code(0)"; write a name of google.rpc.Code, such as "NOT_FOUND"`,
		},
		{
			"no pause", framework.Unary,
			[]framework.Setting{retry.Attempts.Set(2), retry.Backoff.Set(retry.Pause{}), idempotent},
			rules + `retry.backoff: "0s" would have all try again at once; write a longer time, as in 50ms`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := refused(framework.Use(newRetry(t, retry.Options{})), framework.Rules(methods[tt.kind], tt.rules...))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// A link of a client does not stand on a server.
func TestServerRefused(t *testing.T) {
	t.Parallel()
	_, err := framework.NewServerChain(framework.DeclaredAt("main.go:41", framework.Use(newRetry(t, retry.Options{}))))
	const want = `framework: link "retry" (main.go:41)`
	if err == nil || !strings.HasPrefix(err.Error(), want) {
		t.Errorf("got %v", err)
	}
}

// Tags that can't be read, and those that can't be done, are told with the place in the tag.
func TestTagsRefused(t *testing.T) {
	t.Parallel()
	type unreadable struct {
		_     struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		One   framework.Rule `grpc:"Execute,idempotent,retry=1"`
		Many  framework.Rule `grpc:"ExecuteClientStream,idempotent=yes,retry=many"`
		Codes framework.Rule `grpc:"ExecuteServerStream,idempotent,retry=2,retry.on=UNAVAILABLE unavailable"`
		OK    framework.Rule `grpc:"ExecuteClientServerStream,retry.on=OK,retry.backoff=50"`
	}
	type more struct {
		_     struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		None  framework.Rule `grpc:"Execute,retry,retry.on,retry.backoff,hedge"`
		Turn  framework.Rule `grpc:"ExecuteClientStream,retry.backoff=2s..50ms,hedge=2"`
		Zero  framework.Rule `grpc:"ExecuteServerStream,retry.backoff=0s,hedge=1/50ms"`
		Hedge framework.Rule `grpc:"ExecuteClientServerStream,retry.backoff=50ms..,hedge=2/-50ms"`
	}
	type undoable struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		All framework.Rule `grpc:"*,retry=3,idempotent"`
		One framework.Rule `grpc:"Execute,hedge=2/50ms"`
	}
	for _, tt := range []struct {
		name   string
		policy any
		want   string
	}{
		{"unreadable", unreadable{}, `sluice: 6 problems in retry_test.unreadable (main.go:42)
  One: retry: "1" is not a number of attempts; write a whole number from 2 up, which counts the first one, or none
    grpc:"Execute,idempotent,retry=1"
                             ^
  Many: idempotent: it takes no value, and has "yes"; leave that out, or the rule
    grpc:"ExecuteClientStream,idempotent=yes,retry=many"
                              ^
  Many: retry: "many" is not a number of attempts; write a whole number from 2 up, which counts the first one, or none
    grpc:"ExecuteClientStream,idempotent=yes,retry=many"
                                             ^
  Codes: retry.on: unknown code "unavailable"; write a name of google.rpc.Code, such as "NOT_FOUND"
    grpc:"ExecuteServerStream,idempotent,retry=2,retry.on=UNAVAILABLE unavailable"
                                                 ^
  OK: retry.on: code "OK" is not an error; name one of the sixteen others, such as "NOT_FOUND"
    grpc:"ExecuteClientServerStream,retry.on=OK,retry.backoff=50"
                                    ^
  OK: retry.backoff: "50" is not a pause; write the longest first pause, and the longest of all if it is not ten times that: 50ms, 50ms..2s
    grpc:"ExecuteClientServerStream,retry.on=OK,retry.backoff=50"
                                                ^`},
		{"more", more{}, `sluice: 10 problems in retry_test.more (main.go:42)
  None: retry: "" is not a number of attempts; write a whole number from 2 up, which counts the first one, or none
    grpc:"Execute,retry,retry.on,retry.backoff,hedge"
                  ^
  None: retry.on: no code is said; write one or more, as in UNAVAILABLE ABORTED
    grpc:"Execute,retry,retry.on,retry.backoff,hedge"
                        ^
  None: retry.backoff: "" is not a pause; write the longest first pause, and the longest of all if it is not ten times that: 50ms, 50ms..2s
    grpc:"Execute,retry,retry.on,retry.backoff,hedge"
                                 ^
  None: hedge: "" is not a hedging; write the attempts, from 2 up, and the time between them: 2/50ms, 3/1s; or none
    grpc:"Execute,retry,retry.on,retry.backoff,hedge"
                                               ^
  Turn: retry.backoff: "2s..50ms" ends before it begins; write the longer time second, as in 50ms..2s
    grpc:"ExecuteClientStream,retry.backoff=2s..50ms,hedge=2"
                              ^
  Turn: hedge: "2" is not a hedging; write the attempts, from 2 up, and the time between them: 2/50ms, 3/1s; or none
    grpc:"ExecuteClientStream,retry.backoff=2s..50ms,hedge=2"
                                                     ^
  Zero: retry.backoff: "0s" would have all try again at once; write a longer time, as in 50ms
    grpc:"ExecuteServerStream,retry.backoff=0s,hedge=1/50ms"
                              ^
  Zero: hedge: "1/50ms" is not a hedging; write the attempts, from 2 up, and the time between them: 2/50ms, 3/1s; or none
    grpc:"ExecuteServerStream,retry.backoff=0s,hedge=1/50ms"
                                               ^
  Hedge: retry.backoff: "50ms.." is not a pause; write the longest first pause, and the longest of all if it is not ten times that: 50ms, 50ms..2s
    grpc:"ExecuteClientServerStream,retry.backoff=50ms..,hedge=2/-50ms"
                                    ^
  Hedge: hedge: "2/-50ms" is not a hedging; write the attempts, from 2 up, and the time between them: 2/50ms, 3/1s; or none
    grpc:"ExecuteClientServerStream,retry.backoff=50ms..,hedge=2/-50ms"
                                                         ^`},
		{"undoable", undoable{}, `sluice: 2 problems in retry_test.undoable (main.go:42)
  All: retry of /sluice.testing.v1.DummyService/Execute: hedge is said as well: an RPC is retried or hedged, not both; say retry=none or hedge=none
    grpc:"*,retry=3,idempotent"
            ^
  All: retry of /sluice.testing.v1.DummyService/ExecuteClientServerStream: what is sent on a bidi stream may answer what came, and can't be sent again by itself; say retry=none
    grpc:"*,retry=3,idempotent"
            ^`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := refused(framework.Use(newRetry(t, retry.Options{})), framework.Policy(tt.policy))
			if got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

// refused is what is said of parts that were declared at main.go:41 and below, one a line.
func refused(parts ...framework.Part) string {
	placed := make([]framework.Part, len(parts))
	for i, p := range parts {
		placed[i] = framework.DeclaredAt(fmt.Sprintf("main.go:%d", 41+i), p)
	}
	_, err := framework.NewClientChain(placed...)
	return fmt.Sprint(err)
}
