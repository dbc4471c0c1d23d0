package fxgrpc_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

// TestWaitReady has an app start once its client has a connection, and not when it has none.
func TestWaitReady(t *testing.T) {
	t.Parallel()
	client := func(address string) fx.Option {
		return fxgrpc.Client("self", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address(address), fxgrpc.WaitReady())
	}
	l := loopback(t)
	address := l.Addr().String()
	j := &journal{}
	app := fx.New(quiet, fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listener(l)), dummies(), client(address), noted(j, "after"))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	nobody := fx.New(quiet, fxgrpc.Module, client(address), noted(j, "never"))
	err := nobody.Start(ctx)
	if err == nil || !strings.Contains(err.Error(), `client "self" (waitready_test.go:`) || !strings.Contains(err.Error(), "no connection to") {
		t.Errorf("got %v", err)
	}
	if got := strings.Join(j.take(), " "); got != "+after -after" {
		t.Errorf("the hooks ran %q", got)
	}
	if err := nobody.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
