package fxgrpc_test

import (
	"context"
	"errors"
	"io/fs"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// settingsOf is the configuration of an app.
type settingsOf struct {
	Server fxgrpc.ServerConfig
	Orders fxgrpc.ClientConfig
}

func serverOf(s settingsOf) fxgrpc.ServerConfig { return s.Server }

func ordersOf(s settingsOf) (fxgrpc.ClientConfig, error) { return s.Orders, nil }

// plaintext are settings that work.
var plaintext = settingsOf{
	Server: fxgrpc.ServerConfig{Insecure: true, Address: ":1"},
	Orders: fxgrpc.ClientConfig{Insecure: true, Address: "passthrough:///orders:443"},
}

// TestConfigFrom has servers and a client whose configs come from the graph, as the app's root decorates it, or a module.
func TestConfigFrom(t *testing.T) {
	t.Parallel()
	type stubs struct {
		fx.In
		Orders dummypb.DummyServiceClient
		Small  dummypb.DummyServiceClient `name:"small"`
	}
	var s stubs
	listened := &journal{}
	l := bufconn.Listen(1 << 16)
	app := fx.New(quiet, fxgrpc.Module, fx.Supply(plaintext),
		fx.Supply(fxgrpc.Network{
			Listen: func(_ context.Context, server, _, address string) (net.Listener, error) {
				listened.note(server + " " + address)
				if server == "default" {
					return l, nil
				}
				return bufconn.Listen(1), nil
			},
			Dial: func(string, string) (string, []grpc.DialOption) {
				return "passthrough:///x", []grpc.DialOption{grpc.WithContextDialer(to(host{Listener: l}))}
			},
		}),
		fx.Decorate(func(s settingsOf) settingsOf {
			s.Server.Address = ":2"
			return s
		}),
		fxgrpc.Server(fxgrpc.ConfigFrom(serverOf)),
		fxgrpc.Server(fxgrpc.Named("admin"), fxgrpc.ConfigFrom(func(s settingsOf) (fxgrpc.ServerConfig, error) {
			s.Server.Address = ":3"
			return s.Server, nil
		})),
		fxgrpc.Server(fxgrpc.Named("debug"), fxgrpc.ConfigFrom(serverOf), fxgrpc.Listen("tcp", ":4")),
		dummies(fxgrpc.OnServers("default")),
		fxgrpc.Client("orders", dummypb.NewDummyServiceClient, fxgrpc.ConfigFrom(ordersOf)),
		fx.Module("feature",
			fx.Decorate(func(s settingsOf) settingsOf {
				s.Orders.MaxSendBytes = 1 << 10
				return s
			}),
			fxgrpc.Client("small", dummypb.NewDummyServiceClient, fxgrpc.ConfigFrom(ordersOf), fxgrpc.NamedOnly()),
		),
		fx.Populate(&s))
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = app.Stop(t.Context()) }()
	if got := listened.take(); !slices.Equal(got, []string{"default :2", "admin :3", "debug :4"}) {
		t.Errorf("the servers listen on %q", got)
	}
	if _, big := exchange(t, s.Orders); big != codes.OK {
		t.Errorf("the client of the root sends a large request: %v", big)
	}
	if _, big := exchange(t, s.Small); big != codes.ResourceExhausted {
		t.Errorf("the client of the module sends a large request: %v", big)
	}
}

// TestConfigOrder has what comes after a config win over it, and what comes before not.
func TestConfigOrder(t *testing.T) {
	t.Parallel()
	config := fxgrpc.ServerConfig{Insecure: true, Address: ":1"}
	for _, tt := range []struct {
		name string
		o    []fxgrpc.ServerOption
		want string
	}{
		{"alone", []fxgrpc.ServerOption{config}, ":1"},
		{"by pointer", []fxgrpc.ServerOption{&config}, ":1"},
		{"Listen before", []fxgrpc.ServerOption{fxgrpc.Listen("tcp", ":2"), config}, ":1"},
		{"Listen after", []fxgrpc.ServerOption{config, fxgrpc.Listen("tcp", ":2")}, ":2"},
		{"Listen before one that says nothing of it", []fxgrpc.ServerOption{fxgrpc.Listen("tcp", ":2"), fxgrpc.ServerConfig{Insecure: true}}, ":2"},
		{"Listen before one from the graph", []fxgrpc.ServerOption{fxgrpc.Listen("tcp", ":2"), fxgrpc.ConfigFrom(serverOf)}, ":1"},
		{"Listen after one from the graph", []fxgrpc.ServerOption{fxgrpc.ConfigFrom(serverOf), fxgrpc.Listen("tcp", ":2")}, ":2"},
		{"security beside it", []fxgrpc.ServerOption{fxgrpc.ServerConfig{Address: ":1"}, fxgrpc.Insecure()}, ":1"},
	} {
		got := ""
		network := fxgrpc.Network{Listen: func(_ context.Context, _, _, address string) (net.Listener, error) {
			got = address
			return bufconn.Listen(1), nil
		}}
		app := fx.New(quiet, fx.Supply(network, plaintext), fxgrpc.Module, fxgrpc.Server(tt.o...))
		if err := errors.Join(app.Start(t.Context()), app.Stop(t.Context())); err != nil || got != tt.want {
			t.Errorf("%s: it listens on %s, %v; want %s", tt.name, got, err, tt.want)
		}
	}
}

// TestServerOptionsWin has grpc's own options win over a config that is said after them.
func TestServerOptionsWin(t *testing.T) {
	t.Parallel()
	app := fxgrpctest.New(t, quiet, fxgrpc.Module, dummies(),
		fxgrpc.Server(fxgrpc.ServerOptions(grpc.MaxRecvMsgSize(1)), fxgrpc.ServerConfig{Insecure: true, Limits: fxgrpc.ServerLimits{MaxReceiveBytes: 1 << 20}}))
	stub := dummypb.NewDummyServiceClient(app.Conn(t, "default"))
	if _, big := exchange(t, stub); big != codes.ResourceExhausted {
		t.Errorf("a large request ends with %v", big)
	}
}

var errVault = errors.New("the vault is sealed")

// TestConfigMistakes has what an app says that is built with a config that is wrong, or that stands where it can't.
func TestConfigMistakes(t *testing.T) {
	t.Parallel()
	type (
		server = fxgrpc.ServerConfig
		client = fxgrpc.ClientConfig
	)
	const place = "configfrom_test.go:"
	insecure := fxgrpc.Insecure()
	public := func(o ...fxgrpc.ServerOption) fx.Option {
		return fxgrpc.Server(append(o, fxgrpc.Named("public"))...)
	}
	orders := func(o ...fxgrpc.ClientOption) fx.Option {
		return fxgrpc.Client("orders", dummypb.NewDummyServiceClient, o...)
	}
	from := fxgrpc.ConfigFrom
	gives := func(c server) fxgrpc.Option { return from(func() server { return c }) }
	for _, tt := range []struct {
		name  string
		opts  fx.Option
		want  []string
		early bool // said by fx.ValidateApp, too
	}{
		{"a server's", public(server{Drain: fxgrpc.ServerDrain{Delay: -1}, TLS: fxgrpc.ServerTLS{Cert: "x"}}), []string{
			`fxgrpc: server "public" (` + place, "servers.public.tls.key: it is missing", "servers.public.drain.delay: -1ns is negative",
		}, true},
		{"the default server's", fxgrpc.Server(server{Insecure: true, Address: "x"}), []string{`servers.default.address: "x" is none`}, true},
		{"a client's", orders(client{Keepalive: fxgrpc.ClientKeepalive{Time: time.Second}}), []string{
			`fxgrpc: client "orders" (` + place, "clients.orders.keepalive.time: 1s is below 10s", "it is not said whom to call; say fxgrpc.Address",
		}, true},
		{"no security", public(server{}), []string{place, "it is not said how connections are secured; say fxgrpc.TLS(…), or fxgrpc.Insecure() for plaintext"}, true},
		{"security twice", public(server{Insecure: true}, insecure), []string{"two of Insecure, TLS and TLSFiles were said, or one beside the config's own tls or insecure; leave one"}, true},
		{"a client's security twice", orders(client{Address: "a", TLS: fxgrpc.ClientTLS{MinVersion: "1.3"}}, insecure), []string{"two of Insecure, TLS and TLSFiles"}, true},
		{"two configs", public(server{Insecure: true}, server{}), []string{place, "two of ServerConfig and ConfigFrom were said; leave one"}, true},
		{"two of a client", orders(client{Address: "a"}, from(ordersOf)), []string{"two of ClientConfig and ConfigFrom were said; leave one"}, true},
		{"a nil one", public((*server)(nil), insecure), []string{"an option is nil"}, true},
		{"a nil one of a client", orders((*client)(nil)), []string{"an option is nil"}, true},
		{"for a stub", fxgrpc.Stub("orders", dummypb.NewDummyServiceClient, client{}), []string{"only NamedOnly means something for a Stub"}, true},
		{"for a stub, from the graph", fxgrpc.Stub("orders", dummypb.NewDummyServiceClient, from(ordersOf)), []string{"only NamedOnly means something for a Stub"}, true},
		{"files that are not there", public(server{TLS: fxgrpc.ServerTLS{Cert: "no.pem", Key: "no.key", CA: "no.ca"}}), []string{
			`servers.public.tls.cert: "no.pem": no such file`, `servers.public.tls.key: "no.key": no such file`, `servers.public.tls.ca: "no.ca": no such file`,
		}, false},
		{"a client's files that are not there", orders(client{Address: "a", TLS: fxgrpc.ClientTLS{CA: "no.pem"}}), []string{`clients.orders.tls.ca: "no.pem": no such file`}, false},
		{"files that hold something else", public(server{TLS: fxgrpc.ServerTLS{Cert: "config.go", Key: "client.go", CA: "server.go"}}), []string{
			`servers.public.tls.cert: "config.go" with key "client.go": tls: failed to find any PEM data`, `servers.public.tls.ca: "server.go" holds no certificate in PEM`,
		}, false},

		{"ConfigFrom: nil", public(from(nil)), []string{`fxgrpc: ConfigFrom(<nil>) of server "public" (` + place, "a constructor is wanted, a function"}, true},
		{"ConfigFrom: no function", orders(from(client{})), []string{`ConfigFrom(fxgrpc.ClientConfig) of client "orders"`, place, "a constructor is wanted, a function"}, true},
		{"ConfigFrom: no result", public(from(func() {})), []string{place, "has no result"}, true},
		{"ConfigFrom: a client's for a server", public(from(ordersOf)), []string{
			`ConfigFrom(fxgrpc_test.ordersOf) of server "public" (` + place, "fxgrpc_test.ordersOf gives fxgrpc.ClientConfig; let it give an fxgrpc.ServerConfig",
		}, true},
		{"ConfigFrom: a server's for a client", orders(from(serverOf)), []string{"fxgrpc_test.serverOf gives fxgrpc.ServerConfig; let it give an fxgrpc.ClientConfig"}, true},
		{"ConfigFrom: a pointer", public(from(func() *server { return nil })), []string{"gives *fxgrpc.ServerConfig; let it give an fxgrpc.ServerConfig"}, true},
		{"ConfigFrom: what else is wrong", public(from(serverOf), fxgrpc.Drain(-1, 0)), []string{"Drain: a duration is negative"}, true},
		{"ConfigFrom: nothing to make it of", public(from(serverOf)), []string{place, "missing type: fxgrpc_test.settingsOf", `".serverOf (`}, true},
		{"ConfigFrom: a client, and nothing to make it of", orders(from(ordersOf)), []string{place, "missing type: fxgrpc_test.settingsOf", `".ordersOf (`}, true},
		{"ConfigFrom: an error", public(from(func() (server, error) { return server{}, errVault })), []string{place, "TestConfigMistakes", "the vault is sealed"}, false},
		{"ConfigFrom: no security", public(gives(server{})), []string{
			`fxgrpc: server "public" (` + place, "it is not said how connections are secured; say fxgrpc.TLS(…), or fxgrpc.Insecure() for plaintext",
		}, false},
		{"ConfigFrom: security twice", public(gives(server{Insecure: true}), insecure), []string{"two of Insecure, TLS and TLSFiles"}, false},
		{"ConfigFrom: no address", orders(from(func() client { return client{} })), []string{`fxgrpc: client "orders" (` + place, "it is not said whom to call; say fxgrpc.Address"}, false},
		{"ConfigFrom: a config that is wrong", public(gives(server{Insecure: true, Limits: fxgrpc.ServerLimits{MaxSendBytes: -1}})), []string{"servers.public.limits.max_send_bytes: -1B is negative"}, false},
		{"ConfigFrom: a client's config that is wrong", orders(from(func() client { return client{Address: "a", LoadBalancing: "x"} })), []string{`clients.orders.load_balancing: the program links no policy "x"`}, false},
		{"ConfigFrom: an address that is none", orders(from(func() client { return client{Address: "%zz"} })), []string{`client "orders"`, `address "%zz"`}, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := build(fxgrpc.Module, tt.opts)
			if err == nil {
				t.Fatal("the app was built")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%v", want, err)
				}
			}
			if strings.Contains(err.Error(), "TLSFiles: ") {
				t.Errorf("an option that was not said is in\n%v", err)
			}
			if early := fx.ValidateApp(fx.NopLogger, fxgrpc.Module, tt.opts); (early != nil) != tt.early {
				t.Errorf("fx.ValidateApp says %v", early)
			}
		})
	}
}

// TestConfigCauses has causes kept for errors.Is.
func TestConfigCauses(t *testing.T) {
	t.Parallel()
	sealed := func() (fxgrpc.ServerConfig, error) { return fxgrpc.ServerConfig{}, errVault }
	err := build(fxgrpc.Module, fxgrpc.Server(fxgrpc.ConfigFrom(sealed)))
	if !errors.Is(err, errVault) {
		t.Errorf("got %v", err)
	}
	err = build(fxgrpc.Module, fxgrpc.Server(fxgrpc.ServerConfig{TLS: fxgrpc.ServerTLS{Cert: "no.pem", Key: "no.key"}}))
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

// TestConfigFromValid has an app with configs from the graph that fx.ValidateApp finds nothing in.
func TestConfigFromValid(t *testing.T) {
	t.Parallel()
	fxgrpctest.Validate(t, fxgrpc.Module, fx.Supply(plaintext), fx.Supply(fxgrpc.Network{}),
		fxgrpc.Server(fxgrpc.ConfigFrom(serverOf)),
		fxgrpc.Client("orders", dummypb.NewDummyServiceClient, fxgrpc.ConfigFrom(ordersOf)))
}
