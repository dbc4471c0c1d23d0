package realip

import (
	"context"
	"net"
	"net/netip"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// proxies are those that are believed.
type proxies struct {
	networks []netip.Prefix
	sockets  bool
	headers  []string
}

func newProxies(o Options) proxies {
	p := proxies{sockets: o.TrustUnixSockets, headers: lower(o.Headers)}
	for _, network := range o.TrustedProxies {
		p.networks = append(p.networks, plainPrefix(network))
	}
	if len(p.headers) == 0 {
		p.headers = []string{forwardedFor}
	}
	return p
}

// caller is where an RPC comes from; the zero Addr where that is not known.
func (p *proxies) caller(ctx context.Context) netip.Addr {
	from, ok := peer.FromContext(ctx)
	if !ok || from.Addr == nil {
		return netip.Addr{}
	}
	addr := addrOf(from.Addr)
	if !p.trusts(addr) && !(p.sockets && from.Addr.Network() == "unix") {
		return addr
	}
	for _, header := range p.headers {
		if lines := metadata.ValueFromIncomingContext(ctx, header); len(lines) > 0 {
			return p.walk(lines, addr)
		}
	}
	return addr
}

// walk goes back from hop to hop, from the right end of the last line on. Who wrote a hop is trusted; last is the one
// before.
func (p *proxies) walk(lines []string, last netip.Addr) netip.Addr {
	for i := len(lines) - 1; i >= 0; i-- {
		for rest, more := lines[i], true; more; {
			var hop string
			rest, hop, more = cutLast(rest)
			addr, ok := parse(hop)
			if !ok {
				return last
			}
			if last = addr; !p.trusts(addr) {
				return last
			}
		}
	}
	return last
}

// cutLast cuts the last element off a list.
func cutLast(list string) (before, last string, more bool) {
	if i := strings.LastIndexByte(list, ','); i >= 0 {
		return list[:i], list[i+1:], true
	}
	return "", list, false
}

func (p *proxies) trusts(addr netip.Addr) bool {
	for _, network := range p.networks {
		if network.Contains(addr) {
			return true
		}
	}
	return false
}

// addrOf is the IP address of a connection's other end; the zero Addr of what has none.
func addrOf(a net.Addr) netip.Addr {
	if tcp, ok := a.(*net.TCPAddr); ok {
		return plain(tcp.AddrPort().Addr())
	}
	if ap, err := netip.ParseAddrPort(a.String()); err == nil {
		return plain(ap.Addr())
	}
	return netip.Addr{}
}

// plain is an address as it is compared: IPv4 as such, and without a zone, which no prefix contains.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }

// mappedBits is how many bits of ::ffff:192.0.2.1 are before the IPv4 address.
const mappedBits = 96

func plainPrefix(p netip.Prefix) netip.Prefix {
	if p.Addr().Is4In6() {
		return netip.PrefixFrom(p.Addr().Unmap(), p.Bits()-mappedBits)
	}
	return p
}

// parse reads an element of a header: an address, with a port or without. A zone would be text of whoever wrote it.
func parse(hop string) (netip.Addr, bool) {
	hop = strings.Trim(hop, " \t")
	if len(hop) > maxHop || strings.IndexByte(hop, '%') >= 0 {
		return netip.Addr{}, false
	}
	if bare, ok := strings.CutPrefix(hop, "["); ok {
		if bare, ok = strings.CutSuffix(bare, "]"); ok {
			a, err := netip.ParseAddr(bare)
			return plain(a), err == nil && a.Is6()
		}
	}
	if a, err := netip.ParseAddr(hop); err == nil {
		return plain(a), true
	}
	ap, err := netip.ParseAddrPort(hop)
	return plain(ap.Addr()), err == nil
}

// maxHop is how long an address can be, with brackets and a port: an IPv6 one with its last part as IPv4.
const maxHop = len("[0000:0000:0000:0000:0000:ffff:255.255.255.255]:65535")
