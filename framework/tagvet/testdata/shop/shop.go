package shop // want package:`services \["acme.orders.v1.Orders"\], keys \[\]`

import (
	"context"

	"github.com/sluice-go/sluice/framework"
	pb "github.com/sluice-go/sluice/framework/tagvet/testdata/orderspb"
)

type ServerChain struct {
	_     struct{}              `grpc:"chain=server"`
	Auth  framework.Interceptor `grpc:"auth,stge=authenticate"`                // want `unknown option`
	Audit framework.Interceptor `grpc:"audit,on=acme.orders.v1.Orders/Craete"` // want `matches no method`
	Cache framework.Interceptor `gprc:"cache,except=acme.orders.v1.Orders/*"`  // want `no grpc tag`
	Name  string                `grpc:"name"`                                  // want `no interceptor`
}

type OrdersPolicy struct {
	_      struct{}                                       `grpc:"service=acme.orders.v1.Orders"`
	Get    framework.Rule                                 `grpc:"Get,timeout=300"`    // want `not a duration`
	Create func(context.Context, *pb.CreateRequest) error `grpc:"Create,timout=2s"`   // want `did you mean`
	Watch  func(context.Context, *pb.CreateRequest) error `grpc:"Watch,timeout=none"` // want `the check takes`
}
