// Package timeout puts a limit on how long an RPC may take: on a server a cap on the deadline that the caller sent, on a
// client a deadline for calls that have none.
//
//	client                                                   server
//	  caller ─▶ retry ─▶ timeout ──▶ ~ wire ~ ──▶ translate ─▶ timeout ─▶ auth ─▶ … ─▶ handler
//	                        │                                     │
//	      has a deadline? its own counts,         the sooner of the caller's deadline
//	      sooner or later; else the limit         and the limit counts
//
// It stands in the stage Admit, on either side, for all four kinds. One value serves both sides.
//
//	interceptor, err := timeout.New(timeout.Options{Default: 5 * time.Second})
//	…
//	server, err := framework.NewServerChain(framework.Use(interceptor), …)
//	client, err := framework.NewClientChain(framework.Use(interceptor), …)
//
// # The rule
//
// What a method needs is said by the rule [Key], a duration with its unit, or none for no limit:
//
//	type OrdersPolicy struct {
//		_     struct{}       `grpc:"service=acme.orders.v1.Orders,default=allow"`
//		All   framework.Rule `grpc:"*,timeout=2s"`
//		Get   framework.Rule `grpc:"Get,timeout=300ms"`
//		Watch framework.Rule `grpc:"Watch,timeout=none"`
//	}
//
// A method without a rule has [Options].Default. The limit of a stream is for the whole of it, from its start to its end,
// however busy it is: a watch, a subscription and a long upload want a rule of their own. Where there is no limit no link
// stands.
//
// # On a server
//
// What is inside sees the sooner deadline in its context, and so do the calls that it makes with that. When the limit
// has passed the context is done, and its context.Cause says that it was the server's limit. What becomes of the RPC
// depends on what the handler returns then:
//
//	nil                                                     success, if late
//	a context error, wrapped or not, or a status of a call  DEADLINE_EXCEEDED "the server's limit of 2s for this
//	  of its own that was cut, CANCELLED as well              method has passed"; its own error is kept for logs
//	another status, or code of errmap                       that
//	any other error                                         what a rule of errmap says of it, else the first
//
// The handler is waited for: it runs on the goroutine that grpc gave it, and an RPC does not end before that does. A handler
// that ignores its context ends when it likes. One that sleeps in a stream's Recv, with a caller who is silent, or in Send,
// with one who does not read, is woken, and sends and receives no more.
//
// # On a client
//
// A deadline of the caller's is kept, one that is later than the limit as well: who says how long an answer is worth
// waiting for knows better than a default. An RPC that the limit ended is DEADLINE_EXCEEDED, with a text that says so and
// then grpc's own.
//
// A stream that is opened without a deadline, and forgotten, ends with the limit.
//
// The stage Admit is inside of Retry, so a limit is one for each attempt, and all attempts and the pauses between them
// take longer. A caller's deadline is for all of them. In an outer stage the limit is so, too:
//
//	framework.Use(interceptor, framework.At(framework.StageObserve))
//
// # Not for
//
// Limits on idle streams, or on the time between messages. Slow peers, for which grpc has keepalive. Handlers that need to
// be stopped by force, which Go does not have.
//
// # Beside go-grpc-middleware
//
// Its package timeout has a client's unary calls alone, one duration for all methods, and cuts a caller's later deadline.
package timeout
