// Package requestid gives every RPC an id, the same one on all the ways that it goes: in the log lines, in the handler's
// context, in what is sent back, and in the calls that the handler makes.
//
//	client                             server                            next server
//	  requestid ── x-request-id ──▶      requestid ─▶ logging ─▶ … ─▶ handler
//	      │                                │  │                         │ ctx
//	      ▼                                │  ▼                         ▼
//	  no id in ctx? a new one              │  request.id=0190…       requestid ── x-request-id ──▶ …
//	                                       ▼                          (of the client)
//	                         x-request-id in header and trailer
//
// It stands in the stage Observe, on either side, outside of a link "logging", for all four kinds. One value serves both
// sides.
//
//	interceptor, err := requestid.New(requestid.Options{})
//	…
//	server, err := framework.NewServerChain(framework.Use(interceptor), …)
//	client, err := framework.NewClientChain(framework.Use(interceptor), …)
//
// # The id
//
// An id is 1 to 128 letters, digits and ._- of ASCII, so that it can stand in any log, header, file name and query. One
// that is made here is a UUID of version 7 (RFC 9562): 74 bits of it are random, and the first 48 are the time in
// milliseconds, so that ids sort by time, lie side by side in an index, and say when the RPC began. A client learns no
// more by that than the server's clock. [Options].Generate makes others.
//
// In a handler, in links inside, and wherever their context goes it is [FromContext]. For links outside and for the log
// line it is the annotation "request.id" of the Call.
//
// # On a server
//
// The id that a caller sent is taken over if it is one, and the only one: of several values none is believed. Else the RPC
// has a new one, and what was sent goes nowhere, not into the log either. It is a name for people who search. A caller
// can send the id of another RPC, so nothing is to be decided by it, and nothing kept under it. Where callers are not
// one's own, [Options].IgnoreCaller has all RPCs begin with a new one.
//
// It is sent back under the same name, always in the trailer, and in the header where there is one: with the response, or the
// first of several. An error that comes before has the trailer alone: a header would keep grpc's own retries from trying
// again. So has a stream without responses, and an RPC whose handler sends the header itself before it has a
// response.
//
// # On a client
//
// A call sends, and its log line has, the first of these that there is:
//
//   - the id that the outgoing metadata has already. Where it has none that is one, or several, they are replaced
//   - the id of the context: of the RPC in whose handler the call is made, or one that was put there by [NewContext]
//   - a new one
//
// The stage Observe is outside of Retry, so all attempts of a call have one id. What the server sends back is not looked
// at.
//
// # Not for
//
// Traces, which modules/tracing makes: a trace tells the calls of one request apart, and these all have one id.
// Idempotency keys, which a server must not make up. Ids of messages in a stream.
//
// # Made with
//
// github.com/google/uuid, for the ids alone; there is no interceptor for it in go-grpc-middleware. Its NewV7 takes a lock
// of the process, so that ids of one millisecond are in order, too, and takes 0.1 µs more than random bits alone.
//
// Headers are not set by Call.OnHeader, whose rule they follow: where it is registered a handler can't set its compressor
// (TestCompressor).
package requestid
