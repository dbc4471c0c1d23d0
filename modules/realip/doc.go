// Package realip says which IP address an RPC comes from: that of the connection, or behind proxies that are known, the
// one that these say. Without known proxies no header is believed.
//
//	         203.0.113.7            10.0.0.2             10.0.0.1
//	caller ──────────────▶ balancer ────────▶ gateway ────────────▶ server
//	                       x-forwarded-for:    x-forwarded-for:      realip ─▶ logging ─▶ … ─▶ handler
//	  x-forwarded-for:     6.6.6.6,            6.6.6.6,                 │
//	  6.6.6.6 (a lie)      203.0.113.7         203.0.113.7,             ▼
//	                                           10.0.0.2               peer.ip=203.0.113.7
//
//	interceptor, err := realip.New(realip.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24")}})
//	…
//	chain, err := framework.NewServerChain(framework.Use(interceptor), …)
//
// It stands in the stage Observe of a server, outside of a link "logging", for all four kinds: the address is known to
// limits, logs and whoever authenticates, and a stream's is that of its opening. In a handler, in links inside, and wherever
// their context goes it is [FromContext]; for links outside, for the log and for modules/ratelimit it is the annotation
// "peer.ip" of the Call.
//
// # What is believed
//
// Each proxy adds to X-Forwarded-For, at the right end, the address that it was called from. So the header is read from the
// right, and an address in it is believed while the one who wrote it is a trusted proxy: the connection's own
// address first, then the one at the right end, and so on. The first that is no trusted proxy is the caller. What stands left
// of it the caller can have written himself, and is not looked at.
//
//	connection, header, with TrustedProxies 10.0.0.0/24                    address
//	203.0.113.7   x-forwarded-for: 6.6.6.6                                 203.0.113.7   nobody to believe
//	10.0.0.1      x-forwarded-for: 6.6.6.6, 203.0.113.7, 10.0.0.2          203.0.113.7
//	10.0.0.1      x-forwarded-for: 6.6.6.6, and once more: 203.0.113.7     203.0.113.7   lines are one list
//	10.0.0.1      x-forwarded-for: 10.0.0.9                                10.0.0.9      all are proxies: the last of them
//	10.0.0.1      x-forwarded-for: 203.0.113.7, unknown, 10.0.0.2          10.0.0.2      the last before what is no address
//	10.0.0.1                                                               10.0.0.1
//
// What is no address ends the list: an empty place, a host name, an obfuscated identifier, an address with a zone, which
// means nothing on another machine. Ports are left out, IPv4 addresses in IPv6 are IPv4 ones, here and in TrustedProxies,
// and a link-local address of the connection is without its zone.
//
// Other headers that [Options].Headers names are read so, too: one of a single address is a list of one. Of several the
// first that a request has is read, and no other.
//
// # Safe where
//
//   - nobody reaches the server from an address in TrustedProxies but the proxies: not a network that tenants, or
//     callers, are in as well
//   - every trusted proxy adds to each of Headers, or overwrites it. One that passes it on as it came lets callers write
//     what they like. X-Real-IP and True-Client-IP are such where it was not configured
//
// Without an address in the end, there is no annotation, and FromContext is false: on a Unix socket, where
// [Options].TrustUnixSockets was not said, or an in-memory connection.
//
// # Not for
//
// The header Forwarded (RFC 7239), which New refuses. The PROXY protocol, which a listener speaks. Letting callers in
// by their address: it says which network a caller is in, and not who it is. The address of the connection, which
// stays what google.golang.org/grpc/peer says.
//
// # Beside go-grpc-middleware
//
// The names of its package realip for headers can be used in Options. Its interceptors, which alone it exports, are not
// used, for what they make of headers (TestDefects):
//
//   - of several lines of a header the first is read, which is the caller's own and not the proxy's
//   - x-forwarded-for in small letters is not walked, and the address is the last proxy's
//   - a trusted proxy written as ::ffff:10.0.0.2, or at fe80::1%eth0, is none
//   - an address with a port, or something else that is none, loses all that was known before it
//   - the address of a caller who is in a trusted network is lost
package realip
