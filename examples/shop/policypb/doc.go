// Package policypb has the options by which protos say what their methods need.
package policypb

//go:generate ../../../.ci/generate examples/shop/policypb
