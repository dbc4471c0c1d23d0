package frameworktest_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// exampleT is what the examples have in place of the t of a test.
type exampleT struct {
	testing.TB
	cleanups []func()
}

func (t *exampleT) Helper()          {}
func (t *exampleT) Cleanup(f func()) { t.cleanups = append(t.cleanups, f) }
func (t *exampleT) Fatal(args ...any) {
	panic(fmt.Sprint(args...))
}

// end is the end of the test.
func (t *exampleT) end() {
	for _, f := range t.cleanups {
		f()
	}
}

func ExampleDummyClient() {
	t := &exampleT{}
	defer t.end()

	printing := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		fmt.Println(call.Side(), call.Method().Name, status.Code(err))
		return err
	})
	client := frameworktest.DummyClient(
		t,
		frameworktest.ServerParts(framework.Use(printing)),
		frameworktest.ClientParts(framework.Use(printing)),
		frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
			"shout": func(context.Context, string) (string, error) { return "SHOUT", nil },
		}),
	)

	response, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "shout"})
	fmt.Println(response.GetOutput(), err)
	// Output:
	// server Execute OK
	// client Execute OK
	// SHOUT <nil>
}

func ExampleDummyConn() {
	t := &exampleT{}
	defer t.end()

	// A connection calls methods that no stub has.
	conn := frameworktest.DummyConn(t, frameworktest.OverTCP())
	err := conn.Invoke(context.Background(), "/sluice.testing.v1.DummyService/Unheard", &dummypb.DummyRequest{}, &dummypb.DummyResponse{})
	fmt.Println(status.Code(err))
	// Output: Unimplemented
}

func ExampleConn() {
	t := &exampleT{}
	defer t.end()

	limit := framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error {
		return status.Error(codes.ResourceExhausted, "not now")
	})
	conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) {
		grpc_health_v1.RegisterHealthServer(s, health.NewServer())
	}, frameworktest.ServerParts(framework.Use(limit, framework.On("grpc.health.v1.Health/Watch"))))

	client := grpc_health_v1.NewHealthClient(conn)
	response, err := client.Check(context.Background(), &grpc_health_v1.HealthCheckRequest{})
	fmt.Println(response.GetStatus(), err)
	stream, err := client.Watch(context.Background(), &grpc_health_v1.HealthCheckRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = stream.Recv()
	fmt.Println(status.Code(err))
	// Output:
	// SERVING <nil>
	// ResourceExhausted
}

func ExampleExecute() {
	t := &exampleT{}
	defer t.end()

	client := frameworktest.DummyClient(t)
	for _, kind := range []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream} {
		outputs, err := frameworktest.Execute(context.Background(), client, kind, []string{"foo", "bar"})
		fmt.Printf("%s %q %v\n", kind, outputs, err)
	}
	// Output:
	// unary ["foobar"] <nil>
	// client_stream ["foobar"] <nil>
	// server_stream ["f" "o" "o" "b" "a" "r"] <nil>
	// bidi_stream ["foo" "bar"] <nil>
}

func ExampleRaises() {
	t := &exampleT{}
	defer t.end()

	client := frameworktest.DummyClient(t, frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"lost": frameworktest.Raises(status.Error(codes.DataLoss, "the last one is gone")),
	}))
	_, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "lost"})
	fmt.Println(err)
	// Output: rpc error: code = DataLoss desc = the last one is gone
}

func ExampleRun() {
	t := &exampleT{}
	defer t.end()

	tenant := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		names := metadata.ValueFromIncomingContext(ctx, "x-tenant")
		if len(names) == 0 {
			return status.Error(codes.InvalidArgument, "who are you?")
		}
		call.Annotate(slog.String("tenant", names[0]))
		return next(ctx, call)
	})

	result := frameworktest.Run(t, tenant, frameworktest.Case{})
	fmt.Println(result.Runs, result.Err)

	result = frameworktest.Run(t, tenant, frameworktest.Case{
		Kind:      framework.ServerStream,
		Metadata:  metadata.Pairs("x-tenant", "acme"),
		Responses: []any{&dummypb.DummyResponse{Output: "one"}, &dummypb.DummyResponse{Output: "two"}},
		Err:       status.Error(codes.Aborted, "no more"),
	})
	fmt.Println(result.Runs, len(result.Responses), result.Err, result.Annotations)
	// Output:
	// 0 rpc error: code = InvalidArgument desc = who are you?
	// 1 2 rpc error: code = Aborted desc = no more [tenant=acme]
}

// An RPC that fails twice, as a retrying link meets it.
func ExampleRun_retry() {
	t := &exampleT{}
	defer t.end()

	threeTimes := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) (err error) {
		call.KeepRequests(100)
		for range 3 {
			if err = next(ctx, call); status.Code(err) != codes.Unavailable {
				break
			}
		}
		return err
	})
	result := frameworktest.Run(t, threeTimes, frameworktest.Case{
		Side: framework.ClientSide,
		Kind: framework.ClientStream,
		Errs: []error{status.Error(codes.Unavailable, "1"), status.Error(codes.Unavailable, "2")},
	})
	fmt.Println(result.Runs, result.Err, len(result.Requests))
	// Output: 3 <nil> 1
}
