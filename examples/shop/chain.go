package main

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/auth"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/translate"
)

// region chain

// ServerChain is the order of calls: the first field is outermost. fx fills it.
type ServerChain struct {
	fx.In    `grpc:"chain=server"`
	Logging  *logging.Interceptor   `grpc:"logging,except=grpc.health.v1.Health/*"`
	Errors   *translate.Interceptor `grpc:"errors"`
	Recovery *recovery.Interceptor  `grpc:"recovery"`
	Auth     *auth.Interceptor      `grpc:"auth,except=grpc.health.v1.Health/* ?grpc.reflection.*"`
	Audit    *Audit                 `grpc:"audit,on=Orders/Create Orders/Cancel,when=audit" optional:"true"`
}

// endregion

// Audit tells who changed what.
type Audit struct{ log *slog.Logger }

// NewAudit makes an Audit.
func NewAudit(log *slog.Logger) *Audit { return &Audit{log} }

// Intercept implements framework.Interceptor.
func (a *Audit) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	err := next(ctx, call)
	if who, ok := auth.FromContext(ctx); ok && err == nil {
		a.log.InfoContext(ctx, "audit", "who", who.ID, "did", call.Method().Name)
	}
	return err
}
