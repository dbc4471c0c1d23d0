package validate_test

import (
	"testing"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
	"github.com/sluice-go/sluice/modules/validate"
)

// In an fx app both are declared by their constructors, with the same Options from the graph.
func TestProvide(t *testing.T) {
	t.Parallel()
	s := &shop{receipts: []string{badReceipt}, requests: make(chan proto.Message, 10)}
	var conn ordersClient
	app := fxgrpctest.New(t, fx.NopLogger, fxgrpc.Module,
		fx.Supply(validate.Options{Responses: true}),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(registerOrders, fxgrpc.From(func() *shop { return s })),
		fxgrpc.Client("orders", newOrdersClient, fxgrpc.Insecure(), fxgrpc.Address("passthrough:///orders")),
		fxgrpc.Provide(validate.New),
		fxgrpc.Provide(validate.NewClient, fxgrpc.OnClients()),
		fx.Populate(&conn))
	fxgrpctest.AssertChain(t, app, "/acme.orders.v1.Orders/Place", "validate")
	for _, kind := range kinds {
		if _, err := order(t.Context(), conn, kind, message(t, "Order", badOrder)); status.Code(err) != codes.InvalidArgument || s.took() > 0 {
			t.Errorf("%s: %v", kind, err)
		}
		if _, err := order(t.Context(), app.Conn(t, "default"), kind, message(t, "Order", goodOrder)); status.Code(err) != codes.Internal || s.took() != 1 {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// orders is what generated code has of a service.
type orders interface{ description() *grpc.ServiceDesc }

func registerOrders(r grpc.ServiceRegistrar, o orders) { r.RegisterService(o.description(), o) }

type ordersClient struct{ grpc.ClientConnInterface }

func newOrdersClient(c grpc.ClientConnInterface) ordersClient { return ordersClient{c} }
