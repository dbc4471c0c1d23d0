// Package auth lets an RPC in when it is known who calls, and when the rules of its method allow that caller. What no rule
// opens is closed.
//
//	wire ─▶ logging ─▶ translate ─▶ recovery ─▶ auth ─────────────▶ … ─▶ handler
//	          ▲                                  │ authorization         │
//	          │ principal=ann                    ▼                       ▼
//	          └───────────────────────────── Verifier ─▶ rules    auth.FromContext(ctx)
//	                                         who?        may she?
//
// It is one link, for all four kinds, in the stage Authenticate of a server: a stream is refused before its first message,
// and health, reflection and an UnknownServiceHandler are methods like any other.
//
//	tokens, err := auth.Tokens(
//		auth.HeldBy(auth.Principal{ID: "ann", Roles: []string{"reader"}}, os.Getenv("ANN_TOKEN")))
//	…
//	interceptor, err := auth.New(auth.Options{Verifier: tokens})
//	…
//	chain, err := framework.NewServerChain(framework.Use(interceptor), framework.Policy(OrdersPolicy{}), …)
//
// # Who calls
//
// A [Verifier] says it: [Tokens] that do not change, [Certificates] of mutual TLS, a function written for
// go-grpc-middleware ([Func]), one's own, or the [First] of several that knows the credentials. They get the one value of
// the metadata "authorization", a scheme and a token as RFC 9110 has them, "Bearer 0d8f…". Several values, and one that
// reads otherwise, are wrong before any verifier is asked.
//
// The caller is a [Principal] in the handler's context, and its ID the annotation "principal" of the Call, for the log
// line outside, also where the rules then refuse the caller. No token is in an error, a log line, an annotation or
// in anything that prints a value of this package.
//
// # Who may
//
//	allow=role:reader role:admin            any one of these
//	require=role:writer scope:orders.write  all of them
//	anonymous                               everybody, with credentials or without
//	deny                                    nobody
//
//	role:reader                   the Principal has the role
//	scope:orders.write            the Principal has the scope
//	id:billing                    it is that Principal, whichever verifier knows it
//	spiffe://acme.com/ns/billing  the same for a SPIFFE ID
//	authenticated                 whoever is known
//
// The same in Go is framework.Rules with [Allow], [Require], [Anonymous] and [Deny]. A method without any of these is for
// all callers who are known, and nothing in [Options] opens it; a policy refuses to leave a method of its services so.
//
// allow and require of one method both hold, also where they come from two lines of a policy. Of lines that contradict
// each other the nearer to the method counts: under "*,allow=role:reader" a line "Ping,anonymous" opens Ping, and under
// "*,deny" a line "Get,allow=role:reader" is for readers. Two that are as near do not start.
//
// Credentials that are shown to an anonymous method are looked at, and must be right: a caller who shows some wants to be
// known, and one whose token has expired is told so and not taken for nobody.
//
// # What a caller reads
//
//	UNAUTHENTICATED    no credentials, wrong ones, expired ones; one text for all of them
//	PERMISSION_DENIED  the rules do not let this caller in, or nobody; not what would
//	UNAVAILABLE        the Verifier could not find out
//	INTERNAL           the Verifier gave neither a Principal nor an error
//
// Why is the error's cause: modules/logging writes it where modules/translate stands, errors.Is finds [ErrRejected] and
// [ErrNotMine] in it, and the client never gets it.
//
// # Expiry
//
// A Principal that has expired is refused. What is open when it does goes on, but a stream where [Options].Expire is
// set: it ends with UNAUTHENTICATED, as its context ends and no message passes it any more.
//
// # Not for
//
// Finding out more of a caller than a Verifier says, and decisions that need the request: those are for a link in the
// stage Authorize, or a check in a policy, which read [FromContext]. Plaintext: a token in it is anybody's, and that
// there is TLS in front of the server is not seen from here. Passing the caller on to other servers: no
// "authorization" that came in goes out by itself. Guessing at tokens is for limits to slow down, in the stage Admit, which
// is outside.
//
// # What is kept of go-grpc-middleware, and what is not
//
// Functions written for its package auth work, by [Func], and services that override them, too. Its interceptors are
// not used: they have no rules for methods and can't say who calls to a link outside. What else they do the tests named here
// hold this package not to do:
//
//   - of several authorization values the first counts, and "Bearer " is a token that is empty (TestDefects)
//   - what an error says the client reads, also where it is of a backend, as UNKNOWN (TestDefects)
//   - a function that returns neither context nor error gives the handler a nil one (TestNilContext)
//   - the context of a stream that an outer interceptor wrapped is changed under it (TestBorrowedStream)
package auth
