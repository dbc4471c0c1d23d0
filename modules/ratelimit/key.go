package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// A keyFunc says whose a call is; "" for nobody's.
type keyFunc func(ctx context.Context, call *framework.Call) string

// The keys that need no options.
const (
	byPrincipal  = "principal"
	byPeer       = "peer"
	headerPrefix = "header:"
)

// key is what rate.key means on a method; nil where all calls share a bucket.
func (i *Interceptor) key(m framework.MethodInfo, by string) (keyFunc, error) {
	if by == "" {
		return nil, nil
	}
	key, err := i.keyed(m, by)
	if err != nil {
		return nil, By.Errorf(m, "%s: %w", by, err)
	}
	return key, nil
}

func (i *Interceptor) keyed(m framework.MethodInfo, by string) (keyFunc, error) {
	if name, ok := strings.CutPrefix(by, headerPrefix); ok {
		return header(name, m.Side), nil
	}
	own, ok := i.options.Keys[by]
	switch {
	case by == byPrincipal:
		return principal, identified(m)
	case by == byPeer:
		return address, served(m)
	case ok:
		return func(ctx context.Context, call *framework.Call) string {
			key, _ := own(ctx, call)
			return key
		}, nil
	}
	known := append(slices.Collect(maps.Keys(i.options.Keys)), byPrincipal, byPeer, headerPrefix+"…")
	return nil, fmt.Errorf("unknown key%s", tag.Suggest(by, known))
}

// identified refuses the principal where nobody has said who it is.
func identified(m framework.MethodInfo) error {
	switch {
	case m.Side == framework.ClientSide:
		return errors.New("a client's calls have no principal; use a key of your own, of Options.Keys")
	case !m.Outside(framework.StageAuthenticate):
		return fmt.Errorf("no link in stage %q stands outside of this one to tell who calls; move this one inwards, with stage=%s",
			framework.StageAuthenticate, framework.StageAuthorize)
	}
	return nil
}

func served(m framework.MethodInfo) error {
	if m.Side == framework.ClientSide {
		return errors.New("a client does not know its peer before a call is sent; use a key of your own, of Options.Keys")
	}
	return nil
}

// checkOwn is for a key of the options.
func checkOwn(name string, f func(context.Context, *framework.Call) (string, bool)) error {
	switch {
	case f == nil:
		return errors.New("is nil; give it a function")
	case name == byPrincipal || name == byPeer || strings.HasPrefix(name, headerPrefix):
		return errors.New("has the name of a key that there is; give it another")
	case name == "" || strings.ContainsAny(name, " ,'=\t\n"):
		return errors.New("has a name that no tag can say; give it one without spaces, commas, quotes and equals")
	}
	return nil
}

// principal is who calls, as a link outside has annotated.
func principal(_ context.Context, call *framework.Call) string {
	who, ok := call.Annotation(framework.AnnotationPrincipal)
	if !ok {
		return ""
	}
	return who.Resolve().String()
}

// address is the network that a call comes from: what a link outside made of the proxies on the way, else the
// connection's.
func address(ctx context.Context, call *framework.Call) string {
	if ip, ok := call.Annotation(framework.AnnotationPeerIP); ok {
		if a, err := netip.ParseAddr(ip.Resolve().String()); err == nil {
			return network(a)
		}
	}
	p, ok := peer.FromContext(ctx)
	if !ok || p.Addr == nil {
		return ""
	}
	if tcp, ok := p.Addr.(*net.TCPAddr); ok {
		return network(tcp.AddrPort().Addr())
	}
	if a, err := netip.ParseAddrPort(p.Addr.String()); err == nil {
		return network(a.Addr())
	}
	return p.Addr.String()
}

// sitePrefix is the bits of an IPv6 address that a caller can not choose: a site has all of the others.
const sitePrefix = 64

// network is an IPv4 address, or the site of an IPv6 one.
func network(a netip.Addr) string {
	a = a.Unmap()
	if !a.Is6() {
		return a.String()
	}
	site, _ := a.WithZone("").Prefix(sitePrefix)
	return site.String()
}

// header is the first value of a header that the caller sent, on a client that it is about to.
func header(name string, side framework.Side) keyFunc {
	values := metadata.ValueFromIncomingContext
	if side == framework.ClientSide {
		values = func(ctx context.Context, name string) []string {
			md, _ := metadata.FromOutgoingContext(ctx)
			return md[name]
		}
	}
	return func(ctx context.Context, _ *framework.Call) string {
		if v := values(ctx, name); len(v) > 0 {
			return v[0]
		}
		return ""
	}
}

// validHeader reports whether a name can be that of request metadata.
func validHeader(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("-_.", r) && !('a' <= r && r <= 'z' || '0' <= r && r <= '9')
	}) < 0
}
