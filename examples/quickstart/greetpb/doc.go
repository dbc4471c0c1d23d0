// Package greetpb is the quickstart's service, one method of each kind.
package greetpb

//go:generate ../../../.ci/generate examples/quickstart/greetpb
