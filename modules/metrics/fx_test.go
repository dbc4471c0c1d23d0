package metrics_test

import (
	"maps"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
	"github.com/sluice-go/sluice/modules/metrics"
)

// In an fx app one Interceptor stands on all servers and clients, with options that the graph has, into a registry that
// the graph has.
func TestInAnApp(t *testing.T) {
	t.Parallel()
	var client dummypb.DummyServiceClient
	registry := prometheus.NewRegistry()
	app := fxgrpctest.New(t, fx.NopLogger, fxgrpc.Module,
		fx.Provide(func() prometheus.Registerer { return registry }, func(r prometheus.Registerer) metrics.Options { return metrics.Options{Registerer: r} }),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *frameworktest.DummyService { return &frameworktest.DummyService{} })),
		fxgrpc.Client("dummy", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("passthrough:///dummy")),
		fxgrpc.Provide(metrics.New, fxgrpc.OnServers(), fxgrpc.OnClients()),
		fx.Populate(&client))
	fxgrpctest.AssertChain(t, app, dummypb.DummyService_Execute_FullMethodName, "metrics")
	want := numbers{}
	for _, kind := range kinds {
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		for _, side := range []framework.Side{framework.ServerSide, framework.ClientSide} {
			maps.Copy(want, ended(side, kind, codes.OK, 1).passed(side, kind, 1, 1))
		}
	}
	read(t, registry).want(t, want)
}
