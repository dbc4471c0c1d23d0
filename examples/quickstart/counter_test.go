package main

import (
	"io"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// region test

// A real server and a real client, in memory, with a service that echoes.
func TestCounter(t *testing.T) {
	var out strings.Builder
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(framework.Use(NewCounter(&out))))

	if _, err := client.Execute(t.Context(), &dummypb.DummyRequest{Input: "hello"}); err != nil {
		t.Fatal(err)
	}
	if got, want := out.String(), "  counter on the server: unary, 1 responses, OK\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// Everything that an interceptor owes to the others: all four kinds, both sides, errors, panics, contexts, streams.
func TestCounterKeepsTheContract(t *testing.T) {
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return NewCounter(io.Discard) })
}

// endregion
