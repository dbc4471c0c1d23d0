// Package errmap makes gRPC statuses of Go errors, and Go errors of statuses. What a client reads is chosen, not
// inherited: the text of unknown errors, of wrappers, causes and panics stays on the server.
//
//	handler                                                                        client
//	   │ error                                                              *Remote ▲
//	   ▼                                                                            │
//	Mapper.Error ──▶ *Error ── GRPCStatus ──▶ ~ wire ~ ──▶ status error ──▶ Mapper.Decode
//	   │               └─ Unwrap: the cause, for logs and interceptors further out
//	   ▼
//	Observer: one Outcome a failed call
//
// A handler says what it means with a [Code]:
//
//	return errmap.NotFound.New("no such order")
//
// or returns errors of its own, which rules give a code:
//
//	errmap.New(errmap.Config{Domain: "orders.acme.com"},
//		errmap.On(ErrStockGone, errmap.FailedPrecondition, errmap.Reason("STOCK_GONE")),
//		errmap.On(sql.ErrNoRows, errmap.NotFound, errmap.Message("no such record")),
//		errmap.OnType[net.Error](errmap.Unavailable),
//		errmap.Tagged[*OutOfStock](),
//	)
//
// An error struct may say all of that itself, with tags. Its package needs nothing of gRPC, and with an Error method of
// its own nothing of this one. Only fields with a tag leave the server:
//
//	type OutOfStock struct {
//		_     struct{}      `grpc:"error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message='{SKU} is out of stock'"`
//		SKU   string        `grpc:"metadata"`
//		Again time.Duration `grpc:"retry.delay"`
//		Query string        // stays inside
//	}
//
// A client with the same rules gets the same error: errors.As finds the *OutOfStock, with SKU and Again filled, and
// errors.Is the sentinel. It is known by domain and reason (google.rpc.ErrorInfo), so that clients in other languages
// know it too. [With] adds to one error what only the place that returns it knows.
//
// # The walk
//
// An error is a tree: %w and errors.Join wrap. The mapper goes through it as errors.Is does, outermost first,
// depth first, left to right, and the first node that anything claims decides. What is nearer to the handler's
// return knows more than what is buried inside.
//
//	fmt.Errorf("order 7: %w", ─▶ errors.Join( ─▶ rollback failed        not claimed: on
//	                                          ─▶ ErrStockGone           claimed: FAILED_PRECONDITION
//	                                          ─▶ context.Canceled )     not reached
//
// Text that was wrapped around the deciding node does not reach the client.
//
// # Precedence
//
// Whatever is in the tree, a [PanicError] decides before all else. Then hooks are asked, by name, and the error
// that one returns is mapped in place of the first. Then comes the walk, where a node is asked for, in this order:
//
//  1. [On], for the very value, by ==
//  2. [OnType] and [Tagged], for its concrete type, T and *T alike
//  3. what says itself what it is: a [Code], what [Code.New] made, an [*Error], a [*Remote], context.Canceled and
//     context.DeadlineExceeded, GRPCStatus
//  4. [On], for a sentinel that its Is method accepts
//  5. [OnType], for an interface that it implements, the one with the most methods first
//
// Within a step the rule with the most specific [For] goes first. The order of the rules never counts: two for the
// same thing are refused by [New]. Built-ins go before interfaces because context.DeadlineExceeded has the methods
// of a net.Error. Errors like os.ErrDeadlineExceeded and io.EOF have no built-in meaning: give them a rule.
//
// A [Remote] is an envelope: a rule for an error inside goes before the status that it came with, of which
// [Config].Remote says what becomes of it.
//
// After the walk: predicates, see [OnFunc], are asked about the whole; then, if the call has ended meanwhile, the error
// is CANCELLED or DEADLINE_EXCEEDED; else it is [Config].Unknown, with a fixed text. [Mapper.Explain] tells all of this
// for one error.
//
// # Joined errors
//
// The first member that is claimed has said code, message and reason, and unknown members hide nothing. The violations
// (google.rpc.BadRequest, PreconditionFailure, QuotaFailure) and links (Help) of the members after it that are claimed
// with the same code are sent with its own, one list of each type: errors.Join is how Go validates. That is between
// members with a [Code] or a rule. Errors that bring a status (GRPCStatus) neither give their details to others nor take
// any.
//
// # Contexts
//
// A context error of a call that has ended is CANCELLED or DEADLINE_EXCEEDED by how the call ended. The deadline
// is looked at: a client that gives up at its deadline reaches a server as a cancellation. While the call goes on,
// a context error is from a context of the handler's own, and [Outcome].Local. The messages are the fixed texts. The
// cause of a context (context.Cause) is not consulted: the context that decided is not to be seen from here.
//
// # Size
//
// Statuses travel in HTTP/2 headers, of which many clients take 8 KiB, and what is beyond does not come cut: the client
// sees a reset stream. A status takes [Config].MaxStatus at most. What does not fit is left out, in this order, and
// [Outcome].Dropped tells it: DebugInfo; details that are not google.rpc's; Help; LocalizedMessage; violations from the
// end, but for the first; ResourceInfo; RequestInfo; RetryInfo; the metadata of the ErrorInfo; the end of the message.
// Code, reason and domain are always sent. A violation that does not fit beside these alone goes before all else, and so
// does an ErrorInfo of someone else's whose reason does not.
//
// # Broken errors
//
// A nil pointer in an error, a status that says OK, an error that wraps itself, a method that panics: each is a
// defect, INTERNAL, and neither a crash nor a success. A code above 16 is sent as UNKNOWN, with its message and
// details. Text that is not UTF-8 is repaired. Nobody can tell a goroutine that ends (runtime.Goexit) from one that goes
// on: a handler that does so is for the server's recovery.
//
// # Not for
//
// Encoding error chains for the client, guessing codes from texts or type names, translating texts ([Config].Localizer
// asks who can). For a gateway there is [HTTPStatus], and no more of HTTP. The package knows no interceptor: where the
// mapping stands in a chain is for others to say, as is who sends [Error.Trailer].
package errmap
