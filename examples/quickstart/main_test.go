package main

import (
	"context"
	"os"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// level=INFO msg="fxgrpc: the plan"
	// level=INFO msg="fxgrpc: listening" server=default network=tcp
	//
	// A server and a client in one fx app, talking over TCP on this machine. Lines with "level=" are the log.
	// An RPC passes these links, first is outermost:
	//
	// /sluice.examples.greet.v1.Greeter/Greet (unary, server "default")
	//   1  requestid  observe    *requestid.Interceptor  main.go:41
	//   2  logging    observe    *logging.Interceptor    main.go:41
	//   3  translate  translate  *translate.Interceptor  main.go:41
	//   4  recovery   recover    *recovery.Interceptor   main.go:41
	//   5  counter    app        *main.Counter           main.go:45
	//
	// /sluice.examples.greet.v1.Greeter/Greet (unary, client "greeter")
	//   1  counter    app        *main.Counter           main.go:45
	//   2  requestid  observe    *requestid.Interceptor  main.go:41
	//   3  logging    observe    *logging.Interceptor    main.go:41
	//   4  translate  translate  *translate.Interceptor  main.go:41
	//
	// Greet Ada: a unary call
	//   counter on the server: unary, 1 responses, OK
	// level=INFO msg="finished call" grpc.component=server grpc.method=Greet grpc.method_type=unary grpc.code=OK grpc.requests=1 grpc.responses=1
	//   counter on the client: unary, 1 responses, OK
	//   the client saw ["Hello Ada"]
	//
	// GreetTogether Ada, Bob: the client streams
	//   counter on the server: client_stream, 1 responses, OK
	// level=INFO msg="finished call" grpc.component=server grpc.method=GreetTogether grpc.method_type=client_stream grpc.code=OK grpc.requests=2 grpc.responses=1
	//   counter on the client: client_stream, 1 responses, OK
	//   the client saw ["Hello Ada and Bob"]
	//
	// GreetInManyWays Ada: the server streams
	//   counter on the server: server_stream, 3 responses, OK
	// level=INFO msg="finished call" grpc.component=server grpc.method=GreetInManyWays grpc.method_type=server_stream grpc.code=OK grpc.requests=1 grpc.responses=3
	//   counter on the client: server_stream, 3 responses, OK
	//   the client saw ["Hello Ada" "Salut Ada" "Hallo Ada"]
	//
	// GreetOneByOne Ada, Bob: both stream
	//   counter on the server: bidi_stream, 2 responses, OK
	// level=INFO msg="finished call" grpc.component=server grpc.method=GreetOneByOne grpc.method_type=bidi_stream grpc.code=OK grpc.requests=2 grpc.responses=2
	//   counter on the client: bidi_stream, 2 responses, OK
	//   the client saw ["Hello Ada" "Hello Bob"]
	//
	// Greet Eve: the handler wraps a domain error; what it wraps around it stays on the server
	//   counter on the server: unary, 0 responses, Unknown
	// level=INFO msg="finished call" grpc.component=server grpc.method=Greet grpc.method_type=unary grpc.code=NotFound grpc.requests=1 grpc.responses=0 grpc.error="we have not been introduced" grpc.cause.source=sentinel grpc.cause.rule="we have not been introduced" grpc.cause.place=main.go:46 grpc.cause.error="row 7 of people@10.0.0.3: we have not been introduced"
	//   counter on the client: unary, 0 responses, NotFound
	//   the client saw NotFound "we have not been introduced"; errors.Is(err, ErrStranger): true
	//
	// Greet Mallory: the handler panics; the server lives, and the client is told nothing of it
	// level=ERROR msg="recovery: panic in an RPC" grpc.method=Greet grpc.method_type=unary panic=secret
	// level=ERROR msg="finished call" grpc.component=server grpc.method=Greet grpc.method_type=unary grpc.code=Internal grpc.requests=1 grpc.responses=0 grpc.error="internal error" grpc.cause.source=panic grpc.cause.panic=secret
	// level=WARN msg="finished call" grpc.component=client grpc.method=Greet grpc.method_type=unary grpc.code=Internal grpc.requests=1 grpc.responses=0 grpc.error="internal error"
	//   counter on the client: unary, 0 responses, Internal
	//   the client saw Internal "internal error"; errors.Is(err, ErrStranger): false
}
