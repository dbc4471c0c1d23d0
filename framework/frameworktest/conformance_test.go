package frameworktest_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
)

func TestInterceptorPasses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		new     func() framework.Interceptor
		options []frameworktest.ConformanceOption
	}{
		{"a pass-through", function(passThrough), nil},
		{"one that watches everything", function(watchAll), nil},
		{"a cache", newCache, []frameworktest.ConformanceOption{
			frameworktest.Answers(), frameworktest.WithoutKinds(framework.ServerStream, framework.BidiStream),
		}},
		{"a fallback", function(fallBack), []frameworktest.ConformanceOption{
			frameworktest.Answers(), frameworktest.WithoutKinds(framework.ServerStream, framework.BidiStream),
		}},
		{"one that answers everything", function(answerAll), []frameworktest.ConformanceOption{frameworktest.Answers()}},
		{"errors to other errors", function(hideErrors), []frameworktest.ConformanceOption{frameworktest.ChangesErrors()}},
		{"panics to errors", function(recoverPanics), nil},
		{"retries", function(retryOnce), []frameworktest.ConformanceOption{frameworktest.Retries()}},
		{"a timeout", function(deadlineIn(time.Second)), []frameworktest.ConformanceOption{frameworktest.SetsDeadline()}},
		{"redaction", function(redact), []frameworktest.ConformanceOption{frameworktest.ChangesMessages()}},
		{"one that takes trailers away", function(dropTrailers), []frameworktest.ConformanceOption{frameworktest.ChangesMetadata()}},
		{"one of a side and a late stage", func() framework.Interceptor { return clientOnly{} }, nil},
		{"one that wants another beside it", func() framework.Interceptor { return needsTenant{} }, []frameworktest.ConformanceOption{
			frameworktest.OnSides(framework.ServerSide),
			frameworktest.Using(frameworktest.ClientParts(framework.Use(framework.InterceptorFunc(addTenant)))),
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			frameworktest.TestInterceptor(t, tt.new, tt.options...)
		})
	}
}

func TestInterceptorReports(t *testing.T) {
	t.Parallel()
	quick := frameworktest.Within(700 * time.Millisecond) // what hangs costs that much for each rule
	few := frameworktest.WithoutKinds(framework.ClientStream, framework.ServerStream)
	twoKinds := []frameworktest.ConformanceOption{few}
	for _, tt := range []struct {
		name    string
		new     func() framework.Interceptor
		options []frameworktest.ConformanceOption
		rules   string // that are broken on some side, for some kind
		report  string // one report, and a part of its text
		text    string
	}{
		{
			"swallows errors", function(swallow), nil,
			"error late_error short again abandoned end",
			"server/server_stream/error", "Intercept returned nil",
		},
		{
			"hides errors", function(hideErrors), twoKinds,
			"error late_error short",
			"client/unary/error", "Intercept one of code Internal",
		},
		{
			"copies errors", function(copyErrors), twoKinds,
			"error late_error short",
			"client/bidi_stream/error", "by errors.Is what Intercept returned is another",
		},
		{
			"wraps io.EOF", function(wrapEOF),
			[]frameworktest.ConformanceOption{frameworktest.WithoutKinds(framework.Unary, framework.ClientStream)},
			"success messages end borrowed metadata short again concurrent",
			"client/server_stream/end", "io.EOF by errors.Is, but not by ==",
		},
		{
			"drops the context", function(dropContext),
			[]frameworktest.ConformanceOption{frameworktest.OnSides(framework.ServerSide), quick, few},
			"context deadline metadata abandoned",
			"server/unary/context", "a value of the context outside was not in the context inside",
		},
		{
			"cuts cancellation off", function(cutCancellation),
			[]frameworktest.ConformanceOption{frameworktest.OnSides(framework.ClientSide), quick, few},
			"context deadline abandoned",
			"client/bidi_stream/context", "the context inside was not",
		},
		{
			"answers nil without next", function(answerNil), nil,
			"success error late_error messages borrowed end context deadline metadata short again concurrent abandoned",
			"server/unary/success", "returned nil without a response",
		},
		{
			"calls next twice", function(callTwice), twoKinds,
			"success error messages borrowed end metadata short again concurrent",
			"client/unary/success", "next was called 2 times",
		},
		{
			"retries unsaid", function(retryOnce), twoKinds,
			"error",
			"server/bidi_stream/error", "next was called 2 times",
		},
		{
			"leaves a goroutine", newLeak(t),
			[]frameworktest.ConformanceOption{frameworktest.Within(2 * time.Second)},
			"goroutines",
			"client/server_stream/goroutines", "broken_test.go",
		},
		{
			"is one message behind", function(lagBehind), nil,
			"messages concurrent",
			"server/client_stream/messages", `for the inputs ["foo" "" "bär" "foo"] the caller had the outputs ["foofoobär"]`,
		},
		{
			"redacts unsaid", function(redact), nil,
			"messages short again concurrent",
			"server/server_stream/messages", `the caller had the outputs ["*" "*" "*"`,
		},
		{
			"redacts in place", function(redactInPlace),
			[]frameworktest.ConformanceOption{frameworktest.ChangesMessages()},
			"borrowed",
			"client/bidi_stream/borrowed", `the message {input:"foo"} became {input:"*"}`,
		},
		{
			"sets a deadline unsaid", function(deadlineIn(time.Millisecond * 200)), twoKinds,
			"deadline",
			"server/unary/deadline", "the caller had given no deadline",
		},
		{
			"makes the deadline later", function(makeLater),
			[]frameworktest.ConformanceOption{frameworktest.OnSides(framework.ClientSide), frameworktest.SetsDeadline(), quick, few},
			"context deadline abandoned",
			"client/bidi_stream/deadline", "later than the caller's",
		},
		{
			"takes trailers away", function(dropTrailers), twoKinds,
			"metadata",
			"client/unary/metadata", `the handler set the trailer frameworktest-trailer: trailer, the caller had []`,
		},
		{
			"takes request metadata away", function(dropRequestMetadata), twoKinds,
			"metadata",
			"server/bidi_stream/metadata", `the handler had [] for the caller's metadata frameworktest-request: request`,
		},
		{
			"swallows panics", function(swallowPanics), twoKinds,
			"panic",
			"server/bidi_stream/panic", "the caller had success",
		},
		{
			"serves a Call once", newOnce, twoKinds,
			"again",
			"client/unary/again", "next was called again (true)",
		},
		{
			"serves one RPC", newOnly, twoKinds,
			"error messages end metadata short again concurrent",
			"client/unary/concurrent", "only one RPC",
		},
		{
			"waits for ever", newHang(t),
			[]frameworktest.ConformanceOption{frameworktest.OnSides(framework.ClientSide), quick, few},
			"abandoned",
			"client/bidi_stream/abandoned", "after the caller had cancelled the RPC, Intercept had not returned",
		},
		{
			"panics on errors", function(panicOnError),
			[]frameworktest.ConformanceOption{frameworktest.OnSides(framework.ClientSide)},
			"error late_error end metadata short again goroutines",
			"client/server_stream/error", "the interceptor panicked: rpc error: code = NotFound",
		},
		{
			"is nil", function(nil),
			[]frameworktest.ConformanceOption{frameworktest.WithoutKinds(1, 2, 3), frameworktest.OnSides(framework.ServerSide)},
			"success error panic messages borrowed context deadline metadata short again concurrent outlived abandoned goroutines",
			"server/unary/success", "the interceptor is nil",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			broken := frameworktest.Broken(tt.new, tt.options...)
			if got, want := rulesOf(broken), strings.Fields(tt.rules); !slices.Equal(got, slices.Sorted(slices.Values(want))) {
				t.Errorf("rules broken %q\nwant         %q", got, slices.Sorted(slices.Values(want)))
			}
			if err := broken[tt.report]; err == nil || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("%s: got %v\nwant … %s …", tt.report, err, tt.text)
			}
			if t.Failed() {
				for _, name := range slices.Sorted(maps.Keys(broken)) {
					first, _, _ := strings.Cut(broken[name].Error(), "\n")
					t.Logf("%s: %s", name, first)
				}
			}
		})
	}
}

// TestInterceptorReportsOutlived has a link that is a data race by its nature, which the detector would report first.
func TestInterceptorReportsOutlived(t *testing.T) {
	t.Parallel()
	if raceEnabled {
		t.Skip("a link that returns before next races with it")
	}
	broken := frameworktest.Broken(function(runAway))
	if got := rulesOf(broken); !slices.Contains(got, "outlived") {
		t.Errorf("rules broken %q", got)
	}
	err := broken["server/client_stream/outlived"]
	if want := "the caller had gone away, and Intercept returned although next had not"; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// rulesOf are the rules' names in subtests' names, sorted.
func rulesOf(broken map[string]error) []string {
	rules := map[string]bool{}
	for name := range broken {
		rules[name[strings.LastIndex(name, "/")+1:]] = true
	}
	return slices.Sorted(maps.Keys(rules))
}

// TestInterceptorFails runs the kit as its users do, in a test binary of its own, since there it has to fail.
func TestInterceptorFails(t *testing.T) {
	t.Parallel()
	if os.Getenv("FRAMEWORKTEST_FAIL") != "" {
		frameworktest.TestInterceptor(t, function(swallowPanics))
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestInterceptorFails$")
	cmd.Env = append(os.Environ(), "FRAMEWORKTEST_FAIL=1")
	out, err := cmd.CombinedOutput()
	if err == nil {
		t.Fatal("the kit did not fail")
	}
	want := "--- FAIL: TestInterceptorFails/server/server_stream/panic"
	rule := "the rule broken: a panic inside is never success outside; let it pass, or make an error of it"
	if !strings.Contains(string(out), want) || !strings.Contains(string(out), rule) {
		t.Errorf("the output lacks %q or %q:\n%s", want, rule, out)
	}
	if strings.Contains(string(out), "TestInterceptorFails/client/server_stream/") {
		t.Errorf("a client is held to a server's rule:\n%s", out)
	}
}
