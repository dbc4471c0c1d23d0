package ratelimit_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/ratelimit"
	"golang.org/x/time/rate"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/ratelimit"
)

type mailer struct {
	dummypb.UnimplementedDummyServiceServer
}

func (mailer) Execute(context.Context, *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	return &dummypb.DummyResponse{Output: "sent"}, nil
}

// Two calls at once, and one more each hour.
func Example() {
	interceptor, err := ratelimit.New(ratelimit.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, closeClient := serve(
		framework.Use(interceptor),
		framework.Rules("DummyService/Execute", ratelimit.Rate.Set(rate.Every(time.Hour)), ratelimit.Burst.Set(2)))
	defer closeClient()

	for range 3 {
		_, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "ann@example.com"})
		fmt.Println(err)
		for _, d := range status.Convert(err).Details() {
			if info, ok := d.(*errdetails.RetryInfo); ok {
				fmt.Println("again in", info.GetRetryDelay().AsDuration().Round(time.Minute))
			}
		}
	}

	// Output:
	// <nil>
	// <nil>
	// rpc error: code = ResourceExhausted desc = rate limit of /sluice.testing.v1.DummyService/Execute reached; try again later
	// again in 1h0m0s
}

// A policy limits the mail to each domain, by a key of its own.
func ExampleOptions_keys() {
	type policy struct {
		_    struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		Send framework.Rule `grpc:"Execute,rate=1/h,rate.key=domain"`
	}
	interceptor, err := ratelimit.New(ratelimit.Options{
		Keys: map[string]func(context.Context, *framework.Call) (string, bool){
			"domain": func(_ context.Context, call *framework.Call) (string, bool) {
				mail, _ := call.Request().(*dummypb.DummyRequest)
				_, domain, ok := strings.Cut(mail.GetInput(), "@")
				return domain, ok
			},
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, closeClient := serve(framework.Use(interceptor), framework.Policy(policy{}))
	defer closeClient()

	for _, to := range []string{"ann@example.com", "bob@example.com", "ann@example.org"} {
		_, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: to})
		fmt.Println(to, status.Code(err))
	}

	// Output:
	// ann@example.com OK
	// bob@example.com ResourceExhausted
	// ann@example.org OK
}

// quota is a limiter that was made for the interceptors of go-grpc-middleware.
type quota struct{ left int }

func (q *quota) Limit(context.Context) error {
	if q.left--; q.left < 0 {
		return fmt.Errorf("account 4711 has no more calls")
	}
	return nil
}

// A Limiter that was made for go-grpc-middleware decides on the methods that have a limit. What it says is for the log.
func ExampleLimiterFunc() {
	var limiter ggm.Limiter = &quota{left: 1}
	interceptor, err := ratelimit.New(ratelimit.Options{
		Limit: 1, // of every method; this Limiter knows better
		Limiter: ratelimit.LimiterFunc(func(ctx context.Context, b ratelimit.Bucket) (time.Duration, error) {
			if err := limiter.Limit(ctx); err != nil {
				return 0, errmap.ResourceExhausted.Wrapf(err, "no more calls of %s", b.Method.Name)
			}
			return 0, nil
		}),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, closeClient := serve(framework.Use(interceptor))
	defer closeClient()

	for range 2 {
		_, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "ann@example.com"})
		fmt.Println(err)
	}

	// Output:
	// <nil>
	// rpc error: code = ResourceExhausted desc = no more calls of Execute
}

// serve runs a server with a chain in memory and gives a client of it, and what ends both.
func serve(parts ...framework.Part) (dummypb.DummyServiceClient, func()) {
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, mailer{})
	if err := chain.Bind(server.GetServiceInfo()); err != nil {
		panic(err)
	}
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))
	if err != nil {
		panic(err)
	}
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); server.Stop() }
}
