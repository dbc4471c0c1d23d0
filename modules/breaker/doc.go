// Package breaker stops a client from calling a service that fails: the caller learns at once what else it would have
// waited for, and a server that is in trouble is left alone until a few calls have found that it has recovered.
//
//	caller ─▶ app ─▶ logging ─▶ retry ─▶ breaker ─▶ credentials ─▶ translate ──▶ wire
//	                                        │
//	                                        └ the circuit is open ──▶ UNAVAILABLE, CIRCUIT_OPEN, RetryInfo
//
//	           failures                    OpenFor                     all probes succeed
//	closed ───────────────▶ open ───────────────────▶ half-open ───────────────────────────▶ closed
//	                          ▲                           │
//	                          └───── a probe fails ───────┘
//
// It stands in the stage Admit of a client, for all four kinds, inside of modules/retry: each attempt counts, and an attempt
// that is refused is tried again no sooner than the refusal says.
//
//	interceptor, err := breaker.New(breaker.Options{})
//	…
//	chain, err := framework.NewClientChain(framework.Use(interceptor), framework.Target("orders"), …)
//
// The circuits are gobreaker's (github.com/sony/gobreaker/v2), one for each service: to put the link into a chain is to want
// them. Five failures in a row open one for 30 seconds, and then one call probes it. See [Options] for other figures, and for
// a part of the calls that fail.
//
// # The rule
//
// What has a circuit of its own is said by the rule [Key]:
//
//	type OrdersPolicy struct {
//		_      struct{}       `grpc:"service=acme.orders.v1.Orders"`
//		Report framework.Rule `grpc:"Report,breaker=method"`
//		Watch  framework.Rule `grpc:"Watch,breaker=none"`
//	}
//
// Here a Report that is too slow shuts nobody else out, Watch is never refused, and all others share the circuit of the
// service. breaker=service is for methods where Options.Per says something else. An Interceptor has 4096 circuits at most;
// a method beyond them has none.
//
// # What counts
//
// An RPC counts once, when it ends, as one of three things:
//
//	failure    UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, or [Options].Codes
//	success    OK, and any other code that the server sent: it is there, and answers
//	nothing    what tells nothing of the server
//
// UNKNOWN is not among the failures since it is what a Go server says of any error without a code, "no such order" as
// well; nor RESOURCE_EXHAUSTED, since a limit that refuses one caller's rush works as it should, and shutting everybody out
// is no answer to it. Who knows better of a server says so in Options.Codes.
//
// Nothing is told by what the caller cancelled, by panics, and by all that was refused on this side: by links inside, such
// as credentials without a token, or by grpc, such as a message that is too large or can't be marshalled. A server's error
// is known by the metadata that comes with it, and a connection that failed by grpc's having had the call. Of time that has
// passed nobody knows where, so it counts always, unless it had passed before the call: give callers deadlines that the
// server can meet. A link inside that answers in place of the server counts as the server.
//
// # Probes
//
// Of a circuit that is half-open exactly [Options].HalfOpen RPCs are let through, and the others refused. A probe that tells
// nothing gives its slot to another, however it ends. So that no slot is held for ever, a stream of responses is a success
// with its first message when it probes, and a probe of which nothing is known after OpenFor gives its slot back, and counts
// no more.
//
// # The refusal
//
// The caller gets UNAVAILABLE with a google.rpc.ErrorInfo, whose reason is [ReasonOpen] or [ReasonHalfOpen] and whose domain
// is [Domain]; errmap.ReasonOf reads it. Its text says that the call was not sent. The first also has a google.rpc.RetryInfo
// with the time to the next probe. The annotation breaker.state of the Call, which modules/logging has in its line, tells
// refusals from a server's own UNAVAILABLE.
//
// Options.OnChange is told of each change of a circuit, and [Interceptor.States] are all of them. A circuit that is open
// becomes half-open when somebody looks: an RPC, or States.
//
// # Not for
//
// Servers. Single machines behind one name, which gRPC's outlier detection (A50) takes out of the balancer's hands.
// Fallbacks: a link outside answers in place of an error.
//
// # Beside gobreaker
//
// Its TwoStepCircuitBreaker is used, with its states, slots and generations: an RPC that began before a change does not
// count after it. These are avoided, and the tests named here hold this package to that:
//
//   - Execute keeps the slot of a probe that ends by runtime.Goexit, for good (TestGoexitOfGobreaker, TestSlotIsReleased), and
//     is for functions, not for streams (TestStreamCountsAtItsEnd)
//   - every error is a failure, and a probe that hangs shuts everybody out (TestCodes, TestRefusedInside, TestProbeThatHangs)
//   - both its windows forget RPCs that last longer than they do, which are those of a server that hangs, so Options.Ratio has
//     one of our own (TestWindowsOfGobreaker, TestLongerThanTheWindow)
//   - OnStateChange is called under its lock, where to ask for the state hangs (TestOnChange)
//   - its errors are no statuses, and nobody knows when to come again (TestRefusal)
//
// Its DistributedCircuitBreaker is not used: what one client sees of its way to a server is not what others see.
package breaker
