// Package orders is the shop's service: a store of orders in memory, and acme.orders.v1.Orders on top of it. It knows
// nothing of interceptors but what they put into the context.
package orders

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"

	pb "github.com/sluice-go/sluice/examples/shop/orderspb"
	"github.com/sluice-go/sluice/examples/shop/stock"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/modules/headers"
)

// region caller

// Caller is what a request says of its caller beside who it is.
type Caller struct {
	_      struct{} `grpc:"headers"`
	Tenant string   `grpc:"x-tenant-id,required"`
	Trace  []byte   `grpc:"x-trace-bin"`
	Roles  []string `grpc:"x-role"`
}

// endregion

// What can be wrong with an order. The app says which statuses these are.
var (
	ErrNotFound = errors.New("no such order")
	ErrOver     = errors.New("the order is delivered or canceled")
)

// Orders implements acme.orders.v1.Orders. Each tenant sees its own orders.
type Orders struct {
	pb.UnimplementedOrdersServer
	store *Store
}

// New makes the service on a store.
func New(s *Store) *Orders { return &Orders{store: s} }

func tenant(ctx context.Context) string { return headers.From[Caller](ctx).Tenant }

// Create implements pb.OrdersServer.
func (o *Orders) Create(ctx context.Context, r *pb.CreateRequest) (*pb.Order, error) {
	if err := stock.Take(r.GetSku(), r.GetQuantity()); err != nil {
		return nil, err
	}
	return o.store.place(tenant(ctx), r), nil
}

// Get implements pb.OrdersServer.
func (o *Orders) Get(ctx context.Context, r *pb.GetRequest) (*pb.Order, error) {
	return o.store.get(tenant(ctx), r.GetId())
}

// Cancel implements pb.OrdersServer.
func (o *Orders) Cancel(ctx context.Context, r *pb.CancelRequest) (*pb.Order, error) {
	return o.store.change(tenant(ctx), r.GetId(), pb.State_STATE_CANCELED)
}

// Watch implements pb.OrdersServer. It ends when the order is over, and when the server is to stop.
func (o *Orders) Watch(r *pb.WatchRequest, stream grpc.ServerStreamingServer[pb.Order]) error {
	ctx := stream.Context()
	for {
		order, changed, err := o.store.watch(tenant(ctx), r.GetId())
		if err != nil {
			return err
		}
		if err := stream.Send(order); err != nil || over(order) {
			return err
		}
		select {
		case <-changed:
		case <-fxgrpc.Draining(ctx):
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Import implements pb.OrdersServer.
func (o *Orders) Import(stream grpc.ClientStreamingServer[pb.CreateRequest, pb.ImportResponse]) error {
	done := &pb.ImportResponse{}
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return stream.SendAndClose(done)
		}
		if err != nil {
			return err
		}
		done.Ids = append(done.Ids, o.store.place(tenant(stream.Context()), r).GetId())
	}
}

// Track implements pb.OrdersServer.
func (o *Orders) Track(stream grpc.BidiStreamingServer[pb.GetRequest, pb.Order]) error {
	for {
		r, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		order, err := o.store.get(tenant(stream.Context()), r.GetId())
		if err != nil {
			return err
		}
		if err := stream.Send(order); err != nil {
			return err
		}
	}
}

func over(o *pb.Order) bool {
	return o.GetState() == pb.State_STATE_DELIVERED || o.GetState() == pb.State_STATE_CANCELED
}
