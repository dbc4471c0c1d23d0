// Package validate holds messages to the rules that their protos have: those of https://protovalidate.com.
//
//	message Order {
//	  string customer = 1 [(buf.validate.field).string.min_len = 3];
//	  repeated Line lines = 2;
//	}
//
//	client                                                       server
//	  logging ─▶ retry ─▶ validate ─▶ … ── ~ wire ~ ──▶ … ─▶ auth ─▶ validate ─▶ handler
//	                         │                                          │
//	                         ▼                                          ▼
//	INVALID_ARGUMENT, and nothing is sent          INVALID_ARGUMENT, google.rpc.BadRequest:
//	                                                 lines[1].sku: does not match … (string.pattern)
//
// Every message is validated, of all four kinds: each of a stream as it comes, and nothing that is not valid reaches
// what is inside. There is one link for servers, in the stage Validate, behind all that decides who may call; and one
// for clients, which have no such stage.
//
//	interceptor, err := validate.New(validate.Options{})
//	…
//	server, err := framework.NewServerChain(framework.Use(interceptor), …)
//
//	outgoing, err := validate.NewClient(validate.Options{})
//	…
//	client, err := framework.NewClientChain(framework.Use(outgoing), …)
//
// The client's stands in the stage Retry, inside of a link "retry": inside of links that fill requests in, and of those
// that observe, so that a call that is refused has its log line; outside of limits and breakers, which it does not reach
// then. What is sent again is validated again.
//
// # What a caller reads
//
//	request, server      INVALID_ARGUMENT   "invalid request: customer: must be at least 3 characters; …"
//	request, client      INVALID_ARGUMENT   the same of one that was not sent
//	response, server     INTERNAL           nothing else: the log has why
//	response, client     INTERNAL           "validate: a response of /… is invalid: …", as of one that can't be read
//	a rule that fails    INTERNAL           on a server nothing else
//
// Responses are validated where [Options].Responses says so.
//
// The BadRequest has a violation for each rule that is not kept: the path of the field, lines[1].sku; what is wrong, in the
// words of the rule; as the reason its id, string.pattern. The values are not repeated, for they may be secret, and neither
// are keys of maps that are text: labels["..."]. A rule of one's own that builds its message of a value does
// repeat it. A stream that a request ends has no other outcome, whatever its handler makes of the error.
//
// # What it costs
//
// Rules are compiled when the chain is bound to a server's methods, with all types that are in their messages, and
// one that does not compile fails startup; a client's with the first call of a method. No link stands on a method without
// rules.
//
// A message that is valid is validated once. In one that is not the first violation is found, and then others, among
// the first 250 fields and elements: a message of 4 MiB can break two million rules, and take a gigabyte to tell of
// them. What is told is at most 3 KiB of violations, and half of one in the text, so that it goes through the smallest
// limit on metadata that clients have; "and more" says that there is more.
//
// # Not for
//
// What needs more than the message, such as who calls: that is for a check in a policy, or a link of one's own. What is
// packed into a google.protobuf.Any, which protovalidate does not look into. Messages that are none of protobuf's, a
// *grpc.PreparedMsg among them: where rules are known for a method, or nothing is, they are refused with INTERNAL.
// Methods that are not to be validated are taken out by framework.Except.
//
// # Beside go-grpc-middleware
//
// Its package protovalidate has interceptors for the requests of a server. They are not used, for what they do with what
// they find, which the tests named here hold this package to:
//
//   - the details are a buf.validate.Violations, which needs protovalidate at the client, and not the BadRequest that
//     gRPC has for it (TestDefects)
//   - text and details have no limit: a request of 4 kB gets an answer of 350 kB, which a client refuses with the
//     stream, and not with the reason (TestDefects)
//   - map keys are repeated (TestDefects)
//   - a stream's handler that takes the error of Recv for the end makes a success of it (TestDefects)
//   - a rule that does not compile is noticed with the first message, and its text goes to the client (TestDefects)
package validate
