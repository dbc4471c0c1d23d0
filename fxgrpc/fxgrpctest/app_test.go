package fxgrpctest_test

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"go.uber.org/fx"
	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const execute = "/sluice.testing.v1.DummyService/Execute"

// answering is a dummy service that says which server it is on.
func answering(server string) fx.Option {
	return fx.Options(
		fxgrpc.Server(fxgrpc.Named(server), fxgrpc.Insecure(), fxgrpc.Listen("tcp", server+".internal:443")),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.OnServers(server), fxgrpc.As(server), fxgrpc.From(func() dummypb.DummyServiceServer {
			return &frameworktest.DummyService{SpecialCases: map[string]func(context.Context, string) (string, error){
				"who": func(context.Context, string) (string, error) { return server, nil },
			}}
		})))
}

func calling(client, address string) fx.Option {
	return fxgrpc.Client(client, dummypb.NewDummyServiceClient, fxgrpc.Address(address), fxgrpc.Insecure(), fxgrpc.NamedOnly())
}

// TestClientsFindServers has clients that mean a server by address or name, and one that means none.
func TestClientsFindServers(t *testing.T) {
	t.Parallel()
	var stubs struct {
		fx.In
		Address dummypb.DummyServiceClient `name:"address"`
		Scheme  dummypb.DummyServiceClient `name:"scheme"`
		Name    dummypb.DummyServiceClient `name:"b"`
		None    dummypb.DummyServiceClient `name:"none"`
	}
	app := fxgrpctest.New(t, fx.NopLogger, fxgrpc.Module, answering("a"), answering("b"),
		calling("address", "b.internal:443"), calling("scheme", "dns:///a.internal:443"), calling("b", "dns:///elsewhere:443"),
		calling("none", "nowhere:443"), fx.Populate(&stubs))
	for name, tt := range map[string]struct {
		stub dummypb.DummyServiceClient
		want string
	}{
		"by address":               {stubs.Address, "b"},
		"by address with scheme":   {stubs.Scheme, "a"},
		"by name":                  {stubs.Name, "b"},
		"a connection to a":        {dummypb.NewDummyServiceClient(app.Conn(t, "a")), "a"},
		"a connection to b":        {dummypb.NewDummyServiceClient(app.Conn(t, "b")), "b"},
		"a second connection to b": {dummypb.NewDummyServiceClient(app.Conn(t, "b")), "b"},
	} {
		answer, err := tt.stub.Execute(t.Context(), &dummypb.DummyRequest{Input: "who"})
		if err != nil || answer.GetOutput() != tt.want {
			t.Errorf("%s: %v, %v", name, answer, err)
		}
	}
	_, err := stubs.None.Execute(t.Context(), &dummypb.DummyRequest{})
	if status.Code(err) != codes.Unavailable || !strings.Contains(err.Error(), "none has the client's name") {
		t.Errorf("a client without a server: %v", err)
	}
}

// TestOwnListener leaves a listener that the app opened alone.
func TestOwnListener(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	app := fxgrpctest.New(t, fx.NopLogger, fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listener(l)),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *frameworktest.DummyService { return &frameworktest.DummyService{} })))
	if _, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).Execute(t.Context(), &dummypb.DummyRequest{}); err != nil {
		t.Error(err)
	}
}

// A verdict is a testing.TB that keeps what is said against the test. Fatal of it ends the goroutine.
type verdict struct {
	testing.TB
	said strings.Builder
}

func (v *verdict) Helper() {}

func (v *verdict) Errorf(format string, args ...any) { fmt.Fprintf(&v.said, format, args...) }

func (v *verdict) Fatalf(format string, args ...any) {
	v.Errorf(format, args...)
	panic(v)
}

// of runs a function against a verdict and gives what was said.
func of(t *testing.T, f func(t testing.TB)) string {
	v := &verdict{TB: t}
	func() {
		defer func() {
			if p := recover(); p != nil && p != any(v) {
				panic(p)
			}
		}()
		f(v)
	}()
	return v.said.String()
}

// TestVerdicts has what assertions say.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	nameless := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		return next(ctx, call)
	})
	link := fxgrpc.Use(nameless, framework.Name("link"))
	opts := fx.Options(fx.NopLogger, fxgrpc.Module, answering("a"), answering("b"), link)
	app := fxgrpctest.New(t, opts)
	for _, tt := range []struct {
		name string
		said string
		want []string
	}{
		{"as it is", of(t, func(t testing.TB) { fxgrpctest.AssertChain(t, app, execute, "link") }), nil},
		{"another chain", of(t, func(t testing.TB) { fxgrpctest.AssertChain(t, app, execute, "link", "auth") }), []string{
			`the links of ` + execute + ` are ["link"], want ["link" "auth"]`, `server "a"`, `server "b"`, "app_test.go:",
		}},
		{"an unknown method", of(t, func(t testing.TB) { fxgrpctest.AssertChain(t, app, "/x.Y/Z") }), []string{"no server has the method /x.Y/Z", execute}},
		{"an unknown server", of(t, func(t testing.TB) { app.Conn(t, "c") }), []string{`no server "c"; there are ["a" "b"]`}},
		{"a valid app", of(t, func(t testing.TB) { fxgrpctest.Validate(t, opts) }), nil},
		{"an app that lacks something", of(t, func(t testing.TB) { fxgrpctest.Validate(t, opts, fx.Invoke(func(int) {})) }), []string{"fx.ValidateApp", "missing type: int"}},
		{"an app that is wrong", of(t, func(t testing.TB) { fxgrpctest.Validate(t, opts, fxgrpc.Use(nameless, framework.At("x"))) }), []string{"fx.New", `unknown stage "x"`}},
	} {
		for _, want := range tt.want {
			if !strings.Contains(tt.said, want) {
				t.Errorf("%s: %q is not in\n%s", tt.name, want, tt.said)
			}
		}
		if len(tt.want) == 0 && tt.said != "" {
			t.Errorf("%s: it said %s", tt.name, tt.said)
		}
	}
}
