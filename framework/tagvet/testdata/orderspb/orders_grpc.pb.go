package orderspb // want package:`services \["acme.orders.v1.Orders"\], keys \[\]`

import (
	"context"

	"google.golang.org/grpc"
)

// What protoc-gen-go-grpc generates, as far as it is looked at: with types of its own for streams, as it once did, and
// with grpc's.

const (
	Orders_Create_FullMethodName  = "/acme.orders.v1.Orders/Create"
	Orders_Get_FullMethodName     = "/acme.orders.v1.Orders/Get"
	Orders_GetMany_FullMethodName = "/acme.orders.v1.Orders/GetMany"
	Orders_Watch_FullMethodName   = "/acme.orders.v1.Orders/Watch"
	Orders_Upload_FullMethodName  = "/acme.orders.v1.Orders/Upload"
	Orders_Chat_FullMethodName    = "/acme.orders.v1.Orders/Chat"
)

// A constant of somebody's own: the methods of its service are not known.
const Carts_Add_FullMethodName = "/acme.carts.v1.Cart/Add"

type (
	CreateRequest struct{}
	GetRequest    struct{}
	WatchRequest  struct{}
	UploadRequest struct{}
	ChatMessage   struct{}
	Order         struct{}
)

type OrdersServer interface {
	Create(context.Context, *CreateRequest) (*Order, error)
	Get(context.Context, *GetRequest) (*Order, error)
	GetMany(context.Context, *GetRequest) (*Order, error)
	Watch(*WatchRequest, grpc.ServerStreamingServer[Order]) error
	Upload(grpc.ClientStreamingServer[UploadRequest, Order]) error
	Chat(Orders_ChatServer) error
	mustEmbedUnimplementedOrdersServer()
}

type Orders_ChatServer interface {
	Send(*ChatMessage) error
	Recv() (*ChatMessage, error)
	grpc.ServerStream
}
