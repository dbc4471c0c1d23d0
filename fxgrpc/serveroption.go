package fxgrpc

import (
	"errors"
	"net"
	"slices"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// DefaultServer is what a server is called that was given no name: in targets, in the Plan, in errors.
const DefaultServer = "default"

// What a server is until options say otherwise.
const (
	defaultNetwork = "tcp"
	defaultAddress = "127.0.0.1:0"
	defaultDrain   = 10 * time.Second

	// slack is what is left of the time that fx gives for stopping, for everything that stops after a server.
	slack = time.Second
)

// limits are the grpc options that every server has. Options of the app come after them and win.
func limits() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(250), // of one connection; grpc-go has no limit
		grpc.MaxHeaderListSize(16 << 10),
		grpc.MaxRecvMsgSize(4 << 20),
		grpc.MaxSendMsgSize(4 << 20), // grpc-go has no limit
		grpc.ConnectionTimeout(20 * time.Second),
		grpc.KeepaliveParams(keepalive.ServerParameters{MaxConnectionIdle: 15 * time.Minute}),
		grpc.WaitForHandlers(true),
	}
}

// A ServerOption is an option of [Server].
type ServerOption interface{ server(s *serverSpec) }

type serverOption func(s *serverSpec)

func (o serverOption) server(s *serverSpec) { o(s) }

// Named gives a server a name, by which targets mean it and the graph has its *grpc.Server: `name:"public"`. Letters,
// digits and ._- are allowed. Without it the server is [DefaultServer], whose *grpc.Server has no name in the graph.
func Named(name string) ServerOption {
	return serverOption(func(s *serverSpec) {
		s.name, s.graphName = name, name
		if why := badName(name); why != "" {
			s.problem("Named: " + why)
		}
	})
}

// Listen says where the server listens, as for net.Listen: ("tcp", ":8443"), ("unix", "/run/orders.sock"). The
// listener is opened when the app starts. Without it, it is ("tcp", "127.0.0.1:0"): a free port of the loopback, which the
// log tells and [Plan.Addr].
func Listen(network, address string) ServerOption {
	return serverOption(func(s *serverSpec) { s.network, s.address = network, address })
}

// Listener gives the server a listener that is open already, whatever [Network] the app has. It is closed when the server
// stops, but not by an app that is never started.
func Listener(l net.Listener) ServerOption {
	return serverOption(func(s *serverSpec) {
		s.listener = l
		if isNil(l) {
			s.problem("Listener: it is nil; give one, or say Listen")
		}
	})
}

// ServerOptions adds options of grpc's own. They come last, and win over what this package sets.
func ServerOptions(o ...grpc.ServerOption) ServerOption {
	return serverOption(func(s *serverSpec) {
		s.options = append(s.options, o...)
		if slices.Contains(o, nil) {
			s.problem("ServerOptions: an option is nil; leave it out")
		}
	})
}

// Drain says how a server stops. After delay, in which health says NOT_SERVING and calls are still taken, so that load
// balancers can turn away, it takes no new ones, and for at most timeout waits for those that run; then they are
// cancelled. Without it delay is 0 and timeout 10 s. Both end earlier when fx's own time for stopping is about to: a
// second of it is left for the hooks of others.
func Drain(delay, timeout time.Duration) ServerOption {
	return serverOption(func(s *serverSpec) {
		s.delay, s.timeout = delay, timeout
		if delay < 0 || timeout < 0 {
			s.problem("Drain: a duration is negative; 0 means at once")
		}
	})
}

// serverSpec is what the options of a server say.
type serverSpec struct {
	declaration
	name       string
	graphName  string // of its *grpc.Server; "" for the default server's
	network    string
	address    string
	listener   net.Listener
	options    []grpc.ServerOption
	transports []transport
	delay      time.Duration
	timeout    time.Duration
	problems   []error
}

func newServerSpec(d declaration, o []ServerOption) *serverSpec {
	s := &serverSpec{declaration: d, name: DefaultServer, network: defaultNetwork, address: defaultAddress, timeout: defaultDrain}
	for _, option := range o {
		if option == nil {
			s.problem("an option is nil; leave it out")
			continue
		}
		option.server(s)
	}
	s.what = named("server", s.name)
	s.checkTransport()
	return s
}

func (s *serverSpec) checkTransport() {
	switch len(s.transports) {
	case 0:
		s.problem("it is not said how connections are secured; say fxgrpc.TLS(…), or fxgrpc.Insecure() for plaintext")
	case 1:
		if err := s.transports[0].check(); err != nil {
			s.problem(err.Error())
		}
	default:
		s.problem("two of Insecure, TLS and TLSFiles were said; leave one")
	}
}

func (s *serverSpec) problem(text string) { s.problems = append(s.problems, errors.New(text)) }

// check gives all that is wrong, now that the server's name is known.
func (s *serverSpec) check() (errs []error) {
	for _, p := range s.problems {
		errs = append(errs, s.errorf("%w", p))
	}
	return errs
}
