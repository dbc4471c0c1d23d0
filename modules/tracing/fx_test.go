package tracing_test

import (
	"testing"

	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
	"github.com/sluice-go/sluice/modules/tracing"
)

// In an fx app one Interceptor stands on all servers and clients, and its stats handlers with it.
func TestInAnApp(t *testing.T) {
	t.Parallel()
	s := newSpans()
	t.Run("app", func(t *testing.T) { // when it has ended so have the server's spans
		var client dummypb.DummyServiceClient
		app := fxgrpctest.New(t, fx.NopLogger, fxgrpc.Module,
			fx.Supply(s.provider),
			fx.Provide(func(p *sdk.TracerProvider) tracing.Options { return tracing.Options{TracerProvider: p} }),
			fxgrpc.Server(fxgrpc.Insecure()),
			fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *frameworktest.DummyService { return &frameworktest.DummyService{} })),
			fxgrpc.Client("dummy", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("passthrough:///dummy")),
			fxgrpc.Provide(tracing.New, fxgrpc.OnServers(), fxgrpc.OnClients()),
			fx.Populate(&client))
		fxgrpctest.AssertChain(t, app, dummypb.DummyService_Execute_FullMethodName, "tracing")
		for _, kind := range kinds {
			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
				t.Fatal(err)
			}
		}
	})
	want := ""
	for _, kind := range kinds {
		want += "client " + methods[kind] + "\n  server " + methods[kind] + "\n"
	}
	if got := tree(s.ended(t)); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}
