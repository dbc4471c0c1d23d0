package realip_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/realip"
)

// FuzzHeader has a caller write whatever he likes into the header, lines apart by newlines. From an address that is no
// proxy's it counts for nothing; nor does it when a proxy has added the caller's own address, in the same line or in
// another. Of a proxy's own text comes an address that stands in it, or the proxy's.
func FuzzHeader(f *testing.F) {
	for _, seed := range []string{
		"", "6.6.6.6", "10.0.0.2", "6.6.6.6, 10.0.0.2", ",", "unknown", "::1", "[::1]:80", "fe80::1%a", "::ffff:10.0.0.2",
		"10.0.0.2\n10.0.0.3", "[", "]", "[]", "[::ffff:1.2.3.4]", "1.2.3.4:", "\x00", "\xff", "%", "[fe80::1%a]:1",
	} {
		f.Add(seed)
	}
	interceptor, err := realip.New(inside)
	if err != nil {
		f.Fatal(err)
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor))
	if err != nil {
		f.Fatal(err)
	}
	serve, info := chain.Unary(), &grpc.UnaryServerInfo{FullMethod: dummypb.DummyService_Execute_FullMethodName}
	address := func(t *testing.T, addr string, lines ...string) (got netip.Addr) {
		ctx := peer.NewContext(t.Context(), &peer.Peer{Addr: tcp(addr)})
		ctx = metadata.NewIncomingContext(ctx, metadata.MD{"x-forwarded-for": lines})
		if _, err := serve(ctx, &dummypb.DummyRequest{}, info, func(ctx context.Context, _ any) (any, error) {
			got, _ = realip.FromContext(ctx)
			return &dummypb.DummyResponse{}, nil
		}); err != nil {
			t.Fatal(err)
		}
		return got
	}
	f.Fuzz(func(t *testing.T, text string) {
		lines := strings.Split(text, "\n")
		caller := netip.MustParseAddr("203.0.113.7")
		if got := address(t, "203.0.113.7", lines...); got != caller {
			t.Errorf("%q: the caller is %s", lines, got)
		}
		if got := address(t, "10.0.0.1", append(lines, "203.0.113.7")...); got != caller {
			t.Errorf("%q: behind a proxy the caller is %s", lines, got)
		}
		if got := address(t, "10.0.0.1", text+", 203.0.113.7, 10.0.0.2"); got != caller {
			t.Errorf("%q: behind two the caller is %s", text, got)
		}
		got := address(t, "10.0.0.1", lines...)
		if !got.IsValid() || got.Zone() != "" || got.Is4In6() {
			t.Errorf("%q: the address is %s", lines, got)
		}
		if got != netip.MustParseAddr("10.0.0.1") && !stands(got, text) {
			t.Errorf("%q: nobody said %s", lines, got)
		}
	})
}

// stands reports whether some text between commas and lines is an address.
func stands(addr netip.Addr, text string) bool {
	for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == '\n' }) {
		part = strings.Trim(part, " \t")
		if a, err := netip.ParseAddr(strings.Trim(part, "[]")); err == nil && a.Unmap() == addr {
			return true
		}
		if a, err := netip.ParseAddrPort(part); err == nil && a.Addr().Unmap() == addr {
			return true
		}
	}
	return false
}
