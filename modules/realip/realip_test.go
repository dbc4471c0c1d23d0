package realip_test

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/realip"
)

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

func newRealIP(t testing.TB, o realip.Options) *realip.Interceptor {
	t.Helper()
	i, err := realip.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func prefixes(texts ...string) (all []netip.Prefix) {
	for _, text := range texts {
		all = append(all, netip.MustParsePrefix(text))
	}
	return all
}

// inside are the proxies of most tests.
var inside = realip.Options{TrustedProxies: prefixes("10.0.0.0/24", "2001:db8:1::/48")}

// from is the context of an RPC that comes from an address, with the values of headers.
func from(ctx context.Context, addr net.Addr, pairs ...string) context.Context {
	ctx = peer.NewContext(ctx, &peer.Peer{Addr: addr})
	return metadata.NewIncomingContext(ctx, metadata.Pairs(pairs...))
}

func tcp(addr string) *net.TCPAddr {
	a := netip.MustParseAddr(addr)
	return &net.TCPAddr{IP: a.AsSlice(), Zone: a.Zone(), Port: 50051}
}

// found is the address that the annotation and the context have; "" for none.
func found(t *testing.T, o realip.Options, ctx context.Context) string {
	t.Helper()
	r := frameworktest.Run(t, newRealIP(t, o), frameworktest.Case{Context: ctx})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	addr, ok := realip.FromContext(r.Context)
	i := slices.IndexFunc(r.Annotations, func(a slog.Attr) bool { return a.Key == framework.AnnotationPeerIP })
	switch {
	case !ok && i < 0:
		return ""
	case !ok || i < 0 || r.Annotations[i].Value.String() != addr.String():
		t.Errorf("the context has %v (%t), the annotations %v", addr, ok, r.Annotations)
	}
	return addr.String()
}

// What comes of a connection's address and the header, hop by hop.
func TestAddress(t *testing.T) {
	t.Parallel()
	const xff = "x-forwarded-for"
	for _, tt := range []struct {
		name  string
		addr  net.Addr
		pairs []string
		want  string
	}{
		{"a caller", tcp("203.0.113.7"), nil, "203.0.113.7"},
		{"a caller who lies", tcp("203.0.113.7"), []string{xff, "6.6.6.6"}, "203.0.113.7"},
		{"a caller beside the proxies", tcp("10.0.1.1"), []string{xff, "6.6.6.6"}, "10.0.1.1"},
		{"a proxy", tcp("10.0.0.1"), nil, "10.0.0.1"},
		{"behind a proxy", tcp("10.0.0.1"), []string{xff, "203.0.113.7"}, "203.0.113.7"},
		{"behind two", tcp("10.0.0.1"), []string{xff, "203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"behind two, with a lie", tcp("10.0.0.1"), []string{xff, "6.6.6.6, 203.0.113.7, 10.0.0.2"}, "203.0.113.7"},
		{"a lie that looks trusted", tcp("10.0.0.1"), []string{xff, "10.0.0.9, 203.0.113.7"}, "203.0.113.7"},
		{"a lie in a line of its own", tcp("10.0.0.1"), []string{xff, "6.6.6.6", xff, "203.0.113.7"}, "203.0.113.7"},
		{"lies without end", tcp("10.0.0.1"), []string{xff, strings.Repeat("10.0.0.9,", 1000) + "203.0.113.7"}, "203.0.113.7"},
		{"lines of two proxies", tcp("10.0.0.1"), []string{xff, "6.6.6.6, 203.0.113.7", xff, "10.0.0.3,10.0.0.2"}, "203.0.113.7"},
		{"one of the network", tcp("10.0.0.1"), []string{xff, "10.0.0.9, 10.0.0.2"}, "10.0.0.9"},

		{"spaces", tcp("10.0.0.1"), []string{xff, " \t203.0.113.7\t ,10.0.0.2 "}, "203.0.113.7"},
		{"a port", tcp("10.0.0.1"), []string{xff, "203.0.113.7:4711, 10.0.0.2:80"}, "203.0.113.7"},
		{"IPv6", tcp("2001:db8:1::1"), []string{xff, "2001:DB8:2:0::7, 2001:db8:1::2"}, "2001:db8:2::7"},
		{"IPv6 with a port", tcp("10.0.0.1"), []string{xff, "[2001:db8:2::7]:4711"}, "2001:db8:2::7"},
		{"IPv6 in brackets", tcp("10.0.0.1"), []string{xff, "[2001:db8:2::7]"}, "2001:db8:2::7"},
		{"IPv4 in IPv6", tcp("10.0.0.1"), []string{xff, "::ffff:203.0.113.7, ::ffff:a00:2"}, "203.0.113.7"},
		{"IPv4 in IPv6 with a port", tcp("10.0.0.1"), []string{xff, "[::ffff:203.0.113.7]:4711"}, "203.0.113.7"},
		{"a connection of IPv4 in IPv6", tcp("::ffff:10.0.0.1"), []string{xff, "203.0.113.7"}, "203.0.113.7"},
		{"a caller of IPv4 in IPv6", tcp("::ffff:203.0.113.7"), []string{xff, "6.6.6.6"}, "203.0.113.7"},
		{"a link-local connection", tcp("fe80::1%eth0"), []string{xff, "6.6.6.6"}, "fe80::1"},

		{"garbage", tcp("10.0.0.1"), []string{xff, "unknown"}, "10.0.0.1"},
		{"garbage behind a proxy", tcp("10.0.0.1"), []string{xff, "203.0.113.7, unknown, 10.0.0.2"}, "10.0.0.2"},
		{"garbage that is a lie", tcp("10.0.0.1"), []string{xff, "\x00, <script>, 203.0.113.7"}, "203.0.113.7"},
		{"nothing", tcp("10.0.0.1"), []string{xff, ""}, "10.0.0.1"},
		{"a place that is empty", tcp("10.0.0.1"), []string{xff, "6.6.6.6,, 10.0.0.2"}, "10.0.0.2"},
		{"an empty place first", tcp("10.0.0.1"), []string{xff, ", 10.0.0.2"}, "10.0.0.2"},
		{"a line that is empty", tcp("10.0.0.1"), []string{xff, "6.6.6.6", xff, ""}, "10.0.0.1"},
		{"a zone", tcp("10.0.0.1"), []string{xff, "fe80::1%eth0"}, "10.0.0.1"},
		{"a zone of IPv4 in IPv6", tcp("10.0.0.1"), []string{xff, "::ffff:203.0.113.7%x"}, "10.0.0.1"},
		{"a name", tcp("10.0.0.1"), []string{xff, "localhost"}, "10.0.0.1"},
		{"a network", tcp("10.0.0.1"), []string{xff, "203.0.113.0/24"}, "10.0.0.1"},
		{"octal", tcp("10.0.0.1"), []string{xff, "0203.0.113.7"}, "10.0.0.1"},
		{"IPv4 in brackets", tcp("10.0.0.1"), []string{xff, "[203.0.113.7]"}, "10.0.0.1"},
		{"half of brackets", tcp("10.0.0.1"), []string{xff, "[2001:db8:2::7"}, "10.0.0.1"},
		{"a port that is none", tcp("10.0.0.1"), []string{xff, "203.0.113.7:70000"}, "10.0.0.1"},
		{"a Unix socket's", tcp("10.0.0.1"), []string{xff, "unix:"}, "10.0.0.1"},
		{"much", tcp("10.0.0.1"), []string{xff, strings.Repeat("1", 1<<20)}, "10.0.0.1"},
		{"another header", tcp("10.0.0.1"), []string{"x-real-ip", "6.6.6.6"}, "10.0.0.1"},

		{"an address as text", textAddr("10.0.0.1:80"), []string{xff, "203.0.113.7"}, "203.0.113.7"},
		{"a Unix socket", &net.UnixAddr{Net: "unix", Name: "@"}, []string{xff, "6.6.6.6"}, ""},
		{"a connection in memory", textAddr("bufconn"), []string{xff, "6.6.6.6"}, ""},
		{"no address", nil, []string{xff, "6.6.6.6"}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := found(t, inside, from(t.Context(), tt.addr, tt.pairs...)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
	if got := found(t, inside, t.Context()); got != "" {
		t.Errorf("without a peer it is %q", got)
	}
}

// textAddr is an address of a listener of one's own.
type textAddr string

func (textAddr) Network() string  { return "text" }
func (a textAddr) String() string { return string(a) }

// Nothing is believed where no proxies are declared.
func TestZeroOptions(t *testing.T) {
	t.Parallel()
	ctx := from(t.Context(), tcp("127.0.0.1"), "x-forwarded-for", "6.6.6.6", "x-real-ip", "6.6.6.6", "true-client-ip", "6.6.6.6", "forwarded", "for=6.6.6.6")
	if got := found(t, realip.Options{}, ctx); got != "127.0.0.1" {
		t.Errorf("got %q", got)
	}
}

// Which header is read, and by whom written.
func TestHeaders(t *testing.T) {
	t.Parallel()
	proxies := prefixes("10.0.0.0/24")
	both := realip.Options{TrustedProxies: proxies, Headers: []string{"True-Client-IP", "X-Forwarded-For"}}
	sockets := realip.Options{TrustUnixSockets: true}
	socket := &net.UnixAddr{Net: "unix", Name: "@"}
	for _, tt := range []struct {
		name    string
		options realip.Options
		addr    net.Addr
		pairs   []string
		want    string
	}{
		{"the first", both, tcp("10.0.0.1"), []string{"x-forwarded-for", "6.6.6.6", "true-client-ip", "203.0.113.7"}, "203.0.113.7"},
		{"the second", both, tcp("10.0.0.1"), []string{"x-forwarded-for", "203.0.113.7"}, "203.0.113.7"},
		{"the first, though it says nothing", both, tcp("10.0.0.1"), []string{"x-forwarded-for", "6.6.6.6", "true-client-ip", "unknown"}, "10.0.0.1"},
		{"one that is overwritten, twice", both, tcp("10.0.0.1"), []string{"true-client-ip", "6.6.6.6", "true-client-ip", "203.0.113.7"}, "203.0.113.7"},
		{"none of these", both, tcp("10.0.0.1"), []string{"x-real-ip", "6.6.6.6"}, "10.0.0.1"},
		{"a socket", sockets, socket, []string{"x-forwarded-for", "6.6.6.6, 203.0.113.7"}, "203.0.113.7"},
		{"a socket that says nothing", sockets, socket, nil, ""},
		{"a socket that says garbage", sockets, socket, []string{"x-forwarded-for", "unix:"}, ""},
		{"no socket", sockets, tcp("203.0.113.7"), []string{"x-forwarded-for", "6.6.6.6"}, "203.0.113.7"},
		{"IPv4 networks in IPv6", realip.Options{TrustedProxies: prefixes("::ffff:10.0.0.0/120")}, tcp("10.0.0.1"), []string{"x-forwarded-for", "203.0.113.7"}, "203.0.113.7"},
		{"beside them", realip.Options{TrustedProxies: prefixes("::ffff:10.0.0.0/120")}, tcp("10.0.1.1"), []string{"x-forwarded-for", "203.0.113.7"}, "10.0.1.1"},
		{"link-local networks", realip.Options{TrustedProxies: prefixes("fe80::/10")}, tcp("fe80::1%eth0"), []string{"x-forwarded-for", "203.0.113.7"}, "203.0.113.7"},
		{"bits beyond a network", realip.Options{TrustedProxies: prefixes("10.0.0.7/24")}, tcp("10.0.0.1"), []string{"x-forwarded-for", "203.0.113.7"}, "203.0.113.7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := found(t, tt.options, from(t.Context(), tt.addr, tt.pairs...)); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// What New was given is the caller's to change.
func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	o := realip.Options{TrustedProxies: prefixes("10.0.0.0/24"), Headers: []string{"x-real-ip"}}
	i := newRealIP(t, o)
	o.TrustedProxies[0], o.Headers[0] = prefixes("192.0.2.0/24")[0], "x-forwarded-for"
	r := frameworktest.Run(t, i, frameworktest.Case{Context: from(t.Context(), tcp("10.0.0.1"), "x-real-ip", "203.0.113.7", "x-forwarded-for", "6.6.6.6")})
	if addr, _ := realip.FromContext(r.Context); addr.String() != "203.0.113.7" {
		t.Error(addr)
	}
}

// seeing has the handler of the input "x" tell its address.
func seeing(saw chan string) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(ctx context.Context, _ string) (string, error) {
			addr, ok := realip.FromContext(ctx)
			if !ok {
				saw <- ""
			} else {
				saw <- addr.String()
			}
			return "y", nil
		},
	})
}

// Over real connections, of all kinds.
func TestWire(t *testing.T) {
	t.Parallel()
	loopback := realip.Options{TrustedProxies: prefixes("127.0.0.0/8", "::1/128")}
	for _, tt := range []struct {
		name    string
		options realip.Options
		over    []frameworktest.Option
		want    string
	}{
		{"TCP", loopback, []frameworktest.Option{frameworktest.OverTCP()}, "203.0.113.7"},
		{"TCP, of nobody trusted", realip.Options{}, []frameworktest.Option{frameworktest.OverTCP()}, "127.0.0.1"},
		{"memory", loopback, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			saw := make(chan string, 1)
			link := framework.Use(newRealIP(t, tt.options))
			client := frameworktest.DummyClient(t, append(tt.over, frameworktest.ServerParts(link), seeing(saw))...)
			wantOverWire(t, client, saw, tt.want)
		})
	}
}

func wantOverWire(t *testing.T, client dummypb.DummyServiceClient, saw chan string, want string) {
	t.Helper()
	for _, kind := range kinds {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", "6.6.6.6", "x-forwarded-for", "203.0.113.7")
		if _, err := frameworktest.Execute(ctx, client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if got := <-saw; got != want {
			t.Errorf("%s: got %q, want %q", kind, got, want)
		}
	}
}

// Over a Unix socket, as from a proxy on the same machine.
func TestUnixSocket(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options realip.Options
		want    string
	}{{realip.Options{TrustUnixSockets: true}, "203.0.113.7"}, {inside, ""}} {
		saw := make(chan string, 1)
		chain, err := framework.NewServerChain(framework.Use(newRealIP(t, tt.options)))
		if err != nil {
			t.Fatal(err)
		}
		server := grpc.NewServer(chain.ServerOptions()...)
		dummypb.RegisterDummyServiceServer(server, &frameworktest.DummyService{SpecialCases: map[string]func(context.Context, string) (string, error){
			"x": func(ctx context.Context, _ string) (string, error) {
				addr, _ := realip.FromContext(ctx)
				saw <- strings.TrimPrefix(addr.String(), "invalid IP")
				return "y", nil
			},
		}})
		socket := filepath.Join(t.TempDir(), "s")
		listener, err := net.Listen("unix", socket)
		if err != nil {
			t.Fatal(err)
		}
		go func() { _ = server.Serve(listener) }()
		t.Cleanup(server.Stop)
		conn, err := grpc.NewClient("unix:"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		wantOverWire(t, dummypb.NewDummyServiceClient(conn), saw, tt.want)
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newRealIP(t, realip.Options{}).Placement()
	if p.Name != "realip" || p.Stage != framework.StageObserve || !slices.Equal(p.Sides, []framework.Side{framework.ServerSide}) || len(p.Keys) != 0 {
		t.Errorf("%+v", p)
	}
	_, err := framework.NewClientChain(framework.DeclaredAt("main.go:41", framework.Use(newRealIP(t, realip.Options{}))))
	if want := `framework: link "realip" (main.go:41): *realip.Interceptor does not serve on a client; it serves on a server`; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options realip.Options
		want    string
	}{
		{
			"all at once",
			realip.Options{
				TrustedProxies: []netip.Prefix{{}, netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0"), netip.MustParsePrefix("10.0.0.0/8")},
				Headers:        []string{"", "X Forwarded", "grpc-peer", "x-ip-bin", "Forwarded", "X-Real-IP", "x-real-ip", "X-Forwarded-For"},
			},
			`realip: Options.TrustedProxies[0] is the zero Prefix; make it with netip.ParsePrefix
realip: Options.TrustedProxies[1] is 0.0.0.0/0, which is everybody, so that callers could write their address themselves; list the proxies' own
realip: Options.TrustedProxies[2] is ::/0, which is everybody, so that callers could write their address themselves; list the proxies' own
realip: Options.Headers[0] is "", which is not the name of metadata; write it with letters, digits and ._-
realip: Options.Headers[1] is "X Forwarded", which is not the name of metadata; write it with letters, digits and ._-
realip: Options.Headers[2] is "grpc-peer", which is not for addresses; name one that proxies write, such as X-Forwarded-For
realip: Options.Headers[3] is "x-ip-bin", which is not for addresses; name one that proxies write, such as X-Forwarded-For
realip: Options.Headers[4] is "Forwarded", which has another format (RFC 7239), which is not read; have the proxies write X-Forwarded-For
realip: Options.Headers[6] is "x-real-ip", which is there already; name it once`,
		},
		{
			"everybody in IPv6",
			realip.Options{TrustedProxies: prefixes("::ffff:0.0.0.0/96", "::ffff:0.0.0.0/90")},
			`realip: Options.TrustedProxies[0] is ::ffff:0.0.0.0/96, which is everybody, so that callers could write their address themselves; list the proxies' own
realip: Options.TrustedProxies[1] is ::ffff:0.0.0.0/90, which is wider than all IPv4 addresses in IPv6; write those as IPv4`,
		},
		{
			"headers of nobody",
			realip.Options{Headers: []string{"X-Real-IP"}},
			`realip: Options.Headers is set, and nobody is trusted who could write them; set TrustedProxies, or leave Headers out`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i, err := realip.New(tt.options)
			if i != nil || err == nil || err.Error() != tt.want {
				t.Errorf("%v\ngot  %v\nwant %s", i, err, tt.want)
			}
		})
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return newRealIP(t, realip.Options{}) })
	trusting := realip.Options{TrustedProxies: prefixes("127.0.0.0/8")}
	forwarded := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		return next(metadata.AppendToOutgoingContext(ctx, "x-forwarded-for", "203.0.113.7"), call)
	})
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return newRealIP(t, trusting) },
		frameworktest.Using(frameworktest.OverTCP(), frameworktest.ClientParts(framework.Use(forwarded))))
}
