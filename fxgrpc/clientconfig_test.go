package fxgrpc_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/resolver"
	"google.golang.org/grpc/resolver/manual"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

// TestClientConfig shows every field of a ClientConfig at work.
func TestClientConfig(t *testing.T) {
	t.Parallel()
	effects := map[string]func(t *testing.T){
		"address":                         testClientAddress,
		"insecure":                        testClientInsecure,
		"tls.ca":                          testClientTLS,
		"tls.cert":                        testClientTLS,
		"tls.key":                         testClientTLS,
		"tls.server_name":                 testClientServerName,
		"tls.min_version":                 testClientVersion,
		"keepalive.time":                  testClientPing,
		"keepalive.timeout":               testClientPing,
		"keepalive.permit_without_stream": testClientPermit,
		"max_receive_bytes":               testClientSizes,
		"max_send_bytes":                  testClientSizes,
		"user_agent":                      testClientUserAgent,
		"authority":                       testClientAuthority,
		"idle_timeout":                    testClientIdle,
		"backoff.base_delay":              testClientBackoff,
		"backoff.multiplier":              testClientBackoff,
		"backoff.jitter":                  testClientBackoff,
		"backoff.max_delay":               testClientBackoff,
		"min_connect_timeout":             testClientConnectTimeout,
		"wait_for_ready":                  testClientWait,
		"load_balancing":                  testClientBalancing,
		"service_config":                  testClientServiceConfig,
	}
	for _, path := range leaves(reflect.TypeFor[fxgrpc.ClientConfig]()) {
		if effects[path] == nil {
			t.Errorf("nothing shows %s at work", path)
		}
	}
	for path, effect := range effects {
		t.Run(path, func(t *testing.T) {
			t.Parallel()
			effect(t)
		})
	}
}

// A dialer is how a client of a test reaches what it means.
type dialer func(ctx context.Context, address string) (net.Conn, error)

// to dials a host, whatever the address.
func to(h host) dialer {
	return func(ctx context.Context, _ string) (net.Conn, error) { return h.DialContext(ctx) }
}

// client gives the stub of a client of that config, whose address is resolved by nothing.
func client(t *testing.T, config fxgrpc.ClientConfig, dial dialer, o ...fxgrpc.ClientOption) (stub dummypb.DummyServiceClient) {
	t.Helper()
	if config.Address == "" {
		config.Address = "passthrough:///dummy.test:443"
	}
	o = append(o, config, fxgrpc.DialOptions(grpc.WithContextDialer(dial)))
	app := fxtest.New(t, quiet, fxgrpc.Module, fxgrpc.Client("a", dummypb.NewDummyServiceClient, o...), fx.Populate(&stub)).RequireStart()
	t.Cleanup(func() { app.RequireStop() })
	return stub
}

func testClientAddress(t *testing.T) {
	config := fxgrpc.ClientConfig{Address: "dns:///config:1"}
	for _, tt := range []struct {
		o    []fxgrpc.ClientOption
		want string
	}{
		{[]fxgrpc.ClientOption{config}, "dns:///config:1"},
		{[]fxgrpc.ClientOption{fxgrpc.Address("before:1"), config}, "dns:///config:1"},
		{[]fxgrpc.ClientOption{config, fxgrpc.Address("after:1")}, "after:1"},
		{[]fxgrpc.ClientOption{fxgrpc.Address("before:1"), fxgrpc.ClientConfig{}}, "before:1"},
	} {
		got := ""
		network := fxgrpc.Network{Dial: func(_, address string) (string, []grpc.DialOption) {
			got = address
			return address, nil
		}}
		if err := build(fxgrpc.Module, fx.Supply(network), fxgrpc.Client("a", dummypb.NewDummyServiceClient, tt.o...)); err != nil || got != tt.want {
			t.Errorf("it calls %s, %v; want %s", got, err, tt.want)
		}
	}
}

func testClientInsecure(t *testing.T) {
	h := hosted(t, fxgrpc.ServerConfig{Insecure: true})
	call(t, client(t, fxgrpc.ClientConfig{Insecure: true}, to(h)), codes.OK)
	call(t, client(t, fxgrpc.ClientConfig{}, to(h)), codes.Unavailable)
	call(t, client(t, fxgrpc.ClientConfig{}, to(h), fxgrpc.Insecure()), codes.OK)
}

func testClientTLS(t *testing.T) {
	cert, key := certificate(t)
	h := hosted(t, fxgrpc.ServerConfig{TLS: fxgrpc.ServerTLS{Cert: cert, Key: key, CA: cert}})
	call(t, client(t, fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{CA: cert, Cert: cert, Key: key}}, to(h)), codes.OK)
	call(t, client(t, fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{CA: cert}}, to(h)), codes.Unavailable)
	call(t, client(t, fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{Cert: cert, Key: key}}, to(h)), codes.Unavailable)
}

// testClientServerName has the names that a client may know its server by.
func testClientServerName(t *testing.T) {
	cert, key := certificate(t)
	h := hosted(t, fxgrpc.ServerConfig{TLS: fxgrpc.ServerTLS{Cert: cert, Key: key}})
	for _, tt := range []struct {
		config fxgrpc.ClientConfig
		want   codes.Code
	}{
		{fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{CA: cert}}, codes.Unavailable},
		{fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{CA: cert, ServerName: "dummy.test"}}, codes.OK},
		{fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{CA: cert}, Authority: "dummy.test"}, codes.OK},
		{fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{CA: cert, ServerName: "dummy.test"}, Authority: "dummy.test"}, codes.OK},
	} {
		tt.config.Address = "passthrough:///10.0.0.1:443"
		call(t, client(t, tt.config, to(h)), tt.want)
	}
}

func testClientVersion(t *testing.T) {
	cert, key := certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	h := host{Listener: bufconn.Listen(1 << 18)}
	app := fxtest.New(t, quiet, fxgrpc.Module, dummies(), fxgrpc.Server(fxgrpc.Listener(h), fxgrpc.TLS(&tls.Config{
		Certificates: []tls.Certificate{pair}, MaxVersion: tls.VersionTLS12, //nolint:gosec // the client is to refuse it
	}))).RequireStart()
	defer app.RequireStop()
	for version, want := range map[string]codes.Code{"": codes.OK, "1.2": codes.OK, "1.3": codes.Unavailable} {
		call(t, client(t, fxgrpc.ClientConfig{TLS: fxgrpc.ClientTLS{CA: cert, MinVersion: version}}, to(h)), want)
	}
}

// A deaf server says who it is, and then nothing.
func deaf(t *testing.T) (dialer, func() ([]frame, time.Duration)) {
	t.Helper()
	l := bufconn.Listen(1 << 18)
	type heard struct {
		all    []frame
		closed time.Duration
	}
	done := make(chan heard, 1)
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		if _, err := conn.Write(settingsFrame); err != nil {
			return
		}
		if _, err := io.CopyN(io.Discard, conn, int64(len(preface))); err != nil {
			return
		}
		all, closed := frames(conn)
		done <- heard{all, closed}
	}()
	t.Cleanup(func() { _ = l.Close() })
	return to(host{Listener: l}), func() ([]frame, time.Duration) { h := <-done; return h.all, h.closed }
}

func testClientPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dial, heard := deaf(t)
		stub := client(t, fxgrpc.ClientConfig{Insecure: true, Keepalive: fxgrpc.ClientKeepalive{Time: 12 * time.Second, Timeout: 7 * time.Second}}, dial)
		call(t, stub, codes.Unavailable)
		all, closed := heard()
		if ping := first(all, framePing); ping != 12*time.Second || closed != 19*time.Second {
			t.Errorf("the server was pinged after %v, and given up after %v", ping, closed)
		}
		dial, heard = deaf(t)
		call(t, client(t, fxgrpc.ClientConfig{Insecure: true}, dial), codes.DeadlineExceeded)
		all, _ = heard() // until the client was idle
		if ping := first(all, framePing); ping != -1 {
			t.Errorf("by default the server was pinged after %v", ping)
		}
	})
}

func testClientPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for permit, want := range map[bool]time.Duration{false: -1, true: 12 * time.Second} {
			dial, heard := deaf(t)
			stub := client(t, fxgrpc.ClientConfig{Insecure: true, Keepalive: fxgrpc.ClientKeepalive{Time: 12 * time.Second, PermitWithoutStream: permit}}, dial)
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			if _, err := stub.Execute(ctx, &dummypb.DummyRequest{}); status.Code(err) != codes.DeadlineExceeded {
				t.Errorf("the call ends with %v", err)
			}
			cancel()
			all, _ := heard() // until the ping had no answer, or the client was idle
			if got := first(all, framePing); got != want {
				t.Errorf("with permit_without_stream %v the server was pinged after %v", permit, got)
			}
		}
	})
}

func testClientSizes(t *testing.T) {
	h := hosted(t, fxgrpc.ServerConfig{Insecure: true}, fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(large)))
	for config, want := range map[fxgrpc.ClientConfig][2]codes.Code{
		{}:                         {codes.OK, codes.OK},
		{MaxReceiveBytes: 1 << 10}: {codes.ResourceExhausted, codes.ResourceExhausted},
		{MaxReceiveBytes: 2000}:    {codes.ResourceExhausted, codes.OK},
		{MaxSendBytes: 1 << 10}:    {codes.OK, codes.ResourceExhausted},
	} {
		config.Insecure = true
		if small, big := exchange(t, client(t, config, to(h))); small != want[0] || big != want[1] {
			t.Errorf("with %v and %v: %v and %v, want %v", config.MaxReceiveBytes, config.MaxSendBytes, small, big, want)
		}
	}
}

// header is what a server sees of a call's header.
func header(t *testing.T, config fxgrpc.ClientConfig, key string) string {
	t.Helper()
	h := hosted(t, fxgrpc.ServerConfig{Insecure: true}, fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *frameworktest.DummyService {
		return &frameworktest.DummyService{SpecialCases: map[string]func(context.Context, string) (string, error){
			key: func(ctx context.Context, key string) (string, error) {
				return strings.Join(metadata.ValueFromIncomingContext(ctx, key), "; "), nil
			},
		}}
	})))
	config.Insecure = true
	answer, err := client(t, config, to(h)).Execute(t.Context(), &dummypb.DummyRequest{Input: key})
	if err != nil {
		t.Fatal(err)
	}
	return answer.GetOutput()
}

func testClientUserAgent(t *testing.T) {
	if got := header(t, fxgrpc.ClientConfig{UserAgent: "shop/1.0"}, "user-agent"); !strings.HasPrefix(got, "shop/1.0 grpc-go/") {
		t.Errorf("it is %q", got)
	}
}

func testClientAuthority(t *testing.T) {
	if got := header(t, fxgrpc.ClientConfig{Authority: "orders.test"}, ":authority"); got != "orders.test" {
		t.Errorf("it is %q", got)
	}
}

// watched tells when a connection is closed by who dialled it.
type watched struct {
	net.Conn
	closed chan<- time.Time
}

func (w watched) Close() error {
	select {
	case w.closed <- time.Now():
	default: // closed before
	}
	return w.Conn.Close()
}

func testClientIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosted(t, fxgrpc.ServerConfig{Insecure: true, Keepalive: fxgrpc.ServerKeepalive{Idle: new(time.Duration(0))}})
		for want, idle := range map[time.Duration]*time.Duration{30 * time.Minute: nil, time.Minute: new(time.Minute), time.Hour: new(time.Duration(0))} {
			closed := make(chan time.Time, 1)
			stub := client(t, fxgrpc.ClientConfig{Insecure: true, IdleTimeout: idle}, func(ctx context.Context, _ string) (net.Conn, error) {
				conn, err := h.DialContext(ctx)
				return watched{conn, closed}, err
			})
			call(t, stub, codes.OK)
			got := took(func() {
				select {
				case <-closed:
				case <-time.After(time.Hour):
				}
			})
			if got != want {
				t.Errorf("the connection was closed after %v, want %v", got, want)
			}
		}
	})
}

var errDial = errors.New("nobody is there")

// attempts are when a client that waits for a connection tried to make one.
func attempts(t *testing.T, backoff fxgrpc.ClientBackoff, n int) []time.Duration {
	t.Helper()
	began := time.Now()
	at := make(chan time.Duration)
	stub := client(t, fxgrpc.ClientConfig{Insecure: true, Backoff: backoff, WaitForReady: true}, func(ctx context.Context, _ string) (net.Conn, error) {
		select {
		case at <- time.Since(began):
		case <-ctx.Done():
		}
		return nil, errDial
	})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = stub.Execute(ctx, &dummypb.DummyRequest{})
	}()
	var all []time.Duration
	for range n {
		all = append(all, <-at)
	}
	cancel()
	<-ended
	return all
}

func testClientBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		exact := fxgrpc.ClientBackoff{BaseDelay: 2 * time.Second, Multiplier: 3, Jitter: new(0.0), MaxDelay: 10 * time.Second}
		want := []time.Duration{0, 2 * time.Second, 8 * time.Second, 18 * time.Second, 28 * time.Second}
		if got := attempts(t, exact, 5); !slices.Equal(got, want) {
			t.Errorf("it tried at %v, want %v", got, want)
		}
		usual := attempts(t, fxgrpc.ClientBackoff{}, 3)
		second := usual[2] - usual[1] // 1.6 s, a fifth more or less
		if usual[1] != time.Second || second < 1280*time.Millisecond || second > 1920*time.Millisecond || second == 1600*time.Millisecond {
			t.Errorf("by default it tried at %v", usual)
		}
	})
}

func testClientConnectTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for timeout, want := range map[time.Duration]time.Duration{0: 20 * time.Second, 5 * time.Second: 5 * time.Second} {
			stub := client(t, fxgrpc.ClientConfig{Insecure: true, MinConnectTimeout: timeout}, func(ctx context.Context, _ string) (net.Conn, error) {
				<-ctx.Done()
				return nil, ctx.Err()
			})
			if got := took(func() { call(t, stub, codes.Unavailable) }); got != want {
				t.Errorf("the attempt took %v, want %v", got, want)
			}
		}
	})
}

func testClientWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosted(t, fxgrpc.ServerConfig{Insecure: true})
		for wait, want := range map[bool]codes.Code{false: codes.Unavailable, true: codes.OK} {
			tried := false
			stub := client(t, fxgrpc.ClientConfig{Insecure: true, WaitForReady: wait}, func(ctx context.Context, _ string) (net.Conn, error) {
				if !tried {
					tried = true
					return nil, errDial
				}
				return h.DialContext(ctx)
			})
			call(t, stub, want)
		}
	})
}

func testClientBalancing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosted(t, fxgrpc.ServerConfig{Insecure: true})
		for policy, want := range map[string][]string{"": {"a"}, "pick_first": {"a"}, "round_robin": {"a", "b"}} {
			j := &journal{}
			addresses := manual.NewBuilderWithScheme("two")
			addresses.InitialState(resolver.State{Addresses: []resolver.Address{{Addr: "a"}, {Addr: "b"}}})
			stub := client(t, fxgrpc.ClientConfig{Address: "two:///x", Insecure: true, LoadBalancing: policy}, func(ctx context.Context, address string) (net.Conn, error) {
				j.note(address)
				return h.DialContext(ctx)
			}, fxgrpc.DialOptions(grpc.WithResolvers(addresses)))
			call(t, stub, codes.OK)
			synctest.Wait()
			if got := j.take(); !slices.Equal(slices.Sorted(slices.Values(got)), want) {
				t.Errorf("%q dialled %q, want %q", policy, got, want)
			}
		}
	})
}

func testClientServiceConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := hosted(t, fxgrpc.ServerConfig{Insecure: true}, streaming())
		stub := client(t, fxgrpc.ClientConfig{Insecure: true, ServiceConfig: `{"methodConfig":[{"name":[{}],"timeout":"4s"}]}`}, to(h))
		stream := begin(t, stub)
		var err error
		if got := took(func() { _, err = stream.Recv() }); got != 4*time.Second || status.Code(err) != codes.DeadlineExceeded {
			t.Errorf("the stream ended after %v with %v", got, err)
		}
	})
}
