// Package framework runs code around gRPC calls: one method, for unary RPCs and all kinds of streams, on servers and
// on clients, around the whole RPC.
//
//	func Audit(ctx context.Context, call *framework.Call, next framework.Handler) error {
//		err := next(ctx, call) // the RPC, from its first message to its end
//		log.Print(call.Method(), status.Code(err))
//		return err
//	}
//
// A chain is made of parts, sorted and checked before the first RPC, and compiled once for each method:
//
//	chain, err := framework.NewServerChain(
//		framework.Use(logs, framework.At(framework.StageObserve)),
//		framework.UseServer(auth.UnaryServerInterceptor(f), auth.StreamServerInterceptor(f)), // grpc's own
//		framework.Use(framework.InterceptorFunc(Audit), framework.On("acme.orders.v1.Orders/*")),
//	)
//	server := grpc.NewServer(chain.ServerOptions()...)
//	pb.RegisterOrdersServer(server, orders)
//	err = chain.Bind(server.GetServiceInfo()) // patterns that match nothing, streams left uncovered, …
//
// An RPC passes the links from the outermost to the handler, and its outcome passes them back:
//
//	wire ──▶ observe ─▶ translate ─▶ recover ─▶ admit ─▶ authenticate ─▶ authorize ─▶ validate ─▶ app ──▶ handler
//	     ◀──────────────────────────── error, or nil ───────────────────────────────────────────────────◀
//
//	caller ──▶ app ─▶ observe ─▶ retry ─▶ admit ─▶ authenticate ─▶ translate ──▶ wire
//	       ◀───────────────────── error, or nil ──────────────────────────────◀
//
// What passes along the way is seen, replaced or refused by functions that a link registers before it calls next:
// [Call.OnRequest], [Call.OnResponse], [Call.OnHeader], [Call.OnTrailer]. What nobody registered costs nothing: a
// unary RPC on a server costs the Call, whatever the number of links.
//
// # Declared by structs
//
// The same chain as a struct, whose fields are the links in the order of calls, and what its methods need as another:
//
//	type ServerChain struct {
//		_      struct{}             `grpc:"chain=server"`
//		Logs   *logging.Interceptor `grpc:"logging,except=grpc.health.v1.Health/*"`
//		Limits *timeout.Interceptor `grpc:"timeout"`
//		Auth   *auth.Interceptor    `grpc:"auth"`
//		Audit  *Audit               `grpc:"audit,on=Orders/Create Orders/Cancel,when=audit" optional:"true"`
//	}
//
//	type OrdersPolicy struct {
//		_   struct{}       `grpc:"service=acme.orders.v1.Orders,default=deny"`
//		All framework.Rule `grpc:"*,timeout=2s,allow=authenticated"`
//		Get framework.Rule `grpc:"Get,timeout=300ms"`
//	}
//
//	chain, err := framework.NewServerChain(framework.Struct(links), framework.Policy(OrdersPolicy{}), framework.When("audit", on))
//
// See [Struct], [Policy], and [Key] for rules of one's own. TAGS.md beside this file has every option, with the function
// of the same meaning. The command tagvet finds mistakes in tags at compile time. [ServerChain.Explain] tells which
// declaration put a link or a rule on a method, and what was left out and why.
//
// The contract that an interceptor keeps, and may rely on, is [Interceptor]'s. Package frameworktest has a kit that
// checks it.
//
// # Not for
//
// Deciding what an error means to a client (package errmap), and what is not an RPC: connections, and RPCs that never
// reach a handler, such as those to unknown methods, which only a stats handler sees.
package framework
