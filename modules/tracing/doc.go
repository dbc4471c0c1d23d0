// Package tracing has RPCs traced by OpenTelemetry: it brings otelgrpc's stats handlers into servers and clients, and says
// in the log line which trace an RPC belongs to.
//
//	client                                         server
//	  … ─▶ tracing ─▶ logging ─▶ retry ─▶ …          … ◀─ logging ◀─ tracing
//	          │ trace.id               ┊                    trace.id │   ▲
//	          ▼                        ▼                             ▼   ┊
//	        the Call                 stats ─ traceparent ─▶ stats ┈┈┈┈┈┈┈┘
//	                                   │                      │
//	                              span of a client ──▶ span of a server ──▶ those that the handler makes
//
// It stands in the stage Observe, on either side, for all four kinds. One value serves both sides.
//
//	interceptor, err := tracing.New(tracing.Options{TracerProvider: provider})
//	…
//	server, err := framework.NewServerChain(framework.Use(interceptor), …)
//	client, err := framework.NewClientChain(framework.Use(interceptor), …)
//
// The handlers come with ServerOptions and DialOptions of a chain, as fxgrpc uses them. Chains that are put on by their Unary
// and Stream, and by Wrap, have none, and log a warning.
//
// # Where there is nothing set
//
// The zero [Options] use what the process has set in package otel, now or later: without a TracerProvider there are no spans,
// and the link costs next to nothing. In one thing it is not otel's default: where the process has set no propagators
// the trace goes on as W3C's trace context. Baggage of peers is not taken, since they may write what they like; a
// propagator that is asked for takes it.
//
// Health checks have no spans, see [Options].Filter. Except and On of the link are for its annotation alone: grpc asks the
// stats handlers of all RPCs.
//
// # Spans
//
// A server's span has the code that the client gets: an error is what translate made of it, a panic INTERNAL, and their
// texts are those that the client may read. It is marked as an error where the server is at fault; a client's is for
// every code but OK, as the conventions have it. The span of a stream is as long as the stream.
//
// A client's span is one attempt. All attempts, and RPCs that a link refuses before they leave the client, are below the
// caller's span, where the caller has one; a handler has. Without one each attempt begins a trace.
//
// An RPC of a method that the server does not have has a span "unknown", with what it was called in rpc.method_original. The
// name of a span is one of a few, and what scanners call is not. That of a method with an UnknownServiceHandler is the
// client's word, as otelgrpc has it.
//
// # The trace in the log
//
// The annotation trace.id of the Call is the trace, in hexadecimal digits, on a server always, and on a client that of the
// caller's span, or of the last attempt. modules/logging writes it, and metrics.TraceID makes exemplars of it.
//
// # Callers who are not trusted
//
// A caller chooses the trace, and whether it is sampled. Where callers are not one's own a server begins traces of its own,
// linked to theirs:
//
//	tracing.New(tracing.Options{Handlers: []otelgrpc.Option{otelgrpc.WithPublicEndpoint()}})
//
// # Not for
//
// Spans of one's own, which the API of otel makes. Metrics: modules/metrics counts calls and not attempts. Exporters, and
// when they are shut down.
//
// # What is used of otelgrpc, and what is not
//
// Its stats handlers do the work; the tests named here hold this package to what it adds:
//
//   - a span of an unknown method is begun and never ended, so that nobody sees it (TestUnknownMethod)
//   - a trace ends with the client where nobody has set propagators (TestPropagatorsOfOtelgrpc)
//   - its metrics go to the process's meters, beside others of the same names (TestMetersOfTheProcess)
package tracing
