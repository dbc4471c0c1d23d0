package main

import (
	"context"
	"os"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestValidate finds what is wrong with the app without starting it.
func TestValidate(t *testing.T) {
	t.Parallel()
	fxgrpctest.Validate(t, shop(t.Output()))
}

// TestConfigured has the environment say it all.
func TestConfigured(t *testing.T) {
	t.Setenv("SHOP_SERVER_LIMITS_MAX_RECEIVE_BYTES", "4")
	if err := fx.New(shop(t.Output())).Err(); err == nil {
		t.Error("a size without a unit was taken")
	}
	t.Setenv("SHOP_SERVER_LIMITS_MAX_RECEIVE_BYTES", "4MiB")
	t.Setenv("SHOP_AUDIT", "false")
	app := fxgrpctest.New(t, shop(t.Output()))
	fxgrpctest.AssertChain(t, app, "/acme.orders.v1.Orders/Cancel", "requestid", "logging", "errors", "recovery", "concurrency", "timeout", "auth", "headers")
}

func Example() {
	if err := run(context.Background(), os.Stdout); err != nil {
		panic(err)
	}
	// Output:
	// The links and rules of each method:
	//
	// server "default"
	//   /acme.orders.v1.Orders/Cancel  requestid logging errors recovery concurrency timeout auth audit headers  [concurrent=200, timeout=2s, allow=role:writer, default=deny]
	//   /acme.orders.v1.Orders/Create  requestid logging errors recovery concurrency ratelimit timeout auth audit headers  [concurrent=200, rate=100/s, rate.burst=20, timeout=2s, require=role:writer scope:orders.write, default=deny]
	//   /acme.orders.v1.Orders/Get  requestid logging errors recovery concurrency timeout auth headers  [concurrent=200, timeout=300ms, allow=role:reader role:admin, default=deny]
	//   /acme.orders.v1.Orders/Import  requestid logging errors recovery concurrency timeout auth headers  [concurrent=200, timeout=1m, allow=role:writer, default=deny]
	//   /acme.orders.v1.Orders/Track  requestid logging errors recovery concurrency auth headers  [concurrent=200, timeout=none, allow=role:admin role:reader, default=deny]
	//   /acme.orders.v1.Orders/Watch  requestid logging errors recovery concurrency auth headers  [concurrent=200, timeout=none, allow=role:reader, default=deny]
	//   /grpc.health.v1.Health/Check  requestid errors recovery
	//   /grpc.health.v1.Health/List  requestid errors recovery
	//   /grpc.health.v1.Health/Watch  requestid errors recovery
	//
	// Ann, a writer, orders
	// level=INFO msg=audit who=ann did=Create
	//   order-1: 1 hammer for acme, STATE_PLACED
	//
	// Bob, a reader, orders
	//   PermissionDenied: The caller does not have permission to execute the specified operation
	//
	// Bob looks
	//   order-1: 1 hammer for acme, STATE_PLACED
	//
	// Bob looks for another tenant
	//   NotFound: no such order
	//
	// Bob does not say for which
	//   InvalidArgument: invalid request metadata: x-tenant-id is required; x-tenant-id: is required
	//
	// Somebody looks
	//   Unauthenticated: The request does not have valid authentication credentials for the operation
	//
	// Ann orders what is not there
	//   FailedPrecondition: anvil is out of stock; as a Go error: anvil, again in 1h0m0s, query ""
	//
	// Bob watches, and Ann cancels
	// level=INFO msg=audit who=ann did=Cancel
	//   order-1: 1 hammer for acme, STATE_CANCELED
	//
	// Ann cancels again
	//   FailedPrecondition: the order is delivered or canceled
}
