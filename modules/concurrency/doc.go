// Package concurrency limits how many RPCs a server works on at once. One more is refused at once, so that what the server
// has begun it can finish.
//
//	                  ┌ a slot is free ──▶ auth ─▶ … ─▶ handler ──▶ the slot is free again
//	translate ─▶ concurrency
//	    ▲             └ none ─┐
//	    └── RESOURCE_EXHAUSTED┘
//
// It stands in the stage Admit of a server, for all four kinds. An RPC has its slot until it is over, a stream to its end,
// and gives it back however it ends: by an answer, an error, a panic, or because its caller went. A handler that goes on
// when its caller has gone keeps its slot for as long.
//
//	interceptor, err := concurrency.New(concurrency.Options{Total: 1000})
//	…
//	chain, err := framework.NewServerChain(framework.Use(interceptor, framework.Except("?grpc.health.v1.Health/*")), …)
//
// The health service is left out since a server that is busy is not one that is ill.
//
// # The rule
//
// How many RPCs of a method there may be at once is said by the rule [Key], a whole number from 1 up:
//
//	type OrdersPolicy struct {
//		_      struct{}       `grpc:"service=acme.orders.v1.Orders,default=allow"`
//		All    framework.Rule `grpc:"*,concurrent=200"`
//		Export framework.Rule `grpc:"Export,concurrent=2"`
//	}
//
// A rule for several methods is for each of them: here 2 of Export, and 200 of every other. [Options].Limit is that of
// methods without a rule, and [Options].Total is for all methods together, those with a rule as well.
//
// # The refusal
//
// The client gets RESOURCE_EXHAUSTED, with a text that says which limit was reached. Nothing has been done for the RPC
// then, so it can be sent again; when there will be a slot nobody knows, so the status does not say.
//
// There are never more RPCs inside than a limit says, not for a moment.
//
// # Beside grpc's own limits
//
// grpc.MaxConcurrentStreams counts the RPCs of one connection, of all methods, and the client lets one more wait, up to
// its deadline. That bounds what one peer can do; this bounds the work, whoever asks for it, and says so. Servers want both.
//
// # Not for
//
// Waiting: an RPC that waits for a slot needs one of its own somewhere. Rates, which modules/ratelimit has. Limits by
// caller: the stage is outside of Authenticate, so that this is limited, too. Clients.
package concurrency
