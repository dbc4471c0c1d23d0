// Package dummypb is the service that package frameworktest serves and calls:
// one method of each kind, generated from dummy.proto.
package dummypb

//go:generate ../../../.ci/generate framework/frameworktest/dummypb
