package fxgrpc_test

import (
	"fmt"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

func ExampleServer_mistakes() {
	err := fx.New(fx.NopLogger, fxgrpc.Module, fxgrpc.Server(fxgrpc.Named("my server"), fxgrpc.Drain(-1, 0))).Err()
	fmt.Println(err)
	// Output:
	// fxgrpc: server "my server" (example_mistakes_test.go:13): Named: name "my server": letters, digits and ._- are allowed
	// fxgrpc: server "my server" (example_mistakes_test.go:13): Drain: a duration is negative; 0 means at once
	// fxgrpc: server "my server" (example_mistakes_test.go:13): it is not said how connections are secured; say fxgrpc.TLS(…), or fxgrpc.Insecure() for plaintext
}

func ExampleAddress() {
	err := fx.New(fx.NopLogger, fxgrpc.Module,
		fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.Insecure())).Err()
	fmt.Println(err)
	// Output: fxgrpc: client "greeter" (example_mistakes_test.go:23): it is not said whom to call; say fxgrpc.Address
}
