package app // want package:`services \["acme.orders.v1.Orders" "grpc.health.v1.Health"\], keys \[\]`

import (
	"github.com/sluice-go/sluice/framework"
	_ "github.com/sluice-go/sluice/framework/tagvet/testdata/wiring"
)

// Chain is for services that only an imported package imports.
type Chain struct {
	_      struct{}              `grpc:"chain=server,service=acme.orders.v1.Ordesr ?acme.orders.v1.Ordres"` // want `no imported service is called "acme.orders.v1.Ordesr"; did you mean "acme.orders.v1.Orders"\?`
	Right  framework.Interceptor `grpc:"right,on=acme.orders.v1.Orders/* Orders/Get* Orders/Create Health/Check acme.* *,except=grpc.health.v1.Health/*"`
	Method framework.Interceptor `grpc:"method,on=Orders/Get acme.orders.v1.Orders/Craete"` // want `pattern "acme.orders.v1.Orders/Craete" matches no method of the imported service; did you mean "acme.orders.v1.Orders/Create"\?`
	Short  framework.Interceptor `grpc:"short,on=Orders/Wach"`                              // want `pattern "Orders/Wach" matches no method of the imported service; did you mean "Orders/Watch"\?`
	Prefix framework.Interceptor `grpc:"prefix,on=Orders/Delete*"`                          // want `pattern "Orders/Delete\*" matches no method of the imported service; there are \["Orders/Chat" .*\]`
	Health framework.Interceptor `grpc:"health,except=grpc.heath.v1.Health/*"`              // want `pattern "grpc.heath.v1.Health/\*" is for no imported service; did you mean "grpc.health.v1.Health/\*"\?`
	Near   framework.Interceptor `grpc:"near,except=Heallth/Check"`                         // want `pattern "Heallth/Check" is for no imported service; did you mean "Health/Check"\?`
	Maybe  framework.Interceptor `grpc:"maybe,on=?Orders/Wach ?grpc.heath.v1.Health/*"`
	Others framework.Interceptor `grpc:"others,on=acme.orders.v2.Orders/Nope Carts/Add acme.carts.v1.Cart/Remove Wealth/Add grpc.reflection.*"`
}
