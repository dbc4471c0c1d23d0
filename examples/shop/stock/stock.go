// Package stock is what the shop has. Its error says by tags what it is to clients; the package knows neither of gRPC nor
// of Sluice.
package stock

import (
	"fmt"
	"time"
)

// region error

// OutOfStock is an order for what is not there. The client gets the same Go type back, without the untagged field.
type OutOfStock struct {
	_     struct{}      `grpc:"error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message='{SKU} is out of stock'"`
	SKU   string        `grpc:"metadata"`
	Again time.Duration `grpc:"retry.delay"`
	Query string        // stays inside
}

func (e *OutOfStock) Error() string { return fmt.Sprintf("%s is out of stock (%s)", e.SKU, e.Query) }

// endregion

// Take takes things out of the stock, of which there are hammers only.
func Take(sku string, _ int32) error {
	if sku == "hammer" {
		return nil
	}
	return &OutOfStock{SKU: sku, Again: time.Hour, Query: "SELECT quantity FROM stock WHERE sku = '" + sku + "'"}
}
