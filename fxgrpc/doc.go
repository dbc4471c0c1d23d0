// Package fxgrpc has fx make gRPC servers and clients with their interceptors, of what the app's modules declare.
//
//	Provide(ctor)  Use(i)  Parts(p…)  Errors(r…)  Defaults()          Service(register)   Server()   Client(name, stub)
//	      │           │        │          │           │                       │               │             │
//	      ▼           ▼        ▼          ▼           ▼                       │               │             │
//	 ┌─ links, for servers and clients by name ─ sorted by stage and name ─┐  │               │             │
//	 └──────────────┬───────────────────────────────────────┬──────────────┘  │               │             │
//	                ▼                                       ▼                 ▼               ▼             ▼
//	       chain of each client ──▶ stubs          chain of each server ──▶ services ──▶ *grpc.Server      dial
//	                │                                       │
//	                └───────────────▶ Plan ◀────────────────┘     checked in fx.New, logged at start
//
// A whole app:
//
//	func main() {
//		fx.New(
//			fxgrpc.Module,
//			fxgrpc.Defaults(), // requestid, logging, translate, recovery, health
//			fxgrpc.Server(fxgrpc.TLSFiles("tls.crt", "tls.key", ""), fxgrpc.Listen("tcp", ":8443")),
//			orders.Module,
//		).Run()
//	}
//
//	package orders
//
//	var Module = fx.Module("orders",
//		fx.Provide(NewStore),
//		fxgrpc.Service(pb.RegisterOrdersServer, fxgrpc.From(NewOrders)),
//		fxgrpc.Provide(NewAudit, framework.On("acme.Orders/*")),
//		fxgrpc.Errors(errmap.On(ErrSoldOut, errmap.FailedPrecondition)),
//		fxgrpc.Client("stock", stockpb.NewStockClient, fxgrpc.Address("dns:///stock:443")),
//	)
//
// # Declared by structs
//
// [Interceptors] fills a chain struct from the graph, whose fields are links in the order of calls; [Policy] declares what
// methods need. Beside them options of the same meaning count as well:
//
//	type ServerChain struct {
//		fx.In    `grpc:"chain=server"`
//		Logging  *logging.Interceptor  `grpc:"logging"`
//		Recovery *recovery.Interceptor `grpc:"recovery"`
//		Auth     *auth.Interceptor     `grpc:"auth"`
//	}
//
//	fxgrpc.Interceptors[ServerChain](), fxgrpc.Policy[OrdersPolicy](), fxgrpc.Provide(timeout.New)
//
// # Mistakes
//
// What is wrong is told by fx.New(…).Err(), with what, where and the cure, as much at once as is known: an option's
// own mistakes as it is made, names and chains when the [Plan] is. fx.ValidateApp, which runs no constructor, finds the
// first sort, and missing dependencies. Constructors open nothing: ports are bound in OnStart, whose error fails Start
// with the address; clients dial at the first call. fx wraps errors with the way to them; dig.RootCause gives ours alone.
//
// # Order
//
// fx shuffles what many modules provide. Links are sorted by stage, then by Before and After, then by name: neither the
// order of options nor that of groups counts, and an app has the same chains at every start. Nobody writes a group tag.
//
// # Start and stop
//
// A [Server] starts at its place among the root's options, and stops in reverse: health says NOT_SERVING, then [Drain]'s
// delay, then no new calls, then at most its timeout for those that run, then they are cancelled. A second of fx's time
// for stopping is left to others. A server that ends by itself shuts the app down with exit code 1; [Plan.Err]
// keeps the cause.
//
// # Configuration
//
// [ServerConfig] and [ClientConfig] are options that an app's configuration can hold, under whatever loader: plain structs
// with the names of their fields in JSON, YAML and the environment. [ConfigFrom] takes them from the graph.
//
// # Limits
//
// Until a [ServerConfig] or [ServerOptions] say otherwise a server takes 250 streams a connection, 16 KiB of headers, 4 MiB a
// message both ways, 20 s for a connection to be set up and 15 min for one to be idle; connections have no maximum age.
//
// # Names
//
// fx has modules named for what they wrap, with fx as a suffix; this one is a folder of a framework, and has it
// in front, as fxtest and fxevent do.
//
// # Not for
//
// Loading of configuration, loggers, tracers, registries: an app has its own, and gives them to the graph.
package fxgrpc
