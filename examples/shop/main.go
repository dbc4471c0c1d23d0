// Shop is a service of orders whose chain, policy, request metadata and configuration are declared: a struct each.
//
//	go run ./examples/shop
//
// It listens on a free port of the loopback in plaintext, unless the environment says otherwise: SHOP_SERVER_ADDRESS,
// SHOP_SERVER_TLS_CERT and so on, see config.go.
package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/examples/shop/orders"
	pb "github.com/sluice-go/sluice/examples/shop/orderspb"
	"github.com/sluice-go/sluice/examples/shop/stock"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/modules/auth"
	"github.com/sluice-go/sluice/modules/concurrency"
	"github.com/sluice-go/sluice/modules/headers"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/ratelimit"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/timeout"
	"github.com/sluice-go/sluice/modules/translate"
)

func main() {
	if err := run(context.Background(), os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run starts the app, makes the calls, and stops it.
func run(ctx context.Context, out io.Writer) error {
	var plan *fxgrpc.Plan
	app := fx.New(shop(out), fx.Populate(&plan))
	if err := app.Start(ctx); err != nil {
		return err
	}
	fmt.Fprintf(out, "The links and rules of each method:\n\n%v", plan)
	if err := tour(ctx, out, plan.Addr(fxgrpc.DefaultServer).String()); err != nil {
		return err
	}
	return app.Stop(ctx)
}

// region app

// shop is the whole app.
func shop(out io.Writer) fx.Option {
	return fx.Options(
		fxgrpc.Module,
		fxgrpc.Defaults(fxgrpc.Without("logging", "translate", "recovery")), // requestid, health; the rest is in ServerChain
		fxgrpc.Server(fxgrpc.ConfigFrom(func(c Config) fxgrpc.ServerConfig { return c.Server })),
		fxgrpc.Service(pb.RegisterOrdersServer, fxgrpc.From(orders.New)),
		fxgrpc.Interceptors[ServerChain](),
		fxgrpc.Policy[OrdersPolicy](),
		fxgrpc.Parts(framework.PolicyFrom(rulesOf)),
		fxgrpc.PartsFrom(func(c Config) framework.Part { return framework.When("audit", c.Audit) }),
		fxgrpc.Provide(timeout.New),
		fxgrpc.Provide(concurrency.New),
		fxgrpc.Provide(ratelimit.New),
		fxgrpc.Provide(headers.New, framework.On("Orders/*"), fxgrpc.With(headers.Options{Bind: []headers.Struct{headers.Of[orders.Caller]()}})),
		fxgrpc.Errors(
			errmap.Tagged[*stock.OutOfStock](),
			errmap.On(orders.ErrNotFound, errmap.NotFound, errmap.Reason("NO_SUCH_ORDER"), errmap.Domain("shop.acme.com")),
			errmap.On(orders.ErrOver, errmap.FailedPrecondition, errmap.Reason("ORDER_OVER"), errmap.Domain("shop.acme.com"))),
		fx.Provide(
			loadConfig, newLogging, newTranslate, newRecovery, newAuth, NewAudit, orders.NewStore,
			func() *slog.Logger { return logger(out) },
		),
		fx.NopLogger,
	)
}

// endregion

func newLogging(l *slog.Logger) (*logging.Interceptor, error) {
	return logging.New(logging.Options{Logger: l})
}

func newTranslate(m *errmap.Mapper) (*translate.Interceptor, error) {
	return translate.New(translate.Options{Mapper: m})
}

func newRecovery(l *slog.Logger) (*recovery.Interceptor, error) {
	return recovery.New(recovery.Options{Logger: l})
}

// newAuth knows two callers. A real shop has their tokens from a secret store, or verifies JWTs.
func newAuth() (*auth.Interceptor, error) {
	callers, err := auth.Tokens(
		auth.HeldBy(auth.Principal{ID: "ann", Roles: []string{"reader", "writer"}, Scopes: []string{"orders.write"}}, annsToken),
		auth.HeldBy(auth.Principal{ID: "bob", Roles: []string{"reader"}}, bobsToken))
	if err != nil {
		return nil, err
	}
	return auth.New(auth.Options{Verifier: callers})
}

// logger shows the audit, and none of the log that differs from run to run.
func logger(out io.Writer) *slog.Logger {
	return slog.New(audits{slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey {
			return slog.Attr{}
		}
		return a
	}})})
}

// audits lets only lines of the audit through.
type audits struct{ slog.Handler }

func (h audits) Handle(ctx context.Context, r slog.Record) error {
	if r.Message != "audit" {
		return nil
	}
	return h.Handler.Handle(ctx, r)
}

func (h audits) WithAttrs(a []slog.Attr) slog.Handler { return audits{h.Handler.WithAttrs(a)} }

func (h audits) WithGroup(name string) slog.Handler { return audits{h.Handler.WithGroup(name)} }
