package realip

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Options say which proxies are believed, and what of them. The zero value believes none: the address is the
// connection's.
type Options struct {
	// TrustedProxies are the addresses of the proxies that requests come through, of all on the way. What they say of where
	// a request came from is believed, so nobody else may call from these.
	TrustedProxies []netip.Prefix

	// TrustUnixSockets believes who calls over a Unix socket, as a proxy on the same machine does. A socket has no address:
	// without this there is none.
	TrustUnixSockets bool

	// Headers are what trusted proxies write addresses into, in any case. Of those that a request has the first one
	// is read. nil means X-Forwarded-For. Each of the proxies must add to every one of them, or overwrite it.
	Headers []string
}

const forwardedFor = "x-forwarded-for"

func (o Options) check() error {
	var errs []error
	for i, p := range o.TrustedProxies {
		if problem := prefixProblem(p); problem != "" {
			errs = append(errs, fmt.Errorf("realip: Options.TrustedProxies[%d] is %s", i, problem))
		}
	}
	for i, name := range o.Headers {
		if problem := headerProblem(strings.ToLower(name), lower(o.Headers[:i])); problem != "" {
			errs = append(errs, fmt.Errorf("realip: Options.Headers[%d] is %q, which %s", i, name, problem))
		}
	}
	if len(o.Headers) > 0 && len(o.TrustedProxies) == 0 && !o.TrustUnixSockets {
		errs = append(errs, errors.New("realip: Options.Headers is set, and nobody is trusted who could write them; set TrustedProxies, or leave Headers out"))
	}
	return errors.Join(errs...)
}

func prefixProblem(p netip.Prefix) string {
	switch mapped := p.Addr().Is4In6(); {
	case !p.IsValid():
		return "the zero Prefix; make it with netip.ParsePrefix"
	case mapped && p.Bits() < mappedBits:
		return fmt.Sprintf("%s, which is wider than all IPv4 addresses in IPv6; write those as IPv4", p)
	case p.Bits() == 0 || mapped && p.Bits() == mappedBits:
		return fmt.Sprintf("%s, which is everybody, so that callers could write their address themselves; list the proxies' own", p)
	}
	return ""
}

// headerProblem says why a name can't be that of a header with addresses, or "".
func headerProblem(name string, before []string) string {
	switch {
	case name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "":
		return "is not the name of metadata; write it with letters, digits and ._-"
	case strings.HasPrefix(name, "grpc-") || strings.HasSuffix(name, "-bin"):
		return "is not for addresses; name one that proxies write, such as X-Forwarded-For"
	case name == "forwarded":
		return "has another format (RFC 7239), which is not read; have the proxies write X-Forwarded-For"
	case slices.Contains(before, name):
		return "is there already; name it once"
	}
	return ""
}

func lower(names []string) []string {
	small := make([]string, len(names))
	for i, name := range names {
		small[i] = strings.ToLower(name)
	}
	return small
}
