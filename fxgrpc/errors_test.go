package fxgrpc_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"

	"go.uber.org/fx"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// OutOfStock is an error of a domain; its tags say how it crosses the wire.
type OutOfStock struct {
	_     struct{} `grpc:"error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message='{SKU} is out of stock'"`
	SKU   string   `grpc:"metadata"`
	Query string
}

func (e *OutOfStock) Error() string { return errmap.Text(e) }

var errFull, errOld = errors.New("the disk is full"), errors.New("old price")

// failing is a service that fails as its input says.
func failing(cases map[string]error) fx.Option {
	all := map[string]func(context.Context, string) (string, error){
		"panic": func(context.Context, string) (string, error) { panic("a nasty value") },
	}
	for input, err := range cases {
		all[input] = frameworktest.Raises(err)
	}
	return fx.Options(
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() dummypb.DummyServiceServer {
			return &frameworktest.DummyService{SpecialCases: all}
		})))
}

// Rules from three modules make one mapper, whatever the order of the modules.
func TestErrorsOfThreeModules(t *testing.T) {
	t.Parallel()
	modules := []fx.Option{
		fx.Module("stock", fxgrpc.Errors(errmap.Tagged[*OutOfStock]())),
		fx.Module("disk", fxgrpc.Errors(errmap.On(errFull, errmap.ResourceExhausted, errmap.Message("no space")))),
		fx.Module("prices", fxgrpc.ErrorsFrom(func() []errmap.Rule {
			return []errmap.Rule{errmap.On(errOld, errmap.Aborted, errmap.Reason("OLD_PRICE"))}
		})),
	}
	for seed := range uint64(3) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			shuffled := append([]fx.Option(nil), modules...)
			rand.New(rand.NewPCG(seed, seed)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
			var stub dummypb.DummyServiceClient
			fxgrpctest.New(t, quiet, fx.Options(shuffled...), fx.Supply(errmap.Config{Domain: "shop.test"}), fxgrpc.Module, fxgrpc.Defaults(),
				failing(map[string]error{
					"stock": fmt.Errorf("at 10.0.0.3: %w", &OutOfStock{SKU: "A1", Query: "select"}),
					"disk":  fmt.Errorf("at 10.0.0.3: %w", errFull), "price": errors.Join(errOld, errFull),
				}),
				fxgrpc.Client("shop", dummypb.NewDummyServiceClient, fxgrpc.Address("shop:1"), fxgrpc.Insecure()), fx.Populate(&stub))
			for input, want := range map[string]string{
				"stock": "FailedPrecondition A1 is out of stock", "disk": "ResourceExhausted no space", "price": "Aborted old price",
			} {
				_, err := stub.Execute(t.Context(), &dummypb.DummyRequest{Input: input})
				if got := fmt.Sprint(status.Code(err), " ", err); got != want {
					t.Errorf("%s: %s, want %s", input, got, want)
				}
				if e, ok := errors.AsType[*OutOfStock](err); ok != (input == "stock") || ok && *e != (OutOfStock{SKU: "A1"}) {
					t.Errorf("%s: came back as %+v", input, e)
				}
				if errors.Is(err, errOld) != (input == "price") {
					t.Errorf("%s: %+v", input, err)
				}
			}
		})
	}
}

// Two modules that claim one error are refused with the places of both rules, in every order.
func TestErrorsThatContradict(t *testing.T) {
	t.Parallel()
	one, two := errmap.On(errFull, errmap.Aborted), errmap.On(errFull, errmap.Internal)
	three, four := errmap.Tagged[*OutOfStock](), errmap.OnType[*OutOfStock](errmap.NotFound)
	var said string
	for range 4 {
		err := fx.New(fx.NopLogger, fxgrpc.Module, fxgrpc.Defaults(), failing(nil),
			fx.Module("a", fxgrpc.Errors(one, four)), fx.Module("b", fxgrpc.Errors(three)), fx.Module("c", fxgrpc.Errors(two))).Err()
		if err == nil {
			t.Fatal("the app was built")
		}
		_, got, _ := strings.Cut(err.Error(), "errmap: ")
		for _, r := range []errmap.Rule{one, two, three, four} {
			if !strings.Contains(got, r.String()) {
				t.Errorf("%v is missing in %s", r, got)
			}
		}
		if said == "" {
			said = got
		}
		if got != said {
			t.Errorf("another order: %s, not %s", got, said)
		}
	}
}

type misspelt struct {
	_ struct{} `grpc:"error=NOT_FUOND,domain=a.b"`
}

func (misspelt) Error() string { return "misspelt" }

// The tags of an error are read before anything runs.
func TestErrorTagsAreValidated(t *testing.T) {
	t.Parallel()
	err := fx.ValidateApp(fx.NopLogger, fxgrpc.Module, fxgrpc.Defaults(), failing(nil), fxgrpc.Errors(errmap.Tagged[misspelt]()))
	for _, want := range []string{"errors_test.go:", "fxgrpc_test.misspelt", `did you mean "NOT_FOUND"?`} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// The stack of a panic is in the log once, by who recovered from it, whatever else logs.
func TestPanicsAreLoggedOnce(t *testing.T) {
	t.Parallel()
	for _, without := range []string{"health", "logging"} {
		var text strings.Builder
		app := fxgrpctest.New(t, fxgrpc.Module, fxgrpc.Defaults(fxgrpc.Without(without)), failing(nil),
			fx.Supply(slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelError}))))
		_, err := dummypb.NewDummyServiceClient(app.Conn(t, fxgrpc.DefaultServer)).Execute(t.Context(), &dummypb.DummyRequest{Input: "panic"})
		if status.Code(err) != codes.Internal || strings.Contains(err.Error(), "nasty") {
			t.Errorf("got %v", err)
		}
		app.RequireStop()
		if n := strings.Count(text.String(), "runtime/debug.Stack"); n != 1 {
			t.Errorf("without %s: %d times in\n%s", without, n, text.String())
		}
	}
}
