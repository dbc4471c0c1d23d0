package fxgrpc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

const serversGroup = "fxgrpc.servers"

// Server declares a server. Its place among the options of fx.New is its place in the order of starting: what the app
// invokes before it starts before it and stops after it, and so does all that services and interceptors need.
//
// Its *grpc.Server is in the graph, under its name, with the interceptors of the app and, once the Plan is made, its
// services; what else the app registers on it is checked when the server starts. Health, draining and limits are set by
// the options, with defaults that are safe to run.
func Server(o ...ServerOption) fx.Option {
	spec := newServerSpec(declared("Server"), o, nil)
	if r := refusal(spec.check()); r != nil {
		return r
	}
	return fx.Options(
		once(spec.rule()),
		spec.source.provided(spec.name),
		fx.Provide(
			fx.Annotate(spec.builder(), fx.ParamTags(spec.needs()...), fx.ResultTags(nameTag(spec.name), groupTag(serversGroup))),
			fx.Annotate((*server).grpcServer, fx.ParamTags(nameTag(spec.name)), fx.ResultTags(nameTag(spec.graphName))),
		),
		spec.needModule(),
		fx.Invoke(func(p *Plan, lc fx.Lifecycle, s fx.Shutdowner) { p.server(spec.name).run(p, lc, s) }),
	)
}

// rule is the rule of names that a second server of the same name breaks.
func (s *serverSpec) rule() string {
	if s.name == DefaultServer {
		return "one server without a name; others say fxgrpc.Named"
	}
	return fmt.Sprintf("one server named %s; others say another fxgrpc.Named", s.name)
}

// named is `server "public"`.
func named(what, name string) string { return fmt.Sprintf("%s %q", what, name) }

// A server is one that the app has: made while the app is built, started and stopped by fx.
type server struct {
	*serverSpec
	module *module
	links  []*link // of the chain
	chain  *framework.ServerChain
	grpc   *grpc.Server
	err    error // what is wrong with it; nothing else is set then
	bound  int   // how many services the chain was checked against; -1 for never

	matches []framework.PatternMatch // of the chain's patterns with those services
	health  *healthService

	draining chan struct{}   // closed when it begins to
	ended    context.Context // over when streams are to end, which end says
	end      func()
	served   chan struct{} // closed when Serve has returned
	stopped  atomic.Bool
	mu       sync.Mutex
	addr     net.Addr
	failure  error // what Serve ended with by itself
}

// needs are the tags of what the builder takes.
func (s *serverSpec) needs() []string {
	links := []string{groupTag(everyLink(framework.ServerSide)), groupTag(linksOf(framework.ServerSide, s.name)), optionalTag("")}
	return append(links, s.source.needs(s.name)...)
}

// builder is build, after the config where it comes from the graph.
func (s *serverSpec) builder() any {
	if s.source.from == nil {
		return s.build
	}
	return func(every, own []*link, e *module, c ServerConfig) (byName, inGroup *server) {
		return s.with(c).build(every, own, e)
	}
}

// build makes the server, twice: under its name and for the Plan. What is wrong is kept, so that the Plan can tell all
// of it together.
func (s *serverSpec) build(every, own []*link, e *module) (byName, inGroup *server) {
	made := &server{serverSpec: s, module: e, bound: -1, draining: make(chan struct{}), served: make(chan struct{})}
	made.ended, made.end = context.WithCancel(context.Background())
	made.err = made.construct(append(every, own...))
	return made, made
}

func (s *server) construct(links []*link) error {
	if err := s.withoutModule(s.module); err != nil {
		return err
	}
	err := errors.Join(s.check()...) // which is not all checked before where the config is the graph's
	if err != nil {
		return err
	}
	if s.links, err = ordered(links); err != nil {
		return err
	}
	credentials, err := s.transports[0].serverCredentials(s.path())
	if err != nil {
		return s.errorf("%w", err)
	}
	all := append(append(parts(s.links, s.name), drainable(s.draining)), s.ending()...)
	if s.chain, err = framework.NewServerChain(all...); err != nil {
		return err // which names the server, and links with their places
	}
	options := append(s.config.options(), grpc.Creds(credentials))
	options = append(options, s.chain.ServerOptions()...)
	s.grpc = grpc.NewServer(append(options, s.options...)...)
	return nil
}

func (s *server) grpcServer() (*grpc.Server, error) { return s.grpc, s.err }

// listen opens the listener.
func (s *server) listen(ctx context.Context) (net.Listener, error) {
	if s.listener != nil {
		return s.listener, nil
	}
	l, err := s.module.network.listen(ctx, s.name, s.network, s.address)
	if err != nil {
		return nil, s.errorf("can't listen on %s %s: %w", s.network, s.address, err)
	}
	return l, nil
}
