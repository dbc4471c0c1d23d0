// Package logging writes one line for each RPC when that has ended, to log/slog, on servers and on clients, for all four
// kinds.
//
//	server   logging ─▶ translate ─▶ recovery ─▶ … ─▶ handler
//	client   … ─▶ logging ─▶ retry ─▶ … ─▶ translate ─▶ wire
//	            │
//	            ▼
//	INFO "finished call" protocol=grpc grpc.component=server grpc.service=acme.shop.v1.Shop grpc.method=Order
//	  grpc.method_type=unary grpc.start_time=… grpc.request.deadline=… peer.address=… grpc.code=FailedPrecondition
//	  grpc.time_ms=1.204 grpc.requests=1 grpc.responses=0 grpc.error="sold out" grpc.cause.source=sentinel
//	  grpc.cause.rule="sold out" grpc.cause.error="row 7: sold out" principal=ann
//
// It stands in the stage Observe: on a server outside of translate, so that the code is the one that the client gets; on a
// client outside of retry, so that a line is a call and not an attempt.
//
//	interceptor, err := logging.New(logging.Options{Logger: logger})
//	…
//	chain, err := framework.NewServerChain(framework.Use(interceptor, framework.Except("?grpc.health.v1.Health/*")), …)
//
// # The line
//
//	protocol, grpc.component, grpc.service,     as ggm has them; names that are too long are cut
//	grpc.method, grpc.method_type
//	grpc.start_time                             a time
//	grpc.request.deadline                       a time, where there is one
//	peer.address                                on a server
//	grpc.code                                   the code that the client gets, as codes.Code prints it
//	grpc.time_ms                                a number, of milliseconds
//	grpc.requests, grpc.responses               how many messages passed
//	grpc.error                                  what the client was told, where the RPC failed
//	grpc.cause                                  of an *errmap.Error what decided on it, and what the client was not told
//	…                                           what Call.Annotate said, and Options.Fields
//
// The level is by the code, see [Options].ServerLevel, and for RPCs that succeeded by the method's rule, see [Key]: probes
// at debug, one of a hundred of what is called all the time, nothing of a method that nobody cares for:
//
//	type OrdersPolicy struct {
//		_      struct{}       `grpc:"service=acme.orders.v1.Orders,default=allow"`
//		Get    framework.Rule `grpc:"Get,log=debug 1/100"`
//		Create framework.Rule `grpc:"Create,log=info"`
//	}
//
// The stack of a panic is not in the line: modules/recovery logs it.
// Errors that nothing claimed are logged by errmap as well, unless its Config has an Observer.
// Metadata is never logged, and messages are not unless [Options].Payloads asks for them; an error's own text, and that of
// its cause on a server, is as its author wrote it.
//
// # Not for
//
// Lines of a handler's own; it can say more of the RPC with Annotate:
//
//	if call, ok := framework.CallFrom(ctx); ok {
//		call.Annotate(slog.String("order.id", id))
//	}
//
// Metrics and traces. Sampling by anything but the method: a slog.Handler does that. RPCs to methods that the server does not have, which reach no
// interceptor.
//
// # What is kept of go-grpc-middleware, and what is not
//
// Its keys, messages and levels, so that dashboards keep working, and its Logger, so that adapters do:
//
//	logging.New(logging.Options{Adapter: zapAdapter(zapLogger)})
//
// A level decider made for it fits as func(c codes.Code) slog.Level { return slog.Level(decide(c)) }. What its AddFields
// did for a handler, Annotate does.
//
// Its interceptors are not used, for these defects, which the tests named here hold this package to:
//
//   - a data race on whether the start was logged, where one sends and receives at once (TestSendAndReceiveAtOnce)
//   - the end of a client's stream is logged never, or at each Recv after it (TestEndOfAClientStream)
//   - the start is logged with the first message, or not at all (TestStartLine)
//   - context errors are Unknown, at the level of errors (TestCode)
//   - messages are handed to the log as they are, to be read when they have changed, with debug_redact ignored and
//     without a limit (TestPayloadIsACopy, TestRedacted, TestPayloadLimit)
//   - slices given to a logger are appended to later (TestAdapter)
//   - no line for an RPC that panics (TestPanic)
//   - the call that a handler makes inherits the fields of the handler's own (TestCallInACall)
//   - lines that are not enabled are made all the same (TestDisabled)
package logging
