package fxgrpc

import (
	"errors"
	"net"
	"reflect"
	"slices"
	"time"

	"google.golang.org/grpc"
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

// A ServerOption is an option of [Server]: a function of this package, or a [ServerConfig].
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
	endStreams *time.Duration // nil: not before the timeout
	config     ServerConfig
	source     configSource
	repeat     []ServerOption // all of them, to be said again
	given      *ServerConfig  // what ConfigFrom gave; nil until the server is made
	problems   []error
	errs       []error // of ConfigFrom, which name it
}

// newServerSpec has the options say what they do. given is what the constructor of a ConfigFrom gave, nil before it ran.
func newServerSpec(d declaration, o []ServerOption, given *ServerConfig) *serverSpec {
	s := &serverSpec{
		declaration: d, name: DefaultServer, network: defaultNetwork, address: defaultAddress, timeout: defaultDrain,
		repeat: slices.Clone(o), given: given,
	}
	for _, option := range o {
		if isNil(option) {
			s.problem("an option is nil; leave it out")
			continue
		}
		option.server(s)
	}
	s.what = named("server", s.name)
	s.checkConfig()
	s.checkTransport()
	return s
}

// with is the spec once a ConfigFrom has given the config.
func (s *serverSpec) with(c ServerConfig) *serverSpec {
	return newServerSpec(s.declaration, s.repeat, &c)
}

// path is where the app's configuration has the server, as errors tell it.
func (s *serverSpec) path() string { return "servers." + s.name + "." }

func (s *serverSpec) checkConfig() {
	f := newFlaws(s.path())
	s.config.check(f)
	s.problems = append(s.problems, *f.errs...)
	s.errs = s.source.check(s.declaration, reflect.TypeFor[ServerConfig]())
}

func (s *serverSpec) checkTransport() {
	switch len(s.transports) {
	case 0:
		if s.source.asked != nil && s.given == nil {
			return // the config may say it
		}
		s.problem("it is not said how connections are secured; say fxgrpc.TLS(…), or fxgrpc.Insecure() for plaintext")
	case 1:
		if err := s.transports[0].check(); err != nil {
			s.problem(err.Error())
		}
	default:
		s.problem(twoTransports)
	}
}

func (s *serverSpec) problem(text string) { s.problems = append(s.problems, errors.New(text)) }

// check gives all that is wrong, now that the server's name is known.
func (s *serverSpec) check() (errs []error) {
	for _, p := range s.problems {
		errs = append(errs, s.errorf("%w", p))
	}
	return append(errs, s.errs...)
}
