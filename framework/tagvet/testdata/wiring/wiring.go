package wiring // want package:`services \["acme.orders.v1.Orders" "grpc.health.v1.Health"\], keys \[\]`

import (
	_ "google.golang.org/grpc/health/grpc_health_v1"

	"github.com/sluice-go/sluice/framework/tagvet/testdata/orderspb"
)

type orders struct{ orderspb.OrdersServer }
