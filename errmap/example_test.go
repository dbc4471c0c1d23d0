package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
)

// ErrAsleep is an error of the domain, which knows nothing of gRPC.
var ErrAsleep = errors.New("the service is asleep")

// health is a handler. It returns errors as Go code does.
type health struct {
	healthpb.UnimplementedHealthServer
}

func (health) Check(_ context.Context, in *healthpb.HealthCheckRequest) (*healthpb.HealthCheckResponse, error) {
	switch in.GetService() {
	case "":
		return nil, errmap.InvalidArgument.New("which service?")
	case "billing":
		return nil, fmt.Errorf("asking 10.0.0.3: %w", ErrAsleep)
	}
	return nil, errors.New("dial 10.0.0.3: password=secret")
}

// The whole way: a handler fails, a client finds out why.
func Example() {
	mapper, err := errmap.New(
		errmap.Config{
			Domain: "health.acme.com",
			Observer: func(_ context.Context, o errmap.Outcome) {
				fmt.Printf("server: %s, by %s: %v\n", o.Status.Code(), o.Source, o.Cause)
			},
		},
		errmap.On(ErrAsleep, errmap.Unavailable, errmap.Reason("ASLEEP")),
	)
	if err != nil {
		log.Fatal(err)
	}

	// Both interceptors in their shortest form. A stream's are alike.
	server := grpc.NewServer(grpc.UnaryInterceptor(
		func(ctx context.Context, in any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			out, err := next(ctx, in)
			return out, mapper.Error(ctx, info.FullMethod, err)
		}))
	healthpb.RegisterHealthServer(server, health{})
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()

	conn, err := grpc.NewClient(
		"passthrough:health",
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }),
		grpc.WithUnaryInterceptor(
			func(ctx context.Context, method string, in, out any, cc *grpc.ClientConn, next grpc.UnaryInvoker, o ...grpc.CallOption) error {
				return mapper.Decode(ctx, next(ctx, method, in, out, cc, o...))
			}),
	)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = conn.Close() }()

	for _, service := range []string{"", "billing", "search"} {
		_, err := healthpb.NewHealthClient(conn).Check(context.Background(), &healthpb.HealthCheckRequest{Service: service})
		fmt.Printf("client: %v; asleep: %v\n", err, errors.Is(err, ErrAsleep))
	}
	// Output:
	// server: InvalidArgument, by explicit: which service?
	// client: which service?; asleep: false
	// server: Unavailable, by sentinel: asking 10.0.0.3: the service is asleep
	// client: the service is asleep; asleep: true
	// server: Unknown, by unknown: dial 10.0.0.3: password=secret
	// client: unknown error; asleep: false
}
