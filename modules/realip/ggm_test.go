package realip_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/realip"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/modules/realip"
)

// TestDefects shows what ggm's own interceptors make of headers, and that realip does not.
func TestDefects(t *testing.T) {
	t.Parallel()
	proxies := prefixes("10.0.0.0/24")
	for _, tt := range []struct {
		name         string
		proxies      []netip.Prefix
		header       string
		addr         net.Addr
		lines        []string
		theirs, ours string
	}{
		{"the first line is the caller's own", proxies, ggm.XForwardedFor, tcp("10.0.0.1"), []string{"6.6.6.6", "203.0.113.7"}, "6.6.6.6", "203.0.113.7"},
		{"small letters are not walked", proxies, "x-forwarded-for", tcp("10.0.0.1"), []string{"203.0.113.7, 10.0.0.2"}, "10.0.0.2", "203.0.113.7"},
		{"a proxy of IPv4 in IPv6 is none", proxies, ggm.XForwardedFor, tcp("10.0.0.1"), []string{"203.0.113.7, ::ffff:10.0.0.2"}, "::ffff:10.0.0.2", "203.0.113.7"},
		{"a network of IPv4 in IPv6 has nobody in it", prefixes("::ffff:10.0.0.0/120"), ggm.XForwardedFor, tcp("10.0.0.1"), []string{"203.0.113.7"}, "10.0.0.1", "203.0.113.7"},
		{"a proxy in a zone is none", prefixes("fe80::/10"), ggm.XForwardedFor, tcp("fe80::1%eth0"), []string{"203.0.113.7"}, "fe80::1%eth0", "203.0.113.7"},
		{"what is no address loses what was known", proxies, ggm.XForwardedFor, tcp("10.0.0.1"), []string{"unknown, 10.0.0.2"}, "10.0.0.1", "10.0.0.2"},
		{"so does a port", proxies, ggm.XForwardedFor, tcp("10.0.0.1"), []string{"203.0.113.7:4711"}, "10.0.0.1", "203.0.113.7"},
		{"a caller in the network is lost", proxies, ggm.XForwardedFor, tcp("10.0.0.1"), []string{"10.0.0.9, 10.0.0.2"}, "10.0.0.1", "10.0.0.9"},
		{"the text of a zone is in the address", proxies, ggm.XForwardedFor, tcp("10.0.0.1"), []string{"fe80::1%<script>"}, "fe80::1%<script>", "10.0.0.1"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var pairs []string
			for _, line := range tt.lines {
				pairs = append(pairs, "x-forwarded-for", line)
			}
			ctx := from(t.Context(), tt.addr, pairs...)
			if got := foundByGGM(t, ctx, tt.proxies, tt.header); got != tt.theirs {
				t.Errorf("ggm's finds %s now, and not %s", got, tt.theirs)
			}
			if got := found(t, realip.Options{TrustedProxies: tt.proxies, Headers: []string{tt.header}}, ctx); got != tt.ours {
				t.Errorf("got %s, want %s", got, tt.ours)
			}
		})
	}
}

func foundByGGM(t *testing.T, ctx context.Context, proxies []netip.Prefix, header string) (addr string) {
	t.Helper()
	i := ggm.UnaryServerInterceptorOpts(ggm.WithTrustedPeers(proxies), ggm.WithTrustedProxies(proxies), ggm.WithHeaders([]string{header}))
	_, err := i(ctx, nil, &grpc.UnaryServerInfo{}, func(ctx context.Context, _ any) (any, error) {
		a, _ := ggm.FromContext(ctx)
		addr = a.String()
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return addr
}
