// Package retry tries RPCs of a client again that failed, or sends another attempt while there is no answer, where that
// does no harm and helps.
//
//	caller ─▶ app ─▶ logging ─▶ retry ─▶ breaker ─▶ credentials ─▶ translate ──▶ wire
//	                              │  ◀── UNAVAILABLE ──────────────────────────────
//	                              │      a pause
//	                              ├────────▶ …
//	                              │  ◀── UNAVAILABLE ──────────────────────────────
//	                              │      a longer one
//	                              └────────▶ …
//	       ◀──────── OK ─────────────◀── OK ───────────────────────────────────────
//
// It stands in the stage Retry. What is outside of it sees one RPC, what is inside each attempt: a log line is for all of
// them, a breaker counts each, and a limit of modules/timeout is for each.
//
//	interceptor, err := retry.New(retry.Options{})
//	…
//	chain, err := framework.NewClientChain(framework.Use(interceptor), framework.Policy(OrdersPolicy{}), …)
//
// # The rules
//
//	type OrdersPolicy struct {
//		_      struct{}       `grpc:"service=acme.orders.v1.Orders"`
//		Get    framework.Rule `grpc:"Get*,idempotent,retry=3"`
//		Put    framework.Rule `grpc:"Put,idempotent,retry=5,retry.on=UNAVAILABLE DEADLINE_EXCEEDED,retry.backoff=50ms..2s"`
//		Search framework.Rule `grpc:"Search,idempotent,hedge=2/50ms"`
//	}
//
// retry ([Attempts]) is the number of attempts in all. A method has to be idempotent ([Idempotent]), by the rule or by the
// idempotency_level of its proto, since nobody knows what became of an attempt that failed; if it is not, startup fails. So
// it does where retry is said of a bidi stream, hedge of any stream, or both of a method. retry=none and hedge=none take
// back what a rule for several methods says. retry.on ([On]) and retry.backoff ([Backoff]) alone are refused.
//
// A method without a rule has one attempt. [Options].Attempts is for all those that are idempotent.
//
// # When there is another attempt
//
// When an attempt failed with one of the codes, UNAVAILABLE if none is said, and none of these stands against it:
//
//	retry.stopped
//	attempts    there were as many as may be
//	response    a message has passed, or a header the caller has seen: what follows would not fit to it
//	requests    of a client stream more messages were sent than Options.KeepRequests
//	budget      too much fails, see below
//	pushback    the server wants none, or a longer pause than Options.MaxDelay
//	deadline    the caller's would pass during the pause, which therefore is not begun
//	caller      gave up during the pause
//
// Then the caller has the error of the last attempt, as it is; of a stream that was too long to be kept, or whose header was
// seen, with the reason behind its text; and of one given up CANCELLED, or DEADLINE_EXCEEDED, with the text of what had failed.
// The word is the annotation retry.stopped of the Call, and retry.attempts is how many there were if there was more than one:
// modules/logging has both in its line. The server finds how many there were before in the metadata, under
// grpc-previous-rpc-attempts (gRPC A6).
//
// A stream of responses is tried again until its first message. Requests that are streamed flow on as they come, and copies
// of them are kept to be sent again. A DEADLINE_EXCEEDED that a server sent, or a limit inside of the link, is tried again when
// it is asked for; the caller's own deadline is that of all attempts.
//
// # The pause
//
// It is anything up to 100ms, up to 200ms before the next attempt, and so on up to a second: the figures are those of the
// example in gRPC A6, the jitter that of AWS (see [FullJitter]). A server has a say in it:
//
//	grpc-retry-pushback-ms: 120    a trailer: so long, in place of the pause; below zero, or no number: never
//	google.rpc.RetryInfo           a detail: at least so long
//
// # The budget
//
// Retries of a server that is down, or overloaded, keep it there. All attempts of a client share a bucket of ten tokens
// ([Budget]). An attempt that fails takes one, a success brings a tenth of one, and while there are no more than five no
// RPC has another attempt. So the first failures are tried again, in the long run one RPC of ten, and of an outage nearly none:
// a thousand calls make 1004 attempts. Rules that ask for more attempts than a full bucket can pay fail startup.
//
// # Hedges
//
// hedge=2/50ms ([Hedge]) is for unary RPCs that are slow now and then: while the first attempt has not answered for 50ms
// there is a second one, and the first answer counts. Choose the time that nine in ten answers take no longer than.
//
//	0ms    ──▶ first attempt ─────────────────────── cancelled
//	50ms          ──▶ second attempt ──▶ OK          ◀── the caller has it, when both have ended
//
// An attempt that fails with one of the codes sends the next at once, or when the server said; after any other failure, and
// after a success, the others are cancelled, and have ended when the caller goes on. All attempts have the caller's
// deadline. A hedge takes a token when it is sent, so that a server that is slow for everybody is not asked twice by
// everybody: at most one RPC of ten is hedged in the long run. An attempt that panics does so in the caller's goroutine.
//
// # Not for
//
// Methods that are not idempotent. Limits of one attempt, which modules/timeout has for RPCs without a deadline. Bidi
// streams, of which only the caller knows how to begin anew. Waiting for a connection: grpc.WaitForReady. Spreading attempts
// over servers, which the balancer does as it does with RPCs.
//
// A service config's retryPolicy: the link turns it off on its connection, whether a rule is for the method or not, since
// those of both would multiply. It does by an option of grpc's, so a chain that is installed by Unary, Stream or Wrap leaves
// that to you. Transparent retries of RPCs that no server has seen stay.
//
// # Beside go-grpc-middleware
//
// Its BackoffFunc is the type of [Options].Backoff, and its functions of that type fit: what they give beyond all bounds is
// MaxDelay. Its interceptors are not used, for these defects, which the tests named here hold this package to:
//
//   - a stream of responses that breaks off begins anew, and the caller has its first messages twice (TestNotAfterAMessage)
//   - client streams and bidi streams are refused when they are called (TestBesideGGM)
//   - a pause runs into the deadline, and the error that came before is lost (TestBesideGGM)
//   - a DEADLINE_EXCEEDED of the server's is never tried again (TestBesideGGM)
//   - what a server says about another attempt is not heard (TestBesideGGM, TestServerSays)
//   - there is no budget (TestStorm, TestStormOfGGM)
//   - nobody asks whether a method is idempotent (TestRulesRefused)
//   - of the backoff functions those that double overflow, and one that has an end has no jitter there (TestBackoffsOfGGM)
package retry
