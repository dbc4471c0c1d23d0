package fxgrpc_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"sync"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/goleak"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	execute = "/sluice.testing.v1.DummyService/Execute"
	check   = "/grpc.health.v1.Health/Check"
)

// quiet is what every app of these tests has: no log of fx's, nor of ours.
var quiet = fx.Options(fx.NopLogger, fx.Supply(slog.New(slog.DiscardHandler)))

// build is an app that is built and never started.
func build(opts ...fx.Option) error { return fx.New(quiet, fx.Options(opts...)).Err() }

// plan is the Plan of an app that is built and never started.
func plan(t *testing.T, opts ...fx.Option) *fxgrpc.Plan {
	t.Helper()
	var p *fxgrpc.Plan
	if err := build(fx.Options(opts...), fx.Populate(&p)); err != nil {
		t.Fatal(err)
	}
	return p
}

// served is an app that serves the dummy service in plaintext.
func served(more ...fx.Option) fx.Option {
	return fx.Options(fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()), dummies(), fx.Options(more...))
}

func dummies(o ...fxgrpc.ServiceOption) fx.Option {
	return fxgrpc.Service(dummypb.RegisterDummyServiceServer, append(o, fxgrpc.From(newDummy))...)
}

func newDummy() *frameworktest.DummyService { return &frameworktest.DummyService{} }

// A journal notes which links an RPC passed.
type journal struct {
	mu    sync.Mutex
	notes []string
}

func (j *journal) note(text string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.notes = append(j.notes, text)
}

func (j *journal) take() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	notes := j.notes
	j.notes = nil
	return notes
}

// audit notes its text.
type audit struct {
	journal *journal
	text    string
}

func newAudit(j *journal) *audit { return &audit{j, "audit"} }

func (a *audit) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	a.journal.note(a.text)
	return next(ctx, call)
}

// guard has Options, as modules do.
type guard struct {
	options Options
	journal *journal
}

type Options struct{ Realm string }

func newGuard(o Options, j *journal) (*guard, error) {
	if o.Realm == "broken" {
		return nil, errors.New("the realm is broken")
	}
	return &guard{o, j}, nil
}

func (g *guard) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	g.journal.note("guard of " + g.options.Realm)
	return next(ctx, call)
}

func pass(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// passing is an interceptor that does nothing.
var passing = framework.InterceptorFunc(pass)

// loopback is a listener on a free port.
func loopback(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return l
}
