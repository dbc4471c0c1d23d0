// Package orderspb is the service of orders.
package orderspb

//go:generate ../../../.ci/generate examples/shop/orderspb
