// Package headers binds the metadata of requests to structs on a server, and sends it from the same structs on a
// client. One declaration is the contract of both.
//
//	type Caller struct {
//		_      struct{} `grpc:"headers"`
//		Tenant string   `grpc:"x-tenant-id,required"`
//		Trace  []byte   `grpc:"x-trace-bin"`
//		Roles  []string `grpc:"x-role"`
//	}
//
//	client                                                         server
//	  headers.Send(ctx, Caller{…})                                   headers.From[Caller](ctx)
//	        │                                                                 ▲
//	        ▼                                                                 │
//	  … ─▶ headers ─── x-tenant-id: acme ─── ~ wire ~ ───▶ … ─▶ auth ─▶ headers ─▶ … ─▶ handler
//	        │          x-role: reader                                         │
//	        │          x-role: writer                                         ▼
//	        ▼                                                 INVALID_ARGUMENT, a violation for each
//	  INVALID_ARGUMENT before anything is sent                key that is missing or malformed
//
// It is one link, for all four kinds, in the stage Authenticate, inside of a link "auth". Streams are bound before their
// first message.
//
//	interceptor, err := headers.New(headers.Options{Bind: []headers.Struct{headers.Of[Caller]()}})
//	…
//	server, err := framework.NewServerChain(framework.Use(interceptor), …)
//	client, err := framework.NewClientChain(framework.Use(interceptor), …)
//
// # The tags
//
// The struct's own line is grpc:"headers". Each exported field has a tag, or grpc:"-": first the key, then options.
//
//	required     a request without the key is refused
//	default=…    the value where the request has none; of a slice several, spaces between them
//	oneof=a b    the values that may be; of a slice, that each may be
//
// Keys are lower case letters, digits and ._-, as grpc has them. Those of grpc and HTTP/2 are refused, and so are
// authorization and cookie: what is read here is what the caller says, which nobody has verified.
//
//	string                  printable ASCII, without a space at either end, since grpc lets every hop strip these
//	int…, uint…             decimal, in the range of the type, without a plus sign
//	float32, float64        decimal; no infinities, no NaN, nothing hexadecimal
//	bool                    true or false
//	time.Duration           with units: 300ms, 1h30m, 0s. A named type of it is a number
//	time.Time               RFC 3339
//	[]byte                  any bytes, under a key that ends in -bin, and nothing else there: grpc does the base64
//	TextUnmarshaler and     what MarshalText and UnmarshalText make of it, as far as a string may be it. Both are needed, on
//	  TextMarshaler         the type or on the pointer to it
//	types named of these    as these
//	*T                      nil for no value
//	[]T                     a value for each time that the key is given. Commas do not part values: where a hop joins
//	                        lines, as gRPC allows, two values become one
//
// # On a server
//
// Only declared keys are read. A key that is there with an empty value is there. All that is wrong with a request is told
// at once, in a google.rpc.BadRequest: the field is the key, the reason is REQUIRED, MALFORMED, REPEATED (several values
// where there is one field) or NOT_ALLOWED (by oneof). No value is repeated, since it may be secret, and no error of an
// UnmarshalText; what is told is at most 1.5 KiB. How much metadata a request may have is grpc.MaxHeaderListSize's to say,
// and bytes that are no base64 grpc itself refuses, before there is a chain.
//
// # On a client
//
// A call sends what Send put into its context, or what the function given to Sending has for it. Fields of the zero value,
// nil and empty slices are not sent; zero is as in encoding/json's omitzero. So a server's default stands in for a zero
// that a client meant: a pointer can say it.
//
// A call is refused before anything is sent, with the violations a server would have, where a value can not be sent or a
// required key has none: also where the call was given no struct. Let a link that is not for all methods stand on some,
// with framework.On.
//
// A declared key has no other source. Where it is in the outgoing metadata already, set by hand or by another link, the
// call is refused, unless the values are the same: next to a second writer a slice would have values that nobody
// declared. The link adds to the context that it gives to what is inside, so that an attempt after the first sends the
// same and not more.
//
// Nothing is forwarded by itself: what a server was sent is not sent on when its handler calls another, unless the handler
// does, or the declaration of the client says so:
//
//	ctx = headers.Send(ctx, headers.From[Caller](ctx))
//	headers.Sending(headers.Lookup[Caller]) // in the client's Options
//
// # Not for
//
// Credentials, as said. Response metadata, which Call.OnHeader and Call.OnTrailer see. What is bound is not annotated, and so
// not logged; a handler that wants a tenant in its log line says so with Call.Annotate.
package headers
