// Package ratelimit refuses the calls of a method that come faster than its rule allows: on a server those of its
// clients, on a client its own, before they are sent.
//
//	server   recovery ─▶ ratelimit ─▶ auth ─▶ … ─▶ handler
//	client   retry ─▶ ratelimit ─▶ … ─▶ wire
//	                     │
//	                     ▼  no token in the bucket
//	RESOURCE_EXHAUSTED, google.rpc.RetryInfo: 120ms; on a server also the trailer grpc-retry-pushback-ms: 120
//
// It stands in the stage Admit, on either side, for all four kinds. A stream is one call, when it is opened, however many
// messages it has. Inside of a client's retry each attempt is one.
//
//	interceptor, err := ratelimit.New(ratelimit.Options{})
//	…
//	chain, err := framework.NewServerChain(framework.Use(interceptor), framework.Policy(OrdersPolicy{}), …)
//
// # The rules
//
//	type OrdersPolicy struct {
//		_      struct{}       `grpc:"service=acme.orders.v1.Orders,default=allow"`
//		All    framework.Rule `grpc:"*,rate=100/s"`
//		Create framework.Rule `grpc:"Create,rate=5/m,rate.burst=10,rate.key=header:x-tenant-id"`
//		Watch  framework.Rule `grpc:"Watch,rate=none"`
//	}
//
// A method has a bucket of tokens, and a call takes one. rate ([Rate]) is how fast new ones come, rate.burst ([Burst]) how
// many there is room for: by default as many as come in a second, at least one. Each method has a bucket of its own, also
// where the rule is that of "*". A method without a rule has [Options].Limit. Where there is none no link stands, and
// rate.burst and rate.key are refused at startup.
//
// # The key
//
// With rate.key ([By]) each key has a bucket of its own:
//
//	principal            who calls, as a link outside annotated. The limiter has to stand inside of the link that
//	                     authenticates, with stage=authorize, or startup fails. On servers
//	peer                 the IP address that the call comes from, of IPv6 the first 64 bits: whoever has one such
//	                     address has them all. It is what a link outside annotated as peer.ip, which knows of the
//	                     proxies on the way, else that of the connection. On servers
//	header:x-tenant-id   the first value of that request header. A caller may write there what he likes
//	tenant               what the function of that name in Options.Keys says
//
// Calls of which a key says nothing, of nobody or without the header, share one bucket.
//
// Two links can stand on a method, one for all calls and one with a key, under two names:
//
//	framework.Use(overall), framework.Use(each, framework.Name("each"))
//	… `grpc:"*,ratelimit.rate=1000/s,each.rate=10/s,each.rate.key=peer"`
//
// # However many keys
//
// A method has [Options].MaxKeys buckets and no more, and a call takes no longer where they are many. A key for which there
// is no room gets the bucket of another: of one whose bucket is full again, who loses nothing by it, and where none is
// full the fullest one (to a 62nd of what it holds), as it is. It is never filled up for its new owner. So
//
//   - all keys together get no more calls than MaxKeys buckets give, however many are made up
//   - a key that has used up its bucket gets no new one by way of others
//   - the price is paid by keys that are new while more than MaxKeys are active: they start with less than a burst, at
//     worst they wait for a token. A warning is logged then
//
// Better keys are those that callers can't make up, and a MaxKeys above the number that call within burst/rate.
//
// # Not for
//
// Waiting for a token: a client that rather waits than fails has grpc's retry policy with RESOURCE_EXHAUSTED, which obeys the
// trailer. How many calls run at once, which is modules/concurrency's. The messages of a stream. Methods that the server
// does not have: calls to these reach no interceptor, or with an UnknownServiceHandler reach it under names that callers
// make up, each with buckets of its own.
//
// Buckets are those of one process, and gone with it. [Options].Limiter is the place for others.
//
// # Beside go-grpc-middleware
//
// Its package ratelimit asks a Limiter about a context, without rule or key, on a client without the method; a Limiter
// that was made for it is one of these with a LimiterFunc, as in the example. Its interceptors are not used, for what they
// do with the answer, which the tests named here hold this package to:
//
//   - the Limiter's own text goes to the client, and the code and details of its status do not (TestLimiterFails)
//   - a client is not told when to come again (TestRefusal, TestRetryPolicy)
//
// The buckets are those of golang.org/x/time/rate, which gives tokens twice where two goroutines ask it with times that
// they took in another order: here the clock is read under a lock (TestConcurrentCallsInTime).
package ratelimit
