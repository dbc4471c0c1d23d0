package validate_test

import (
	"context"
	"fmt"
	"net"

	testvalidatev1 "github.com/grpc-ecosystem/go-grpc-middleware/v2/testing/testvalidate/v1"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/validate"
)

// mail is a service whose proto has a rule:
//
//	message SendRequest {
//	  string message = 1 [(buf.validate.field).string.email = true];
//	}
type mail struct {
	testvalidatev1.UnimplementedTestValidateServiceServer
}

func (mail) Send(_ context.Context, r *testvalidatev1.SendRequest) (*testvalidatev1.SendResponse, error) {
	fmt.Println("sent to", r.GetMessage())
	return &testvalidatev1.SendResponse{}, nil
}

// The handler is called with what keeps the rules of its proto.
func Example() {
	interceptor, err := validate.New(validate.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	testvalidatev1.RegisterTestValidateServiceServer(server, mail{})
	if err := chain.Bind(server.GetServiceInfo()); err != nil { // where bad rules fail
		fmt.Println(err)
		return
	}
	client, closeClient := serve(server)
	defer closeClient()

	for _, to := range []string{"ann@example.com", "ann at example.com"} {
		_, err := client.Send(context.Background(), &testvalidatev1.SendRequest{Message: to})
		fmt.Println(err)
		for _, detail := range status.Convert(err).Details() {
			for _, v := range detail.(*errdetails.BadRequest).GetFieldViolations() {
				fmt.Printf("field %s, reason %s\n", v.GetField(), v.GetReason())
			}
		}
	}

	// Output:
	// sent to ann@example.com
	// <nil>
	// rpc error: code = InvalidArgument desc = invalid request: message: must be a valid email address
	// field message, reason string.email
}

// A client refuses by itself what no server would take.
func ExampleNewClient() {
	interceptor, err := validate.NewClient(validate.Options{Responses: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewClientChain(framework.Use(interceptor))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer()
	testvalidatev1.RegisterTestValidateServiceServer(server, mail{})
	client, closeClient := serve(server, chain.DialOptions()...)
	defer closeClient()

	_, err = client.Send(context.Background(), &testvalidatev1.SendRequest{Message: "ann"})
	fmt.Println(err)

	// Output:
	// rpc error: code = InvalidArgument desc = validate: the request was not sent: message: must be a valid email address
}

// serve runs a server in memory and gives a client of it, and what ends both.
func serve(server *grpc.Server, o ...grpc.DialOption) (testvalidatev1.TestValidateServiceClient, func()) {
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory", append(o,
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		panic(err)
	}
	return testvalidatev1.NewTestValidateServiceClient(conn), func() { _ = conn.Close(); server.Stop() }
}
