package framework

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A ServerChain is the interceptors of a server, sorted, checked and compiled once for each method. It is safe for
// concurrent use.
type ServerChain struct{ *chain }

// NewServerChain makes a chain of parts. All mistakes are reported at once, joined, each with the link, its place
// and the cure.
func NewServerChain(parts ...Part) (*ServerChain, error) {
	c, err := newChain(ServerSide, parts)
	if err != nil {
		return nil, err
	}
	return &ServerChain{c}, nil
}

// ServerOptions are what a grpc.Server needs to have the chain: one interceptor for each kind, and the options
// that links bring themselves by a method ServerOptions, stats handlers for instance.
func (c *ServerChain) ServerOptions() []grpc.ServerOption {
	options := []grpc.ServerOption{grpc.ChainUnaryInterceptor(c.unary), grpc.ChainStreamInterceptor(c.stream)}
	for _, l := range c.links {
		if o, ok := l.interceptor.(serverOptioner); ok {
			options = append(options, o.ServerOptions()...)
		}
	}
	return options
}

type serverOptioner interface{ ServerOptions() []grpc.ServerOption }

// Unary is the chain as an interceptor for unary RPCs, for a chain of grpc's own. It leaves out the options that
// links bring themselves, and logs a warning if there are any; ServerOptions has them.
func (c *ServerChain) Unary() grpc.UnaryServerInterceptor {
	c.warnLeftOut("Unary")
	return c.unary
}

// Stream is the chain as an interceptor for streams; see Unary.
func (c *ServerChain) Stream() grpc.StreamServerInterceptor {
	c.warnLeftOut("Stream")
	return c.stream
}

func (c *ServerChain) warnLeftOut(what string) {
	c.warn(what, "ServerOptions", func(i Interceptor) bool { _, ok := i.(serverOptioner); return ok })
}

// Bind checks the chain against the services of a server, as grpc.Server.GetServiceInfo gives them, and compiles every
// method: patterns that match nothing, methods that a raw pair leaves uncovered, and what a Binder says, are
// errors, all at once, and then nothing is changed. A method never bound is compiled, and checked, at its first call.
func (c *ServerChain) Bind(services map[string]grpc.ServiceInfo) error {
	_, err := c.bind(services, true)
	return err
}

// BindMatched is Bind for one of several servers that the same parts are for: that a pattern matches nothing on this one
// is no error. It tells of each pattern whether it does, for the caller to see which match nothing anywhere.
func (c *ServerChain) BindMatched(services map[string]grpc.ServiceInfo) ([]PatternMatch, error) {
	return c.bind(services, false)
}

func (c *ServerChain) bind(services map[string]grpc.ServiceInfo, mustMatch bool) ([]PatternMatch, error) {
	c.compiling.Lock()
	defer c.compiling.Unlock()
	known, err := registered(services)
	matches, ambiguous := c.checkPatterns(known, "of the server's services")
	errs := []error{err, ambiguous}
	if mustMatch {
		errs = append(errs, unmatched(matches))
	}
	for i := range matches { // once each of them is told by itself
		matches[i].Err = inTarget(c.side, c.target, matches[i].Err)
	}
	lines, err := c.compileAll(known)
	if err := joined(append(errs, err)...); err != nil {
		return matches, inTarget(c.side, c.target, err)
	}
	c.lines.bind(lines)
	return matches, nil
}

func (c *ServerChain) unary(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	l, err := c.line(info.FullMethod, Unary)
	if err != nil {
		return nil, err
	}
	if l.isBare() {
		response, err := l.bare(ctx, req, handler)
		if err == nil && isNilMessage(response) {
			return nil, l.errNoResponse()
		}
		return response, err
	}
	rpc := &serverUnary{info: info, handler: handler}
	rpc.parent, rpc.line, rpc.driver, rpc.request = ctx, l, rpc, req
	if err := l.guarded(&rpc.Call); err != nil {
		return nil, err
	}
	return rpc.response, nil
}

// bare runs a handler that no link stands on. The guard does.
func (l *line) bare(ctx context.Context, req any, handler grpc.UnaryHandler) (response any, err error) {
	returned := false
	defer func() {
		if !returned {
			response, err = nil, l.recovered(ctx, recover())
		}
	}()
	response, err = handler(ctx, req)
	returned = true
	if err != nil {
		return nil, l.notOK(err)
	}
	return response, nil
}

// serverUnary is a unary RPC on a server.
type serverUnary struct {
	Call
	info    *grpc.UnaryServerInfo
	handler grpc.UnaryHandler
}

func (s *serverUnary) service() any { return s.info.Server }

func (s *serverUnary) invoke(ctx context.Context, c *Call) error {
	response, err := s.handler(ctx, c.request)
	if err != nil {
		return err
	}
	if isNilMessage(response) {
		return c.line.errNoResponse()
	}
	c.response = response
	return nil
}

// errNoResponse is a handler's that returned nil and no response; grpc-go would send an empty one.
func (l *line) errNoResponse() error {
	return status.Errorf(codes.Internal, "framework: the handler of %s returned nil without a response", l.full)
}

func (s *serverUnary) clone(*Call) (*Call, error) {
	rpc := &serverUnary{info: s.info, handler: s.handler}
	rpc.driver = rpc
	return &rpc.Call, nil
}
