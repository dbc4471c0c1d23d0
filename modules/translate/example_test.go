package translate_test

import (
	"context"
	"errors"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/translate"
)

var ErrNoStock = errors.New("out of stock")

type shop struct {
	dummypb.UnimplementedDummyServiceServer
}

func (shop) Execute(_ context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	return nil, fmt.Errorf("row 7 of stock@10.0.0.3 for %s: %w", r.GetInput(), ErrNoStock)
}

// An error crosses the wire and is the same error on the other side, without what was wrapped around it.
func Example() {
	mapper, err := errmap.New(errmap.Config{Domain: "shop.acme.com"},
		errmap.On(ErrNoStock, errmap.FailedPrecondition, errmap.Reason("NO_STOCK")))
	if err != nil {
		fmt.Println(err)
		return
	}
	errs, err := translate.New(translate.Options{Mapper: mapper})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, closeClient := serve(errs)
	defer closeClient()

	_, err = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	fmt.Println(err)
	fmt.Println(errors.Is(err, ErrNoStock), errors.Is(err, errmap.FailedPrecondition))

	// Output:
	// out of stock
	// true true
}

// OnError sees the call that failed. What it answers is mapped in place of the error.
func ExampleOptions_onError() {
	errs, err := translate.New(translate.Options{
		OnError: func(_ context.Context, call *framework.Call, err error) error {
			request, ok := call.Request().(*dummypb.DummyRequest)
			if !ok || !errors.Is(err, ErrNoStock) {
				return nil
			}
			return errmap.NotFound.Wrap(err, "no "+request.GetInput()+" left")
		},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, closeClient := serve(errs)
	defer closeClient()

	_, err = client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	fmt.Printf("%+v\n", err)

	// Output:
	// NotFound(code=NOT_FOUND, message="no apples left", remote=true)
}

// serve runs a shop in memory, and gives a client of it and what ends both. The link stands on either side.
func serve(errs *translate.Interceptor) (dummypb.DummyServiceClient, func()) {
	inside, err := framework.NewServerChain(framework.Use(errs))
	if err != nil {
		panic(err)
	}
	outside, err := framework.NewClientChain(framework.Use(errs))
	if err != nil {
		panic(err)
	}
	server := grpc.NewServer(inside.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, shop{})
	listener := bufconn.Listen(1 << 16)
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient("passthrough:memory", append(outside.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		panic(err)
	}
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); server.Stop() }
}
