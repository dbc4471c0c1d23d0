package framework

import (
	"context"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A ClientChain is the interceptors of a client, sorted, checked and compiled once for each method. It is safe for
// concurrent use.
type ClientChain struct{ *chain }

// NewClientChain makes a chain of parts. All mistakes are reported at once, joined, each with the link, its place
// and the cure. A client has no list of services: patterns are checked against the descriptors linked into the
// binary, and one that matches no linked method is refused unless written "?pattern".
func NewClientChain(parts ...Part) (*ClientChain, error) {
	c, err := newChain(ClientSide, parts)
	if err != nil {
		return nil, err
	}
	if err := c.checkLinked(); err != nil {
		return nil, inTarget(ClientSide, c.target, err)
	}
	return &ClientChain{c}, nil
}

// checkLinked checks the links that name methods against the linked ones.
func (c *chain) checkLinked() error {
	known := linked()
	matches, ambiguous := c.checkPatterns(known, "of the services linked into the binary")
	errs := []error{ambiguous, unmatched(matches)}
	for _, l := range c.links {
		layered := len(l.layer.services) > 0
		for _, k := range known {
			if layered && l.serves(k.method.FullService()) || !layered && len(l.on) > 0 {
				_, err := l.covers(k.method, k.kind)
				errs = append(errs, err)
			}
		}
	}
	lines, err := c.compileAll(slices.DeleteFunc(known, func(k knownMethod) bool { return !c.book.names(k.method) }))
	if err := joined(append(errs, err)...); err != nil {
		return err
	}
	c.lines.bind(lines)
	return nil
}

// DialOptions are what grpc.NewClient needs to have the chain: one interceptor for each kind, and the options
// that links bring themselves by a method DialOptions, stats handlers for instance.
func (c *ClientChain) DialOptions() []grpc.DialOption {
	options := []grpc.DialOption{grpc.WithChainUnaryInterceptor(c.unary), grpc.WithChainStreamInterceptor(c.stream)}
	for _, l := range c.links {
		if o, ok := l.interceptor.(dialOptioner); ok {
			options = append(options, o.DialOptions()...)
		}
	}
	return options
}

type dialOptioner interface{ DialOptions() []grpc.DialOption }

// Unary is the chain as an interceptor for unary RPCs, for a chain of grpc's own. It leaves out the options that
// links bring themselves, and logs a warning if there are any; DialOptions has them.
func (c *ClientChain) Unary() grpc.UnaryClientInterceptor {
	c.warnLeftOut("Unary")
	return c.unary
}

// Stream is the chain as an interceptor for streams; see Unary.
func (c *ClientChain) Stream() grpc.StreamClientInterceptor {
	c.warnLeftOut("Stream")
	return c.stream
}

func (c *ClientChain) warnLeftOut(what string) {
	c.warn(what, "DialOptions", func(i Interceptor) bool { _, ok := i.(dialOptioner); return ok })
}

// Wrap puts the chain around an existing connection. It leaves out the options that links bring themselves, and logs a
// warning if there are any. Around what is no *grpc.ClientConn raw links can't stand, whose signature needs one: calls
// to a method that has one are refused with INTERNAL.
func (c *ClientChain) Wrap(cc grpc.ClientConnInterface) grpc.ClientConnInterface {
	c.warnLeftOut("Wrap")
	conn, _ := cc.(*grpc.ClientConn)
	return &wrapped{chain: c, inner: cc, conn: conn}
}

type wrapped struct {
	chain *ClientChain
	inner grpc.ClientConnInterface
	conn  *grpc.ClientConn
}

// Invoke makes a unary RPC through the chain.
func (w *wrapped) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	if err := w.refuse(method, Unary); err != nil {
		return err
	}
	return w.chain.unary(ctx, method, args, reply, w.conn, w.invoke, opts...)
}

func (w *wrapped) invoke(ctx context.Context, method string, req, reply any, _ *grpc.ClientConn, opts ...grpc.CallOption) error {
	return w.inner.Invoke(ctx, method, req, reply, opts...)
}

// NewStream opens a stream through the chain.
func (w *wrapped) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	if err := w.refuse(method, streamKind(desc.ClientStreams, desc.ServerStreams)); err != nil {
		return nil, err
	}
	return w.chain.stream(ctx, desc, w.conn, method, w.open, opts...)
}

func (w *wrapped) open(ctx context.Context, desc *grpc.StreamDesc, _ *grpc.ClientConn, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	return w.inner.NewStream(ctx, desc, method, opts...)
}

// refuse refuses raw links where there is no connection to give them.
func (w *wrapped) refuse(method string, kind Kind) error {
	if w.conn != nil {
		return nil
	}
	l, err := w.chain.line(method, kind)
	if err != nil || l.raw == "" {
		return err
	}
	return status.Errorf(codes.Internal,
		"framework: %s: link %q is a pair of grpc's own interceptors, which need a *grpc.ClientConn; Wrap was given %T", method, l.raw, w.inner)
}
