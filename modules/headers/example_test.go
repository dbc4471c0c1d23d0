package headers_test

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/headers"
)

type shop struct {
	dummypb.UnimplementedDummyServiceServer
}

func (shop) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	caller := headers.From[Caller](ctx)
	return &dummypb.DummyResponse{Output: fmt.Sprintf("%s for %s, as %s", r.GetInput(), caller.Tenant, caller.Roles)}, nil
}

// One declaration serves both sides. The handler is not called for a request that is not as declared.
func Example() {
	interceptor, err := headers.New(headers.Options{Bind: []headers.Struct{headers.Of[Caller]()}})
	if err != nil {
		fmt.Println(err)
		return
	}
	serverChain, err := framework.NewServerChain(framework.Use(interceptor))
	if err != nil {
		fmt.Println(err)
		return
	}
	clientChain, err := framework.NewClientChain(framework.Use(interceptor))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(serverChain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, shop{})
	client, another, closeClients := serve(server, clientChain.DialOptions()...)
	defer closeClients()

	ctx := headers.Send(context.Background(), Caller{Tenant: "acme", Roles: []string{"reader", "writer"}})
	response, err := client.Execute(ctx, &dummypb.DummyRequest{Input: "apples"})
	fmt.Println(response.GetOutput(), err)

	_, err = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "pears"}) // which is not sent
	fmt.Println(err)

	_, err = another.Execute(context.Background(), &dummypb.DummyRequest{Input: "pears"}) // which knows of no declaration
	fmt.Println(err)
	for _, detail := range status.Convert(err).Details() {
		for _, v := range detail.(*errdetails.BadRequest).GetFieldViolations() {
			fmt.Println(v.GetField(), v.GetDescription(), v.GetReason())
		}
	}

	// Output:
	// apples for acme, as [reader writer] <nil>
	// rpc error: code = InvalidArgument desc = headers: request metadata was not sent: x-tenant-id is required; give the call a headers_test.Caller that has it, with headers.Send
	// rpc error: code = InvalidArgument desc = invalid request metadata: x-tenant-id is required
	// x-tenant-id is required REQUIRED
}

func ExampleOf_required() {
	type Tenancy struct {
		_      struct{} `grpc:"headers"`
		Tenant string   `grpc:"x-tenant-id,required"`
		Shard  *int     `grpc:"x-shard,required"` // a pointer, for a client that means 0
	}
	handler := func(t Tenancy) { fmt.Printf("%q, %d\n", t.Tenant, *t.Shard) }
	show(handler, "x-tenant-id", "acme")
	show(handler, "x-tenant-id", "", "x-shard", "0")

	// Output:
	// invalid request metadata: x-shard is required
	// "", 0
}

func ExampleOf_default() {
	type Paging struct {
		_     struct{} `grpc:"headers"`
		Size  int      `grpc:"x-page-size,default=20"`
		Langs []string `grpc:"x-lang,default=de en"`
		Sort  string   `grpc:"x-sort,default='name, age'"`
	}
	handler := func(p Paging) { fmt.Println(p.Size, p.Langs, p.Sort) }
	show(handler)
	show(handler, "x-page-size", "5", "x-lang", "fr", "x-sort", "age")

	// Output:
	// 20 [de en] name, age
	// 5 [fr] age
}

func ExampleOf_oneof() {
	type Plan struct {
		_      struct{} `grpc:"headers"`
		Plan   string   `grpc:"x-plan,oneof=gold silver"`
		Shards []int    `grpc:"x-shard,oneof=1 2 3"`
	}
	handler := func(p Plan) { fmt.Println(p.Plan, p.Shards) }
	show(handler, "x-plan", "gold", "x-shard", "3", "x-shard", "1")
	show(handler, "x-plan", "tin", "x-shard", "3", "x-shard", "4")

	// Output:
	// gold [3 1]
	// invalid request metadata: x-plan must be one of gold, silver; x-shard value 2 must be one of 1, 2, 3
}

// A misspelt option is found when the interceptor is made, as is everything else that can be.
func ExampleNew() {
	type Caller struct {
		_      struct{} `grpc:"headers"`
		Tenant string   `grpc:"x-tenant-id,requierd"`
		Trace  []byte   `grpc:"x-trace"`
	}
	_, err := headers.New(headers.Options{Bind: []headers.Struct{headers.Of[Caller]()}})
	fmt.Println(err)

	// Output:
	// sluice: 2 problems in headers_test.Caller (example_test.go:126)
	//   Tenant: unknown option "requierd" (did you mean "required"?)
	//     grpc:"x-tenant-id,requierd"
	//                       ^
	//   Trace: bytes go under a key that ends in "-bin", which grpc encodes; write "x-trace-bin"
	//     grpc:"x-trace"
	//           ^
}

// A client that forwards what the server it is used in was sent: nothing else is.
func ExampleSending() {
	forwarding, err := headers.New(headers.Options{Bind: []headers.Struct{headers.Sending(headers.Lookup[Caller])}})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewClientChain(framework.Use(forwarding))
	if err != nil {
		fmt.Println(err)
		return
	}
	// What is called when the context is a handler's.
	call := func(ctx context.Context) {
		_ = chain.Unary()(ctx, dummypb.DummyService_Execute_FullMethodName, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}, nil,
			func(ctx context.Context, _ string, _, _ any, _ *grpc.ClientConn, _ ...grpc.CallOption) error {
				md, _ := metadata.FromOutgoingContext(ctx)
				fmt.Println(map[string][]string(md))
				return nil
			})
	}
	_ = bind[Caller](call, "x-tenant-id", "acme", "x-role", "reader", "x-other", "secret")

	// Output:
	// map[x-role:[reader] x-tenant-id:[acme]]
}

func ExampleStruct_String() {
	fmt.Println(headers.Of[Caller]())

	// Output:
	// headers_test.Caller
	//   Tenant  string    x-tenant-id  required
	//   Trace   []uint8   x-trace-bin
	//   Roles   []string  x-role
}

// show calls a handler with the T that metadata is bound to, or prints why it is not called.
func show[T any](handler func(T), pairs ...string) {
	if err := bind[T](func(ctx context.Context) { handler(headers.From[T](ctx)) }, pairs...); err != nil {
		fmt.Println(status.Convert(err).Message())
	}
}

// bind runs a handler on a server that binds a T of metadata.
func bind[T any](handler func(ctx context.Context), pairs ...string) error {
	interceptor, err := headers.New(headers.Options{Bind: []headers.Struct{headers.Of[T]()}})
	if err != nil {
		return err
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor))
	if err != nil {
		return err
	}
	ctx := metadata.NewIncomingContext(context.Background(), metadata.Pairs(pairs...))
	info := &grpc.UnaryServerInfo{FullMethod: dummypb.DummyService_Execute_FullMethodName}
	_, err = chain.Unary()(ctx, &dummypb.DummyRequest{}, info, func(ctx context.Context, _ any) (any, error) {
		handler(ctx)
		return &dummypb.DummyResponse{}, nil
	})
	return err
}

// serve runs a server in memory and gives a client of it with the options, one without, and what ends them all.
func serve(server *grpc.Server, o ...grpc.DialOption) (with, without dummypb.DummyServiceClient, end func()) {
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	dial := func(o ...grpc.DialOption) *grpc.ClientConn {
		conn, err := grpc.NewClient("passthrough:memory", append(o,
			grpc.WithTransportCredentials(insecure.NewCredentials()),
			grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
		if err != nil {
			panic(err)
		}
		return conn
	}
	first, second := dial(o...), dial()
	return dummypb.NewDummyServiceClient(first), dummypb.NewDummyServiceClient(second), func() {
		_, _ = first.Close(), second.Close()
		server.Stop()
	}
}
