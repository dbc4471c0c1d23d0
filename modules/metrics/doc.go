// Package metrics counts RPCs and measures how long they take, for Prometheus and for OpenTelemetry, on servers and on
// clients, for all four kinds.
//
//	server   wire ─┬─▶ metrics ─▶ translate ─▶ recovery ─▶ … ─▶ handler
//	               └┈▶ a stats handler: what does not get as far, and whether the response could be sent
//	client   … ─▶ metrics ─▶ retry ─▶ … ─▶ translate ─▶ wire
//
// It stands in the stage Observe: on a server outside of translate, so that the code is the one that the client gets; on a
// client outside of retry, so that one call is counted, and not its attempts. One value serves all servers and clients.
//
//	interceptor, err := metrics.New(metrics.Options{})
//	…
//	server, err := framework.NewServerChain(framework.Use(interceptor), …)
//	client, err := framework.NewClientChain(framework.Use(interceptor), …)
//	http.Handle("/metrics", promhttp.HandlerFor(interceptor.Registry(), promhttp.HandlerOpts{}))
//
// # What there is
//
// For Prometheus, the metrics of go-grpc-middleware, with its labels grpc_type, grpc_service and grpc_method, and one more. A
// client's have client in place of server:
//
//	grpc_server_started_total        RPCs that have begun
//	grpc_server_handled_total        RPCs that have ended; grpc_code says how
//	grpc_server_handling_seconds     how long they took; a histogram
//	grpc_server_msg_received_total   messages that passed, of unary RPCs as well
//	grpc_server_msg_sent_total
//	grpc_server_in_flight_rpcs       RPCs that have begun and not ended; a gauge, which go-grpc-middleware has not
//
// For OpenTelemetry, what its conventions for RPC have: the histograms rpc.server.call.duration and
// rpc.client.call.duration, with rpc.system.name, rpc.method, rpc.response.status_code, and error.type where the
// conventions see an error.
//
//	Options.Registerer    Options.MeterProvider
//	–                     –                        Prometheus, in the Interceptor's own Registry
//	set                   –                        Prometheus
//	–                     set                      OpenTelemetry
//	set                   set                      both, each of which has an RPC once
//
// These take the place of otelgrpc's metrics, which have the same names: with both, RPCs would be counted twice.
// modules/tracing has otelgrpc's switched off. otelgrpc's are of a client's attempts, and not of what the caller
// gets; and they do not know of a server's unknown methods.
//
// # The code
//
// The code is the one that the client gets, for every kind: mapped errors are counted as what they were mapped to, a panic is
// Internal, a response that is too large for the server's limit ResourceExhausted, and a client's stream that nobody
// reads any more Canceled, when its context ends. Codes that are none of grpc's are Unknown. There are two
// exceptions:
//
//   - Where a client's deadline has passed it has DeadlineExceeded, whatever the server's handler answers later.
//   - When receiving or sending on a server's stream fails, grpc has told the client already. A handler that makes another
//     code of that error has its own counted.
//
// # What does not reach a chain
//
// RPCs of unknown methods, requests that are too large or can't be decoded, and encodings that the server does not have are
// refused by grpc before an interceptor is called. A stats handler, which a ServerChain passes to grpc, counts
// them, and nothing else: once, with the method where the link stands on it. It needs to know the methods, from
// ServerChain.Bind; else it knows those that were called before. What grpc's transport refuses, such as headers that are
// too large, nobody is told of.
//
// A link's Except and On are heeded. Unknown methods are always counted.
//
// # Labels are bounded
//
// However many methods clients invent, and be it for an UnknownServiceHandler, they share one series: service and
// method are "unknown", for OpenTelemetry "_OTHER". So do methods that a client calls by names that are not in its code, as a
// proxy does. Those that are linked into the binary, that the server registered, or that generated code calls have their
// names. The type of an RPC that no handler is there for is "unknown" as well.
//
// # Not for
//
// Labels of one's own by RPC, of which there is no bound; constant ones are in [Options].Counters. Attempts. Sizes of messages.
// Connections, which grpc's own stats handlers know more of.
//
// # What is kept of go-grpc-middleware, and what is not
//
// The names, labels and help of its metrics, so that dashboards and alerts keep working, and its options for counters and
// histograms, and functions made for its WithExemplarFromContext fit:
//
//	metrics.New(metrics.Options{
//		Registerer: prometheus.DefaultRegisterer,
//		Histograms: []ggm.HistogramOption{ggm.WithHistogramBuckets(buckets)},
//		Exemplar:   fromContext,
//	})
//
// The histogram is there unless [Options].NoHistogram is said. Numbers of a server's method are there, and 0, when it is
// bound; those by code when the code first comes. Its histograms of single messages are left out.
//
// Its interceptors are not used, for these defects, which the tests named here hold this package to:
//
//   - the end of a client's stream is counted never, or at each Recv after it (TestEndOfAClientStream)
//   - an RPC that panics is not counted as ended (TestPanicEnds)
//   - what does not reach an interceptor is not counted (TestGGMMisses)
//   - a response that could not be sent is counted as OK (TestResponseTooLarge)
//   - names that clients invent become labels, where there is an UnknownServiceHandler (TestUnknownServiceHandler), and so do
//     codes (TestInventedCodes)
//   - an exemplar that Prometheus does not take panics in the RPC (TestExemplar)
//
// Otherwise the numbers are the same (TestSameAsGGM).
package metrics
