package frameworktest

import (
	"context"

	"github.com/sluice-go/sluice/framework"
)

// A rule is one demand on an interceptor, and how it is found broken.
type rule struct {
	name    string
	demand  string
	applies func(s terms, side framework.Side, kind framework.Kind) bool // nil: always
	check   func(ctx context.Context, t *trial) error
}

func rules() []rule {
	return []rule{
		{"success", "an RPC that succeeds inside succeeds outside, and next is called once for it", nil, checkSuccess},
		{"error", "an error inside is that error outside, with its identity and its code, and never success", nil, checkError},
		{
			"late_error", "messages before an error arrive, and then the error, with its identity and its code",
			func(_ terms, _ framework.Side, k framework.Kind) bool { return k.StreamsResponses() }, checkLateError,
		},
		{
			"panic", "a panic inside is never success outside; let it pass, or make an error of it",
			func(_ terms, s framework.Side, _ framework.Kind) bool { return s == framework.ServerSide }, checkPanic,
		},
		{
			"messages", "messages pass unchanged, all of them, once, in order, and none is also a number of messages",
			func(s terms, _ framework.Side, _ framework.Kind) bool { return !s.changesMessages }, checkMessages,
		},
		{"borrowed", "a message that is the caller's, or the handler's, is not changed in place: they may use it again", nil, checkBorrowed},
		{
			"end", "a stream ends with io.EOF, by ==, or with the RPC's error, and says so again when asked again",
			func(_ terms, _ framework.Side, k framework.Kind) bool { return k.StreamsResponses() }, checkEnd,
		},
		{"context", "the context given to next derives from Intercept's: values and cancellation reach what is inside", nil, checkContext},
		{"deadline", "the caller's deadline reaches what is inside; it is never later, and none is added", nil, checkDeadline},
		{
			"metadata", "request metadata reaches the handler, response headers and trailers reach the caller, also with an error",
			func(s terms, _ framework.Side, _ framework.Kind) bool { return !s.changesMetadata }, checkMetadata,
		},
		{"short", "a link inside may refuse an RPC, or answer it, without calling next", nil, checkShort},
		{"again", "a link outside may call next again, after it failed: Intercept then runs again for the same Call", nil, checkAgain},
		{"concurrent", "an Interceptor is shared: RPCs side by side have each their own outcome", nil, checkConcurrent},
		{"outlived", "Intercept does not return while next runs: what is inside still uses the Call and the stream", nil, checkOutlived},
		{"abandoned", "when the caller goes away the RPC ends, and Intercept returns, with an error", nil, checkAbandoned},
		{"goroutines", "no RPC leaves a goroutine behind, however it ends", nil, checkGoroutines},
	}
}
