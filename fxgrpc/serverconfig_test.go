package fxgrpc_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
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
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

// TestServerConfig shows every field of a ServerConfig at work.
func TestServerConfig(t *testing.T) {
	t.Parallel()
	effects := map[string]func(t *testing.T){
		"address":                         testServerAddress,
		"insecure":                        testServerInsecure,
		"tls.cert":                        testServerTLS,
		"tls.key":                         testServerTLS,
		"tls.ca":                          testServerCA,
		"tls.client_auth":                 testServerClientAuth,
		"tls.min_version":                 testServerVersion,
		"drain.delay":                     testServerDrainDelay,
		"drain.timeout":                   testServerDrainTimeout,
		"keepalive.idle":                  testServerIdle,
		"keepalive.max_age":               testServerMaxAge,
		"keepalive.age_grace":             testServerMaxAge,
		"keepalive.time":                  testServerPing,
		"keepalive.timeout":               testServerPing,
		"keepalive.min_time":              testServerMinTime,
		"keepalive.permit_without_stream": testServerPermit,
		"limits.max_concurrent_streams":   testServerStreams,
		"limits.max_header_bytes":         testServerHeader,
		"limits.max_receive_bytes":        testServerSizes,
		"limits.max_send_bytes":           testServerSizes,
		"limits.connection_timeout":       testServerConnectionTimeout,
	}
	for _, path := range leaves(reflect.TypeFor[fxgrpc.ServerConfig]()) {
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

// A host is a server of a config, on a listener in memory.
type host struct {
	*bufconn.Listener
	app *fxtest.App
}

// hosted starts one, with the dummy service unless others are given.
func hosted(t *testing.T, config fxgrpc.ServerConfig, services ...fx.Option) host {
	t.Helper()
	if len(services) == 0 {
		services = append(services, dummies())
	}
	h := host{Listener: bufconn.Listen(1 << 18)}
	h.app = fxtest.New(t, quiet, fxgrpc.Module, fxgrpc.Server(config, fxgrpc.Listener(h)), fx.Options(services...)).RequireStart()
	t.Cleanup(func() { h.app.RequireStop() })
	return h
}

// connect gives a connection that is never idle by itself.
func (h host) connect(t *testing.T, c credentials.TransportCredentials, o ...grpc.DialOption) (*grpc.ClientConn, dummypb.DummyServiceClient) {
	t.Helper()
	o = append(o, grpc.WithTransportCredentials(c), grpc.WithIdleTimeout(0), grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return h.DialContext(ctx) }))
	conn, err := grpc.NewClient("passthrough:///dummy.test", o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn, dummypb.NewDummyServiceClient(conn)
}

// streaming is a service whose bidi streams last until they are cancelled.
func streaming() fx.Option {
	return fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *stuck { return &stuck{until: context.Context.Done} }))
}

// begin opens a stream of that service.
func begin(t *testing.T, stub dummypb.DummyServiceClient) grpc.BidiStreamingClient[dummypb.DummyRequest, dummypb.DummyResponse] {
	t.Helper()
	stream, err := stub.ExecuteClientServerStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	return stream
}

// call makes a call, and holds it to a code.
func call(t *testing.T, stub dummypb.DummyServiceClient, want codes.Code) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if _, err := stub.Execute(ctx, &dummypb.DummyRequest{}); status.Code(err) != want {
		t.Errorf("a call gives %v, want %v", err, want)
	}
}

// took is how long something takes, in the time of a bubble.
func took(f func()) time.Duration {
	began := time.Now()
	f()
	return time.Since(began)
}

func testServerAddress(t *testing.T) {
	for address, want := range map[string]string{
		":8443":              "tcp :8443",
		"127.0.0.1:8443":     "tcp 127.0.0.1:8443",
		"[::1]:0":            "tcp [::1]:0",
		"unix:/run/x.sock":   "unix /run/x.sock",
		"unix:///run/x.sock": "unix /run/x.sock",
		"unix:run/x.sock":    "unix run/x.sock",
		"":                   "tcp 127.0.0.1:0",
	} {
		got := ""
		network := fxgrpc.Network{Listen: func(_ context.Context, _, network, address string) (net.Listener, error) {
			got = network + " " + address
			return bufconn.Listen(1), nil
		}}
		fxtest.New(t, quiet, fx.Supply(network), fxgrpc.Module, fxgrpc.Server(fxgrpc.ServerConfig{Address: address, Insecure: true})).RequireStart().RequireStop()
		if got != want {
			t.Errorf("%q listens on %q, want %q", address, got, want)
		}
	}
	socket := filepath.Join(t.TempDir(), "x.sock")
	app := fxtest.New(t, quiet, served(fxgrpc.Server(fxgrpc.Named("unix"), fxgrpc.ServerConfig{Address: "unix:" + socket, Insecure: true}))).RequireStart()
	defer app.RequireStop()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	call(t, dummypb.NewDummyServiceClient(conn), codes.OK)
}

func testServerInsecure(t *testing.T) {
	_, stub := hosted(t, fxgrpc.ServerConfig{Insecure: true}).connect(t, insecure.NewCredentials())
	call(t, stub, codes.OK)
}

// rooted is the TLS of a client that trusts a certificate.
func rooted(t *testing.T, cert string) *tls.Config {
	t.Helper()
	pem, err := os.ReadFile(cert)
	if err != nil {
		t.Fatal(err)
	}
	config := &tls.Config{RootCAs: x509.NewCertPool()} //nolint:gosec // a MinVersion is grpc's default
	config.RootCAs.AppendCertsFromPEM(pem)
	return config
}

func testServerTLS(t *testing.T) {
	cert, key := certificate(t)
	h := hosted(t, fxgrpc.ServerConfig{TLS: fxgrpc.ServerTLS{Cert: cert, Key: key}})
	_, stub := h.connect(t, credentials.NewTLS(rooted(t, cert)))
	call(t, stub, codes.OK)
	_, stub = h.connect(t, insecure.NewCredentials())
	call(t, stub, codes.Unavailable)
}

// asClients has clients without a certificate, with one that the server's CA signed, and with another call a server.
func asClients(t *testing.T, clientAuth string, none, signed, other codes.Code) {
	t.Helper()
	cert, key := certificate(t)
	otherCert, otherKey := certificate(t)
	h := hosted(t, fxgrpc.ServerConfig{TLS: fxgrpc.ServerTLS{Cert: cert, Key: key, CA: cert, ClientAuth: clientAuth}})
	for _, tt := range []struct {
		cert, key string
		want      codes.Code
	}{{"", "", none}, {cert, key, signed}, {otherCert, otherKey, other}} {
		config := rooted(t, cert)
		if tt.cert != "" {
			pair, err := tls.LoadX509KeyPair(tt.cert, tt.key)
			if err != nil {
				t.Fatal(err)
			}
			config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &pair, nil }
		}
		_, stub := h.connect(t, credentials.NewTLS(config))
		call(t, stub, tt.want)
	}
}

func testServerCA(t *testing.T) {
	asClients(t, "", codes.Unavailable, codes.OK, codes.Unavailable)
	asClients(t, "require", codes.Unavailable, codes.OK, codes.Unavailable)
}

func testServerClientAuth(t *testing.T) {
	asClients(t, "optional", codes.OK, codes.OK, codes.Unavailable)
}

func testServerVersion(t *testing.T) {
	cert, key := certificate(t)
	for version, want := range map[string]codes.Code{"": codes.OK, "1.2": codes.OK, "1.3": codes.Unavailable} {
		config := rooted(t, cert)
		config.MaxVersion = tls.VersionTLS12
		_, stub := hosted(t, fxgrpc.ServerConfig{TLS: fxgrpc.ServerTLS{Cert: cert, Key: key, MinVersion: version}}).connect(t, credentials.NewTLS(config))
		call(t, stub, want)
	}
}

// stopTime is how long a server takes to stop while a stream is open.
func stopTime(t *testing.T, config fxgrpc.ServerConfig, o ...fxgrpc.ServerOption) time.Duration {
	t.Helper()
	config.Insecure = true
	l := bufconn.Listen(1 << 18)
	app := fxtest.New(t, quiet, fxgrpc.Module, streaming(), fxgrpc.Server(append([]fxgrpc.ServerOption{fxgrpc.Listener(l), config}, o...)...)).RequireStart()
	_, stub := host{Listener: l}.connect(t, insecure.NewCredentials())
	begin(t, stub)
	return took(func() { _ = app.Stop(t.Context()) })
}

func testServerDrainDelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if got := stopTime(t, fxgrpc.ServerConfig{Drain: fxgrpc.ServerDrain{Delay: 3 * time.Second}}); got != 13*time.Second {
			t.Errorf("it took %v", got)
		}
	})
}

func testServerDrainTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for want, timeout := range map[time.Duration]*time.Duration{0: new(time.Duration(0)), 10 * time.Second: nil, 20 * time.Second: new(20 * time.Second)} {
			if got := stopTime(t, fxgrpc.ServerConfig{Drain: fxgrpc.ServerDrain{Timeout: timeout}}); got != want {
				t.Errorf("it took %v, want %v", got, want)
			}
		}
		if got := stopTime(t, fxgrpc.ServerConfig{Drain: fxgrpc.ServerDrain{Delay: time.Second}}, fxgrpc.Drain(2*time.Second, time.Second)); got != 3*time.Second {
			t.Errorf("with Drain after the config it took %v", got)
		}
	})
}

// readyTime is for how long a connection stays ready, at most that long.
func readyTime(t *testing.T, conn *grpc.ClientConn, most time.Duration) time.Duration {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), most)
	defer cancel()
	if state := conn.GetState(); state != connectivity.Ready {
		t.Errorf("the connection is %v", state)
	}
	return took(func() { conn.WaitForStateChange(ctx, connectivity.Ready) })
}

func testServerIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for want, idle := range map[time.Duration]*time.Duration{15 * time.Minute: nil, time.Minute: new(time.Minute), time.Hour: new(time.Duration(0))} {
			conn, stub := hosted(t, fxgrpc.ServerConfig{Insecure: true, Keepalive: fxgrpc.ServerKeepalive{Idle: idle}}).connect(t, insecure.NewCredentials())
			call(t, stub, codes.OK)
			if got := readyTime(t, conn, time.Hour); got != want {
				t.Errorf("the connection was kept for %v, want %v", got, want)
			}
		}
	})
}

func testServerMaxAge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := fxgrpc.ServerKeepalive{MaxAge: time.Minute, AgeGrace: 30 * time.Second}
		conn, stub := hosted(t, fxgrpc.ServerConfig{Insecure: true, Keepalive: kept}, streaming()).connect(t, insecure.NewCredentials())
		stream := begin(t, stub)
		age := readyTime(t, conn, time.Hour)
		if age < 54*time.Second || age > 66*time.Second {
			t.Errorf("the connection took calls for %v", age)
		}
		var err error
		grace := took(func() { _, err = stream.Recv() })
		if grace < 30*time.Second || grace > 32*time.Second || status.Code(err) != codes.Unavailable {
			t.Errorf("the stream ended after %v with %v", grace, err)
		}
	})
}

// The frames of HTTP/2 that tests look at.
const (
	frameSettings = 4
	framePing     = 6
)

const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// settingsFrame is an empty one.
var settingsFrame = []byte{0, 0, 0, frameSettings, 0, 0, 0, 0, 0}

// A frame is what a peer sent, and when.
type frame struct {
	kind byte
	at   time.Duration
}

// frames reads until the peer closes, and gives what it sent and when it closed. It answers nothing.
func frames(conn net.Conn) (all []frame, closed time.Duration) {
	began := time.Now()
	for {
		header := make([]byte, 9)
		if _, err := io.ReadFull(conn, header); err != nil {
			return all, time.Since(began)
		}
		all = append(all, frame{header[3], time.Since(began)})
		size := binary.BigEndian.Uint32(header) >> 8
		if _, err := io.CopyN(io.Discard, conn, int64(size)); err != nil {
			return all, time.Since(began)
		}
	}
}

// first is when the first frame of a kind came; -1 for never.
func first(all []frame, kind byte) time.Duration {
	i := slices.IndexFunc(all, func(f frame) bool { return f.kind == kind })
	if i < 0 {
		return -1
	}
	return all[i].at
}

func testServerPing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		conn, err := hosted(t, fxgrpc.ServerConfig{Insecure: true, Keepalive: fxgrpc.ServerKeepalive{Time: 8 * time.Second, Timeout: 5 * time.Second}}).Dial()
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write(append([]byte(preface), settingsFrame...)); err != nil {
			t.Fatal(err)
		}
		all, closed := frames(conn)
		if ping := first(all, framePing); ping != 8*time.Second || closed != 13*time.Second {
			t.Errorf("the client was pinged after %v, and given up after %v", ping, closed)
		}
	})
}

// pinging has a client ping every 10 s.
func pinging(withoutStream bool) grpc.DialOption {
	return grpc.WithKeepaliveParams(keepalive.ClientParameters{Time: 10 * time.Second, PermitWithoutStream: withoutStream})
}

func testServerMinTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for minTime, want := range map[time.Duration]bool{0: false, 5 * time.Second: true} {
			config := fxgrpc.ServerConfig{Insecure: true, Keepalive: fxgrpc.ServerKeepalive{MinTime: minTime}}
			conn, stub := hosted(t, config, streaming()).connect(t, insecure.NewCredentials(), pinging(false))
			begin(t, stub)
			if kept := readyTime(t, conn, 10*time.Minute) == 10*time.Minute; kept != want {
				t.Errorf("with min_time %v the connection is kept: %v", minTime, kept)
			}
		}
	})
}

func testServerPermit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, permit := range []bool{false, true} {
			config := fxgrpc.ServerConfig{Insecure: true, Keepalive: fxgrpc.ServerKeepalive{MinTime: 5 * time.Second, PermitWithoutStream: permit}}
			conn, stub := hosted(t, config).connect(t, insecure.NewCredentials(), pinging(true))
			call(t, stub, codes.OK)
			if kept := readyTime(t, conn, 10*time.Minute) == 10*time.Minute; kept != permit {
				t.Errorf("with permit_without_stream %v the connection is kept: %v", permit, kept)
			}
		}
	})
}

func testServerStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for most, want := range map[uint32]codes.Code{1: codes.DeadlineExceeded, 2: codes.Unimplemented} {
			config := fxgrpc.ServerConfig{Insecure: true, Limits: fxgrpc.ServerLimits{MaxConcurrentStreams: most}}
			_, stub := hosted(t, config, streaming()).connect(t, insecure.NewCredentials())
			begin(t, stub)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			if _, err := stub.Execute(ctx, &dummypb.DummyRequest{}); status.Code(err) != want {
				t.Errorf("of %d streams the second ends with %v", most, err)
			}
			cancel()
		}
	})
}

func testServerHeader(t *testing.T) {
	for size, want := range map[fxgrpc.ByteSize]codes.Code{1 << 10: codes.Internal, 4 << 10: codes.OK, 0: codes.OK} {
		config := fxgrpc.ServerConfig{Insecure: true, Limits: fxgrpc.ServerLimits{MaxHeaderBytes: size}}
		_, stub := hosted(t, config).connect(t, insecure.NewCredentials())
		call(t, stub, codes.OK) // the limit is known then
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-long", strings.Repeat("x", 2<<10))
		if _, err := stub.Execute(ctx, &dummypb.DummyRequest{}); status.Code(err) != want {
			t.Errorf("with %v a header of 2KiB gives %v", size, err)
		}
	}
}

// large answers "large" with 2 KiB.
func large() *frameworktest.DummyService {
	return &frameworktest.DummyService{SpecialCases: map[string]func(context.Context, string) (string, error){
		"large": func(context.Context, string) (string, error) { return strings.Repeat("x", 2<<10), nil },
	}}
}

// exchange sends a small and a large request, for answers of the other size.
func exchange(t *testing.T, stub dummypb.DummyServiceClient) (receive, send codes.Code) {
	t.Helper()
	_, err := stub.Execute(t.Context(), &dummypb.DummyRequest{Input: "large"})
	_, errLarge := stub.Execute(t.Context(), &dummypb.DummyRequest{Input: strings.Repeat("x", 1800)})
	return status.Code(err), status.Code(errLarge)
}

func testServerSizes(t *testing.T) {
	for limits, want := range map[fxgrpc.ServerLimits][2]codes.Code{
		{}:                         {codes.OK, codes.OK},
		{MaxSendBytes: 1 << 10}:    {codes.ResourceExhausted, codes.ResourceExhausted},
		{MaxSendBytes: 2000}:       {codes.ResourceExhausted, codes.OK},
		{MaxReceiveBytes: 1 << 10}: {codes.OK, codes.ResourceExhausted},
	} {
		h := hosted(t, fxgrpc.ServerConfig{Insecure: true, Limits: limits}, fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(large)))
		_, stub := h.connect(t, insecure.NewCredentials())
		if small, big := exchange(t, stub); small != want[0] || big != want[1] {
			t.Errorf("with %+v: %v and %v, want %v", limits, small, big, want)
		}
	}
}

func testServerConnectionTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for timeout, want := range map[time.Duration]time.Duration{0: 20 * time.Second, 3 * time.Second: 3 * time.Second} {
			conn, err := hosted(t, fxgrpc.ServerConfig{Insecure: true, Limits: fxgrpc.ServerLimits{ConnectionTimeout: timeout}}).Dial()
			if err != nil {
				t.Fatal(err)
			}
			if _, closed := frames(conn); closed != want {
				t.Errorf("a client that says nothing was given up after %v, want %v", closed, want)
			}
			_ = conn.Close()
		}
	})
}
