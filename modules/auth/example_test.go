package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/auth"
)

// orders is a service that wants to know who orders.
type orders struct {
	dummypb.UnimplementedDummyServiceServer
}

func (orders) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	who := "somebody"
	if p, ok := auth.FromContext(ctx); ok {
		who = p.ID
	}
	return &dummypb.DummyResponse{Output: who + " ordered " + r.GetInput()}, nil
}

// Two callers with static tokens, of whom one may order; everybody may ask for the server's health.
func Example() {
	tokens, err := auth.Tokens(
		auth.HeldBy(auth.Principal{ID: "ann", Roles: []string{"buyer"}}, "vjsDwL4ZkQ2m7pXcT0aY"),
		auth.HeldBy(auth.Principal{ID: "bob", Roles: []string{"auditor"}}, "Rz1tHf9uBq6eNw3gKs8d"),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	interceptor, err := auth.New(auth.Options{Verifier: tokens})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(
		framework.Use(interceptor),
		framework.Rules("sluice.testing.v1.DummyService/*", auth.Allow.Set(auth.Grants{auth.Role("buyer")})),
		framework.Rules("grpc.health.v1.Health/*", auth.Anonymous.Set(true)),
	)
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, orders{})
	healthpb.RegisterHealthServer(server, health.NewServer())
	if err := chain.Bind(server.GetServiceInfo()); err != nil {
		fmt.Println(err)
		return
	}
	conn, closeConn := serve(server)
	defer closeConn()

	for _, token := range []string{"vjsDwL4ZkQ2m7pXcT0aY", "Rz1tHf9uBq6eNw3gKs8d", "a-guess-at-some-token"} {
		ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer "+token)
		answer, err := dummypb.NewDummyServiceClient(conn).Execute(ctx, &dummypb.DummyRequest{Input: "apples"})
		fmt.Println(answer.GetOutput(), err)
	}
	well, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{})
	fmt.Println(well.GetStatus(), err)

	// Output:
	// ann ordered apples <nil>
	//  rpc error: code = PermissionDenied desc = The caller does not have permission to execute the specified operation
	//  rpc error: code = Unauthenticated desc = The request does not have valid authentication credentials for the operation
	// SERVING <nil>
}

// OrdersPolicy says who may call what.
type OrdersPolicy struct {
	_       struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
	All     framework.Rule `grpc:"*,deny"`
	Execute framework.Rule `grpc:"Execute,allow=role:buyer role:admin,require=scope:orders.write"`
}

// A policy struct says the same in tags. What is misspelt there does not start.
func Example_policy() {
	tokens, err := auth.Tokens(auth.HeldBy(auth.Principal{ID: "ann"}, "vjsDwL4ZkQ2m7pXcT0aY"))
	if err != nil {
		fmt.Println(err)
		return
	}
	interceptor, err := auth.New(auth.Options{Verifier: tokens})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor), framework.DeclaredAt("main.go:12", framework.Policy(OrdersPolicy{})))
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, r := range chain.Explain("/sluice.testing.v1.DummyService/Execute").Rules {
		fmt.Println(strings.TrimSpace(fmt.Sprint(r.Key, " ", r.Value)), r.Why != "")
	}

	_, err = framework.NewServerChain(framework.Use(interceptor), framework.DeclaredAt("main.go:19", framework.Policy(struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		All framework.Rule `grpc:"*,allow=rolle:buyer"`
	}{})))
	fmt.Println(err)

	// Output:
	// allow role:buyer role:admin false
	// require scope:orders.write false
	// deny true
	// sluice: 1 problem in struct (main.go:19)
	//   All: allow: unknown word "rolle:buyer"; did you mean "role:buyer"?
	//     grpc:"*,allow=rolle:buyer"
	//             ^
}

// A verifier of one's own: sessions that a store knows.
func ExampleVerifierFunc() {
	sessions := map[string]string{"c2Vzc2lvbiA3": "ann"}
	verifier := auth.VerifierFunc(func(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
		if c.Scheme() != "session" {
			return nil, auth.ErrNotMine
		}
		who, ok := sessions[c.Token()]
		if !ok {
			return nil, fmt.Errorf("%w: no such session", auth.ErrRejected)
		}
		return &auth.Principal{ID: who}, nil
	})
	conn, closeConn := serveOrders(verifier)
	defer closeConn()

	for _, shown := range []string{"Session c2Vzc2lvbiA3", "Session c2Vzc2lvbiA4"} {
		ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", shown)
		answer, err := dummypb.NewDummyServiceClient(conn).Execute(ctx, &dummypb.DummyRequest{Input: "pears"})
		fmt.Println(answer.GetOutput(), status.Code(err))
	}

	// Output:
	// ann ordered pears OK
	//  Unauthenticated
}

// A function that was written for go-grpc-middleware.
func ExampleFunc() {
	type key struct{}
	authenticate := func(ctx context.Context) (context.Context, error) {
		token, err := ggm.AuthFromMD(ctx, "bearer")
		if err != nil {
			return nil, err
		}
		if token != "c2Vzc2lvbiA3" {
			return nil, status.Error(codes.Unauthenticated, "invalid auth token")
		}
		return context.WithValue(ctx, key{}, "ann"), nil
	}
	who := func(ctx context.Context) *auth.Principal {
		return &auth.Principal{ID: ctx.Value(key{}).(string)}
	}
	conn, closeConn := serveOrders(auth.Func(authenticate, who))
	defer closeConn()

	ctx := metadata.AppendToOutgoingContext(context.Background(), "authorization", "Bearer c2Vzc2lvbiA3")
	answer, err := dummypb.NewDummyServiceClient(conn).Execute(ctx, &dummypb.DummyRequest{Input: "plums"})
	fmt.Println(answer.GetOutput(), err)

	// Output: ann ordered plums <nil>
}

// What is wrong with tokens is told when the server starts, and not what they are.
func ExampleTokens() {
	_, err := auth.Tokens(
		auth.HeldBy(auth.Principal{ID: "ann"}, "hunter2", "vjsDwL4ZkQ2m7pXcT0aY"),
		auth.HeldBy(auth.Principal{ID: "bob"}, ""),
		auth.HeldBy(auth.Principal{ID: "cid"}, "vjsDwL4ZkQ2m7pXcT0aY"),
	)
	fmt.Println(err)

	// Output:
	// auth: Tokens: token 1 of "ann" has 7 characters; take at least 16, of a random generator
	// auth: Tokens: token 1 of "bob" is empty; is the variable that it comes from set?
	// auth: Tokens: token 1 of "cid" is held by "ann" already; make another
}

// Grants that stand elsewhere, in the options of a proto for instance, are read as in a tag.
func ExampleParseGrants() {
	grants, err := auth.ParseGrants("scope:orders.write role:buyer")
	fmt.Println(auth.Require.Set(grants), err)

	// Output: require=role:buyer scope:orders.write <nil>
}

// A link outside tells why a caller was refused, which the client is not told.
func ExampleErrRejected() {
	verifier := auth.VerifierFunc(func(context.Context, auth.Credentials) (*auth.Principal, error) {
		return nil, fmt.Errorf("%w: issued by %q", auth.ErrRejected, "https://evil.example")
	})
	outside := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		fmt.Println(errors.Is(err, auth.ErrRejected), errors.Unwrap(err))
		return err
	})
	conn, closeConn := serveOrders(verifier, framework.Use(outside, framework.At(framework.StageObserve)))
	defer closeConn()

	_, err := dummypb.NewDummyServiceClient(conn).Execute(context.Background(), &dummypb.DummyRequest{Input: "plums"})
	fmt.Println(err)

	// Output:
	// true auth: credentials rejected: issued by "https://evil.example"
	// rpc error: code = Unauthenticated desc = The request does not have valid authentication credentials for the operation
}

// serveOrders runs orders behind a verifier.
func serveOrders(v auth.Verifier, parts ...framework.Part) (*grpc.ClientConn, func()) {
	interceptor, err := auth.New(auth.Options{Verifier: v})
	if err != nil {
		panic(err)
	}
	chain, err := framework.NewServerChain(append(parts, framework.Use(interceptor))...)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, orders{})
	return serve(server)
}

// serve runs a server in memory and gives a connection to it, and what ends both.
func serve(server *grpc.Server) (*grpc.ClientConn, func()) {
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		panic(err)
	}
	return conn, func() { _ = conn.Close(); server.Stop() }
}
