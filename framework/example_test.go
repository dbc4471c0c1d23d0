package framework_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// serve runs the echoing service with a chain on each side, for the examples.
func serve(server, client []framework.Part) (c dummypb.DummyServiceClient, stop func()) {
	serverChain, err := framework.NewServerChain(server...)
	if err != nil {
		panic(err)
	}
	clientChain, err := framework.NewClientChain(client...)
	if err != nil {
		panic(err)
	}
	lis := bufconn.Listen(1 << 16)
	s := grpc.NewServer(serverChain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(s, &service{})
	if err := serverChain.Bind(s.GetServiceInfo()); err != nil {
		panic(err)
	}
	go func() { _ = s.Serve(lis) }()
	conn, err := grpc.NewClient("passthrough:///", append(clientChain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))...)
	if err != nil {
		panic(err)
	}
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); s.Stop() }
}

// A whole interceptor. It sees every kind of RPC, from its start to its end.
func Example() {
	audit := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		fmt.Println(call.Method().Name, call.Kind(), status.Code(err))
		return err
	})
	client, stop := serve([]framework.Part{framework.Use(audit)}, nil)
	defer stop()

	if _, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "hello"}); err != nil {
		fmt.Println(err)
	}
	stream, err := client.ExecuteServerStream(context.Background(), &dummypb.DummyRequest{Input: "hi"})
	for err == nil {
		_, err = stream.Recv()
	}
	fmt.Println(err == io.EOF)
	// Unordered output:
	// Execute unary OK
	// ExecuteServerStream server_stream OK
	// true
}

func ExampleNewServerChain() {
	_, err := framework.NewServerChain(
		framework.DeclaredAt("main.go:12", framework.Use(framework.InterceptorFunc(passThrough), framework.Name("auth"), framework.At("authn"))),
		framework.DeclaredAt("main.go:13", framework.Use(nil, framework.Name("audit"))),
	)
	fmt.Println(err)
	// Output:
	// framework: link "auth" (main.go:12): unknown stage "authn"; did you mean "authenticate"?
	// framework: link "audit" (main.go:13): the interceptor is nil; pass one, or leave the part out
}

func ExampleNewClientChain() {
	token := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		return next(metadata.AppendToOutgoingContext(ctx, "x-tenant", "acme"), call)
	})
	client, stop := serve([]framework.Part{framework.Use(framework.InterceptorFunc(
		func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			fmt.Println(metadata.ValueFromIncomingContext(ctx, "x-tenant"))
			return next(ctx, call)
		}))}, []framework.Part{framework.Use(token)})
	defer stop()
	_, err := client.Execute(context.Background(), &dummypb.DummyRequest{})
	fmt.Println(err)
	// Output:
	// [acme]
	// <nil>
}

// A pair of grpc's own interceptors is a link like any other.
func ExampleUseServer() {
	unary := func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		fmt.Println("raw:", info.FullMethod)
		return handler(ctx, req)
	}
	client, stop := serve([]framework.Part{
		framework.UseServer(unary, nil, framework.UnaryOnly()),
		framework.Use(framework.InterceptorFunc(passThrough)),
	}, nil)
	defer stop()
	_, err := client.Execute(context.Background(), &dummypb.DummyRequest{})
	fmt.Println(err)
	// Output:
	// raw: /sluice.testing.v1.DummyService/Execute
	// <nil>
}

func ExampleUseClient() {
	chain, err := framework.NewClientChain(framework.DeclaredAt("main.go:20", framework.UseClient(rawClientUnary, nil, framework.Name("company"))))
	fmt.Println(chain, err)
	// Output:
	// <nil> framework: link "company" (main.go:20): streams would go uncovered: the stream interceptor is nil; pass one, or say UnaryOnly()
}

func ExampleServerChain_Bind() {
	chain, err := framework.NewServerChain(framework.DeclaredAt("main.go:9", framework.Use(framework.InterceptorFunc(passThrough),
		framework.Name("audit"), framework.On("DummyService/Exec"))))
	if err != nil {
		fmt.Println(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, &service{})
	fmt.Println(chain.Bind(server.GetServiceInfo()))
	// Output:
	// framework: link "audit" (main.go:9): pattern "DummyService/Exec" matches no method of the server's services; did you mean "DummyService/Execute"?; write "?DummyService/Exec" where it may match none
}

func ExampleServerChain_Explain() {
	link := func(name string, stage framework.Stage, o ...framework.LinkOption) framework.Part {
		return framework.DeclaredAt("main.go:7", framework.Use(framework.InterceptorFunc(passThrough), append(o, framework.Name(name), framework.At(stage))...))
	}
	chain, err := framework.NewServerChain(
		link("audit", framework.StageApp, framework.On("DummyService/Execute")),
		link("auth", framework.StageAuthenticate, framework.Except("DummyService/Execute")),
		link("logging", framework.StageObserve),
	)
	if err != nil {
		fmt.Println(err)
	}
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/Execute"))
	fmt.Println(chain)
	// Output:
	// /sluice.testing.v1.DummyService/Execute (unary, server)
	//   1  logging  observe       framework.InterceptorFunc  main.go:7
	//   2  audit    app           framework.InterceptorFunc  main.go:7
	//   -  auth     authenticate  framework.InterceptorFunc  main.go:7  (its patterns do not match)
	//
	// server chain of 3 links
	//   1  logging  observe       framework.InterceptorFunc  main.go:7
	//   2  auth     authenticate  framework.InterceptorFunc  main.go:7  except DummyService/Execute
	//   3  audit    app           framework.InterceptorFunc  main.go:7  on DummyService/Execute
}

func ExampleClientChain_Wrap() {
	echo, stop := serve(nil, nil)
	defer stop()
	_ = echo
	chain, err := framework.NewClientChain(framework.Use(framework.InterceptorFunc(
		func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			fmt.Println(call.Side(), call.Method())
			return status.Error(codes.Unavailable, "not today")
		})))
	if err != nil {
		fmt.Println(err)
	}
	conn, err := grpc.NewClient("passthrough:///unused", grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		fmt.Println(err)
	}
	defer func() { _ = conn.Close() }()
	_, err = dummypb.NewDummyServiceClient(chain.Wrap(conn)).Execute(context.Background(), &dummypb.DummyRequest{})
	fmt.Println(err)
	// Output:
	// client /sluice.testing.v1.DummyService/Execute
	// rpc error: code = Unavailable desc = not today
}

func ExampleCall_OnRequest() {
	upper := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnRequest(func(_ context.Context, msg any) (any, error) {
			in := msg.(*dummypb.DummyRequest).GetInput()
			if in == "" {
				return nil, status.Error(codes.InvalidArgument, "input is empty")
			}
			return &dummypb.DummyRequest{Input: strings.ToUpper(in)}, nil
		})
		return next(ctx, call)
	})
	client, stop := serve([]framework.Part{framework.Use(upper)}, nil)
	defer stop()
	stream, err := client.ExecuteClientStream(context.Background())
	for _, in := range []string{"a", "b", ""} {
		if err == nil {
			err = stream.Send(&dummypb.DummyRequest{Input: in})
		}
	}
	_, err = stream.CloseAndRecv()
	fmt.Println(err)
	out, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "loud"})
	fmt.Println(out.GetOutput(), err)
	// Output:
	// rpc error: code = InvalidArgument desc = input is empty
	// LOUD <nil>
}

func ExampleCall_OnResponse() {
	count := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		n := 0
		call.OnResponse(func(_ context.Context, msg any) (any, error) { n++; return msg, nil })
		err := next(ctx, call)
		fmt.Println(n, "responses")
		return err
	})
	client, stop := serve(nil, []framework.Part{framework.Use(count)})
	defer stop()
	stream, err := client.ExecuteServerStream(context.Background(), &dummypb.DummyRequest{Input: "abc"})
	for err == nil {
		_, err = stream.Recv()
	}
	// Output: 3 responses
}

func ExampleCall_OnHeader() {
	stamp := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnHeader(func(_ context.Context, md metadata.MD) (metadata.MD, error) {
			md.Set("x-served-by", "node-7")
			return md, nil
		})
		call.OnTrailer(func(_ context.Context, md metadata.MD) (metadata.MD, error) {
			md.Set("x-cost", "3")
			return md, nil
		})
		return next(ctx, call)
	})
	client, stop := serve([]framework.Part{framework.Use(stamp)}, nil)
	defer stop()
	var header, trailer metadata.MD
	_, err := client.Execute(context.Background(), &dummypb.DummyRequest{}, grpc.Header(&header), grpc.Trailer(&trailer))
	fmt.Println(header.Get("x-served-by"), trailer.Get("x-cost"), err)
	// Output: [node-7] [3] <nil>
}

func ExampleCall_SetResponse() {
	canned := framework.InterceptorFunc(func(_ context.Context, call *framework.Call, _ framework.Handler) error {
		call.SetResponse(&dummypb.DummyResponse{Output: "canned"})
		return nil
	})
	client, stop := serve(nil, []framework.Part{framework.Use(canned)})
	defer stop()
	out, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "fresh"})
	fmt.Println(out.GetOutput(), err)
	// Output: canned <nil>
}

func ExampleCall_SetResponses() {
	canned := framework.InterceptorFunc(func(_ context.Context, call *framework.Call, _ framework.Handler) error {
		call.SetResponses(func(yield func(any, error) bool) {
			for _, s := range []string{"one", "two"} {
				if !yield(&dummypb.DummyResponse{Output: s}, nil) {
					return
				}
			}
		})
		return nil
	})
	client, stop := serve([]framework.Part{framework.Use(canned)}, nil)
	defer stop()
	stream, err := client.ExecuteServerStream(context.Background(), &dummypb.DummyRequest{})
	for err == nil {
		var out *dummypb.DummyResponse
		if out, err = stream.Recv(); err == nil {
			fmt.Println(out.GetOutput())
		}
	}
	// Output:
	// one
	// two
}

// A cache for whatever has one response: the requests of a client stream are there before next is called, or not.
func ExampleCall_BufferRequests() {
	cache := map[string]any{}
	link := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		requests, err := call.BufferRequests(ctx, 100)
		if err != nil {
			return err
		}
		key := fmt.Sprint(call.Method(), requests)
		if hit, ok := cache[key]; ok {
			fmt.Println("hit")
			call.SetResponse(hit)
			return nil
		}
		err = next(ctx, call)
		if err == nil {
			cache[key] = call.Response()
		}
		return err
	})
	client, stop := serve(nil, []framework.Part{framework.Use(link)})
	defer stop()
	for range 2 {
		stream, err := client.ExecuteClientStream(context.Background())
		if err != nil {
			fmt.Println(err)
		}
		for _, in := range []string{"foo", "bar"} {
			if err := stream.Send(&dummypb.DummyRequest{Input: in}); err != nil {
				fmt.Println(err)
			}
		}
		out, err := stream.CloseAndRecv()
		fmt.Println(out.GetOutput(), err)
	}
	// Output:
	// foobar <nil>
	// hit
	// foobar <nil>
}

// A retry for all kinds: on streams the first ten requests are kept, and sent again.
func ExampleCall_KeepRequests() {
	attempts := 0
	flaky := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		if attempts++; attempts == 1 {
			return status.Error(codes.Unavailable, "not yet")
		}
		return next(ctx, call)
	})
	retry := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.KeepRequests(10)
		err := next(ctx, call)
		if status.Code(err) == codes.Unavailable {
			err = next(ctx, call)
		}
		return err
	})
	client, stop := serve([]framework.Part{framework.Use(flaky)}, []framework.Part{framework.Use(retry)})
	defer stop()
	stream, err := client.ExecuteClientServerStream(context.Background())
	if err != nil {
		fmt.Println(err)
	}
	if err := errors.Join(stream.Send(&dummypb.DummyRequest{Input: "ping"}), stream.CloseSend()); err != nil {
		fmt.Println(err)
	}
	out, err := stream.Recv()
	fmt.Println(out.GetOutput(), err, attempts)
	// Output: ping <nil> 2
}

// A hedge: two attempts side by side, the first to succeed wins.
func ExampleCall_Clone() {
	hedge := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		type result struct {
			call *framework.Call
			err  error
		}
		results := make(chan result, 2)
		for range 2 {
			attempt := call.Clone()
			go func() { results <- result{attempt, next(ctx, attempt)} }()
		}
		var err error
		for range 2 {
			r := <-results
			if err = r.err; err == nil {
				call.Adopt(r.call)
				break
			}
		}
		return err
	})
	client, stop := serve(nil, []framework.Part{framework.Use(hedge)})
	defer stop()
	out, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "quick"})
	fmt.Println(out.GetOutput(), err)
	// Output: quick <nil>
}

// What one link, or the handler, knows of an RPC, a link further out can log.
func ExampleCall_Annotate() {
	auth := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.Annotate(slog.String(framework.AnnotationPrincipal, "alice"))
		return next(ctx, call)
	})
	log := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		who, _ := call.Annotation(framework.AnnotationPrincipal)
		fmt.Println(who, call.Annotations())
		return err
	})
	client, stop := serve([]framework.Part{framework.Use(log), framework.Use(auth)}, nil)
	defer stop()
	_, err := client.Execute(context.Background(), &dummypb.DummyRequest{})
	fmt.Println(err)
	// Output:
	// alice [principal=alice]
	// <nil>
}

func ExampleCallFrom() {
	_, ok := framework.CallFrom(context.Background())
	fmt.Println(ok)
	// Output: false
}

func ExampleParseMethod() {
	m, err := framework.ParseMethod("/foo.bar.SearchService/Search")
	fmt.Println(m.Package, m.Service, m.Name, m.FullService(), m, err)
	_, err = framework.ParseMethod("foo")
	fmt.Println(err)
	// Output:
	// foo.bar SearchService Search foo.bar.SearchService /foo.bar.SearchService/Search <nil>
	// method: "foo" is not a full method name: write "/package.Service/Method"
}

// counter is bound once for each method, so that nothing is looked up on a call.
type counter struct{ calls map[string]*int }

func (c counter) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call) // a Binder's own Intercept is used nowhere
}

func (c counter) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	n := new(int)
	c.calls[m.Method.Name] = n
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		*n++
		return next(ctx, call)
	}), nil
}

func (c counter) Placement() framework.Placement {
	return framework.Placement{Name: "counter", Stage: framework.StageObserve}
}

func ExampleBinder() {
	calls := counter{map[string]*int{}}
	client, stop := serve([]framework.Part{framework.Use(calls)}, nil)
	defer stop()
	for range 3 {
		if _, err := client.Execute(context.Background(), &dummypb.DummyRequest{}); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(len(calls.calls), "methods,", *calls.calls["Execute"], "calls of Execute")
	// Output: 4 methods, 3 calls of Execute
}

func ExampleBefore() {
	link := func(name string, o ...framework.LinkOption) framework.Part {
		return framework.Use(framework.InterceptorFunc(passThrough), append(o, framework.Name(name))...)
	}
	chain, err := framework.NewServerChain(
		link("cache"), link("audit", framework.Before("cache", "?tracing")), link("quota", framework.After("audit"), framework.Before("cache")))
	fmt.Println(chain.Explain("/sluice.testing.v1.DummyService/Execute").Names(), err)
	// Output: [audit quota cache] <nil>
}
