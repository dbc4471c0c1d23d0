package frameworktest

import (
	"context"
	"maps"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
)

// An Option is for DummyClient, DummyConn and Conn. Given again it adds to what was said before.
type Option func(*options)

type options struct {
	cases         map[string]func(ctx context.Context, input string) (string, error)
	server        []framework.Part
	client        []framework.Part
	serverOptions []grpc.ServerOption
	dialOptions   []grpc.DialOption
	listen        func() (listening, error)
}

func newOptions(given []Option) options {
	o := options{listen: inMemory}
	for _, option := range given {
		option(&o)
	}
	return o
}

// SpecialCases are the DummyService's; Conn, which has services of its own, leaves them out.
func SpecialCases(cases map[string]func(ctx context.Context, input string) (string, error)) Option {
	return func(o *options) {
		if o.cases == nil {
			o.cases = map[string]func(ctx context.Context, input string) (string, error){}
		}
		maps.Copy(o.cases, cases)
	}
}

// ServerParts are the parts of the server's chain.
func ServerParts(parts ...framework.Part) Option {
	return func(o *options) { o.server = append(o.server, parts...) }
}

// ClientParts are the parts of the client's chain.
func ClientParts(parts ...framework.Part) Option {
	return func(o *options) { o.client = append(o.client, parts...) }
}

// ServerOptions are grpc's own, for the server. Interceptors that they chain stand inside of the chain.
func ServerOptions(given ...grpc.ServerOption) Option {
	return func(o *options) { o.serverOptions = append(o.serverOptions, given...) }
}

// DialOptions are grpc's own, for the connection. Interceptors that they chain stand inside of the chain. Without
// transport credentials among them the connection is in plaintext.
func DialOptions(given ...grpc.DialOption) Option {
	return func(o *options) { o.dialOptions = append(o.dialOptions, given...) }
}

// OverTCP listens on a free port of 127.0.0.1. Without it nothing leaves the process.
func OverTCP() Option { return func(o *options) { o.listen = loopback } }

// listening is a listener and how it is dialled.
type listening struct {
	net.Listener
	target string
	dial   []grpc.DialOption
}

func loopback() (listening, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return listening{}, err
	}
	return listening{Listener: l, target: "passthrough:///" + l.Addr().String()}, nil
}

func inMemory() (listening, error) {
	l := bufconn.Listen(bufferSize)
	dialer := func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }
	return listening{Listener: l, target: "passthrough:///memory", dial: []grpc.DialOption{grpc.WithContextDialer(dialer)}}, nil
}

// bufferSize is, in bytes, what an in-memory connection holds in each direction: more than HTTP/2's first window.
const bufferSize = 256 << 10
