// Package tagvet finds mistakes in grpc tags before the program runs: what a server or client would refuse to start with,
// and methods that no imported service has. It is an analyzer for go vet.
//
//	Auth  framework.Interceptor `grpc:"auth,stge=authenticate"`
//	                                        └─┬┘
//	               12:42: unknown option "stge" (did you mean "stage"?)
//
// # Running it
//
//	$ go install github.com/sluice-go/sluice/framework/tagvet/cmd/tagvet@latest
//	$ go vet -vettool=$(which tagvet) ./...
//	shop.go:12:42: grpc tag: unknown option "stge" (did you mean "stage"?)
//
// With the version in go.mod instead, beside the module's own:
//
//	$ go get -tool github.com/sluice-go/sluice/framework/tagvet/cmd/tagvet
//	$ go vet -vettool=$(go tool -n tagvet) ./...
//
// With -fix it writes the words that were meant. By itself, "tagvet ./...", it loads all packages from source, which takes
// longer.
//
// golangci-lint runs no vettools; run the line above beside it. Or give its module plugin system a plugin whose
// BuildAnalyzers returns New(keys...), and whose GetLoadMode returns register.LoadModeTypesInfo.
//
// Interceptors of your own with rule keys of their own want a command of their own, which is a main package that says
//
//	singlechecker.Main(tagvet.New(timeout.Key, auth.Allow, quota.Key))
//
// # What it finds
//
// Of a file with
//
//	type ServerChain struct {
//		_     struct{}              `grpc:"chain=server"`
//		Auth  framework.Interceptor `grpc:"auth,stge=authenticate"`
//		Audit framework.Interceptor `grpc:"audit,on=acme.orders.v1.Orders/Craete"`
//		Cache framework.Interceptor `gprc:"cache,except=acme.orders.v1.Orders/*"`
//		Name  string                `grpc:"name"`
//	}
//
//	type OrdersPolicy struct {
//		_      struct{}                                       `grpc:"service=acme.orders.v1.Orders"`
//		Get    framework.Rule                                 `grpc:"Get,timeout=300"`
//		Create func(context.Context, *pb.CreateRequest) error `grpc:"Create,timout=2s"`
//		Watch  func(context.Context, *pb.CreateRequest) error `grpc:"Watch,timeout=none"`
//	}
//
// it says
//
//	shop.go:12:42: grpc tag: unknown option "stge" (did you mean "stage"?)
//	shop.go:13:46: grpc tag: pattern "acme.orders.v1.Orders/Craete" matches no method of the imported service; did you mean "acme.orders.v1.Orders/Create"?
//	shop.go:14:31: grpc tag: no grpc tag, but one with the key "gprc" (did you mean "grpc"?); write one, or grpc:"-" to leave the field out
//	shop.go:15:8: grpc tag: string is no interceptor; it needs the method Intercept, or grpc:"-" where it is none
//	shop.go:20:75: grpc tag: timeout: "300" is not a duration; write it with units: 300ms, 2s, 1h30m; or none, for no limit
//	shop.go:21:70: grpc tag: no known interceptor reads "timout"; did you mean "timeout"?
//	shop.go:22:9: grpc tag: the check takes *orderspb.CreateRequest, and the requests of Watch are *orderspb.WatchRequest
//
// A struct is known by its own line: chain=, service= or headers. Its tags are read by the parser that reads them at
// startup, against the same table; and framework says of a chain or policy what it says of its type when an app starts.
// What source shows besides is
//
//   - fields whose types are no interceptors, or no rules and no checks
//   - links that can not stand together: one stage outside of the one above it, a name twice, half a pair of
//     grpc's own interceptors
//   - our key misspelt, twice, or where reflect can not read it; structs that [framework.Struct], [framework.Policy]
//     and their like in fxgrpc and modules/headers take and that have no line, or that of something else
//   - methods in on=, except= and rules that a known service does not have, and names of services that are almost those of
//     known ones. Known is a service whose generated code the package imports, or one of its imports does
//   - checks for other requests than the method's
//   - rule keys a letter or two from a key that is known, and values that a known key does not read. Known are the keys
//     given to New; and those that an imported package makes by framework.NewKey, whose values are its own affair
//
// # What it leaves alone
//
// What is not sure. Other libraries have a key named grpc, too: a struct without a line of ours is not looked at, but for
// our key twice in a tag. A method of a service that is not imported may well be registered elsewhere, a rule
// key unknown here may be that of an interceptor that is unknown here. What depends on values, such as nil
// fields, and on several declarations together, such as before=, is for startup, which sees it.
//
// Reports in tests that declare what is to be refused are right. There is no comment that silences them: leave these
// packages out of the command.
package tagvet
