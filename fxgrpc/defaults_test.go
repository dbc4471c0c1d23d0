package fxgrpc_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"go.uber.org/fx"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/translate"
)

// TestDefaults has what they bring, and what they yield to.
func TestDefaults(t *testing.T) {
	t.Parallel()
	all := []string{"requestid", "logging", "translate", "recovery"}
	for _, tt := range []struct {
		name                   string
		opts                   fx.Option
		server, admin, client  []string
		healthless, adminAlone bool
	}{
		{"all", fxgrpc.Defaults(), all, all, all[:3], false, false},
		{"without", fxgrpc.Defaults(fxgrpc.Without("requestid", "logging", "health")), all[2:], all[2:], all[2:3], true, false},
		{"without any", fxgrpc.Defaults(fxgrpc.Without("logging", "translate"), fxgrpc.Without("requestid", "recovery", "health")), nil, nil, nil, true, false},
		{
			"one is declared for a server", fx.Options(fxgrpc.Defaults(), fxgrpc.Use(passing, framework.Name("logging"), fxgrpc.OnServers("admin"))),
			all,
			[]string{"requestid", "translate", "recovery", "logging"},
			all[:3], false, false,
		},
		{
			"one is a pair of grpc's own", fx.Options(fxgrpc.Defaults(), fxgrpc.Parts(framework.UseServer(rawUnary, rawStream, framework.Name("recovery")))),
			[]string{"requestid", "logging", "translate", "recovery"},
			[]string{"requestid", "logging", "translate", "recovery"},
			all[:3], false, false,
		},
		{
			"one is of the same type", fx.Options(fxgrpc.Defaults(), fxgrpc.Provide(logging.New, framework.At(framework.StageApp))),
			[]string{"requestid", "translate", "recovery", "logging"},
			[]string{"requestid", "translate", "recovery", "logging"},
			all[:3], false, false,
		},
		{
			"health is declared for a server", fx.Options(fxgrpc.Defaults(),
				fxgrpc.Service(healthpb.RegisterHealthServer, fxgrpc.From(health.NewServer), fxgrpc.OnServers("admin"))), all, all, all[:3], false, false,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := plan(t, served(tt.opts), fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.Insecure()),
				fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1")))
			for _, chain := range []struct {
				explain func(string) framework.Explanation
				want    []string
			}{
				{p.ServerChain("default").Explain, tt.server},
				{p.ServerChain("admin").Explain, tt.admin},
				{p.ClientChain("a").Explain, tt.client},
			} {
				if e := chain.explain(execute); !slices.Equal(e.Names(), chain.want) {
					t.Errorf("want %q, got\n%s", chain.want, e)
				}
			}
			if got := !slices.Contains(p.Methods("default"), check); got != tt.healthless {
				t.Errorf("without health: %v", got)
			}
		})
	}
}

// TestDefaultsOptions has the options of a module in the graph, and the app's logger.
func TestDefaultsOptions(t *testing.T) {
	t.Parallel()
	for name, opts := range map[string]func(*slog.Logger) fx.Option{
		"the module's options": func(l *slog.Logger) fx.Option { return fx.Options(quiet, fx.Supply(logging.Options{Logger: l})) },
		"the app's logger":     func(l *slog.Logger) fx.Option { return fx.Options(fx.NopLogger, fx.Supply(l)) },
	} {
		var log bytes.Buffer
		app := fxgrpctest.New(t, opts(slog.New(slog.NewTextHandler(&log, nil))), served(fxgrpc.Defaults()))
		if _, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).Execute(t.Context(), &dummypb.DummyRequest{}); err != nil {
			t.Fatal(err)
		}
		app.RequireStop()
		if !strings.Contains(log.String(), "grpc.method=Execute") {
			t.Errorf("%s: the log is\n%s", name, &log)
		}
	}
}

// TestPlanIsLogged has the Plan in the log, once.
func TestPlanIsLogged(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	app := fxgrpctest.New(t, fx.NopLogger, fx.Supply(slog.New(slog.NewTextHandler(&log, nil))), served())
	app.RequireStop()
	if n := strings.Count(log.String(), "DummyService/ExecuteClientStream"); n != 1 {
		t.Errorf("it is there %d times:\n%s", n, &log)
	}
}

var errSoldOut = errors.New("sold out")

// TestErrors has rules of several modules on the way of an error to the client.
func TestErrors(t *testing.T) {
	t.Parallel()
	failing := func() dummypb.DummyServiceServer {
		s := newDummy()
		s.SpecialCases = map[string]func(context.Context, string) (string, error){"": func(context.Context, string) (string, error) { return "", errSoldOut }}
		return s
	}
	rule := errmap.On(errSoldOut, errmap.FailedPrecondition, errmap.Reason("SOLD_OUT"))
	other := errmap.On(context.Canceled, errmap.Aborted)
	for name, opts := range map[string]fx.Option{
		"Errors":                   fx.Options(fxgrpc.Errors(rule), fxgrpc.Errors(other), fxgrpc.Defaults()),
		"Errors of a module":       fx.Options(fx.Module("feature", fxgrpc.Errors(rule, other)), fxgrpc.Defaults()),
		"ErrorsFrom, one":          fx.Options(fxgrpc.ErrorsFrom(func(*journal) errmap.Rule { return rule }), fxgrpc.Defaults()),
		"ErrorsFrom, several":      fx.Options(fxgrpc.ErrorsFrom(func(*journal) ([]errmap.Rule, error) { return []errmap.Rule{rule, other}, nil }), fxgrpc.Defaults()),
		"ErrorsFrom, with options": fx.Options(fxgrpc.ErrorsFrom(func(Options) errmap.Rule { return rule }), fxgrpc.ErrorsFrom(func() errmap.Rule { return other }), fxgrpc.Defaults()),
		"a translate of the app's": fx.Options(fxgrpc.Errors(rule), fxgrpc.Provide(translate.New, fxgrpc.OnServers(), fxgrpc.OnClients()),
			fx.Provide(func(m *errmap.Mapper) translate.Options { return translate.Options{Mapper: m} })),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var stub dummypb.DummyServiceClient
			fxgrpctest.New(t, quiet, opts, fx.Supply(&journal{}, errmap.Config{Domain: "shop.test"}),
				fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()),
				fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(failing)),
				fxgrpc.Client("shop", dummypb.NewDummyServiceClient, fxgrpc.Address("shop:1"), fxgrpc.Insecure()),
				fx.Populate(&stub))
			_, err := stub.Execute(t.Context(), &dummypb.DummyRequest{})
			if !errors.Is(err, errSoldOut) || status.Code(err) != codes.FailedPrecondition {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestFaultsAreLoggedOnce has the cause of an unknown error in one line, with the default logging and without.
func TestFaultsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	for _, without := range []string{"health", "logging"} {
		var text strings.Builder
		logger := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelError}))
		app := fxgrpctest.New(t,
			fxgrpc.Module, fxgrpc.Defaults(fxgrpc.Without(without)), fxgrpc.Server(fxgrpc.Insecure()),
			fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() dummypb.DummyServiceServer {
				return &frameworktest.DummyService{SpecialCases: map[string]func(context.Context, string) (string, error){
					"fail": frameworktest.Raises(errors.New("the disk is full")),
				}}
			})),
			fx.Supply(logger))
		conn := app.Conn(t, fxgrpc.DefaultServer)
		_, err := dummypb.NewDummyServiceClient(conn).Execute(t.Context(), &dummypb.DummyRequest{Input: "fail"})
		if status.Code(err) != codes.Unknown || strings.Contains(err.Error(), "disk") {
			t.Errorf("got %v", err)
		}
		app.RequireStop()
		if n := strings.Count(text.String(), "the disk is full"); n != 1 {
			t.Errorf("without %s: %d lines in\n%s", without, n, text.String())
		}
	}
}
