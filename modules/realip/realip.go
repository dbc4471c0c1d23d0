package realip

import (
	"context"
	"log/slog"
	"net/netip"

	"github.com/sluice-go/sluice/framework"
)

// An Interceptor finds out where RPCs come from. It is safe for concurrent use.
type Interceptor struct{ proxies proxies }

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	return &Interceptor{newProxies(o)}, nil
}

// Placement is the stage Observe, of a server, outside of a link "logging" where there is one: also the line of an RPC's
// start has the address.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:   "realip",
		Stage:  framework.StageObserve,
		Sides:  []framework.Side{framework.ServerSide},
		Before: []string{"?logging"},
	}
}

// Intercept has the address in the context of what is inside, and in the Call's annotations.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	addr := i.proxies.caller(ctx)
	if !addr.IsValid() {
		return next(ctx, call)
	}
	call.Annotate(slog.String(framework.AnnotationPeerIP, addr.String()))
	return next(context.WithValue(ctx, addrKey{}, addr), call)
}

type addrKey struct{}

// FromContext is the address that an RPC comes from, in a handler, in links inside, and wherever their context goes. An IPv4
// address is never one in IPv6, and none has a zone. It is false where no address is known, as over a Unix socket.
func FromContext(ctx context.Context) (netip.Addr, bool) {
	addr, ok := ctx.Value(addrKey{}).(netip.Addr)
	return addr, ok
}
