package frameworktest

import (
	"errors"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// DummyClient is a client of a DummyService on a server of its own. See Conn.
func DummyClient(t testing.TB, o ...Option) dummypb.DummyServiceClient {
	t.Helper()
	return dummypb.NewDummyServiceClient(DummyConn(t, o...))
}

// DummyConn is a connection to a DummyService on a server of its own. See Conn.
func DummyConn(t testing.TB, o ...Option) *grpc.ClientConn {
	t.Helper()
	given := newOptions(o)
	service := &DummyService{SpecialCases: given.cases}
	return conn(t, func(s grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(s, service) }, given)
}

// Conn is a connection to a server of its own, on which register, which is given the *grpc.Server, puts services. Both
// are real and in plaintext, in memory unless OverTCP is said.
//
// Both have a chain, of ServerParts and of ClientParts; the server's is bound to the services. A chain that is wrong
// fails the test with all that is wrong. When the test ends the connection is closed and the server stopped, which waits
// for its handlers: one that does not end when its context does holds the test up.
//
// Of t it uses Helper, Fatal, Error and Cleanup.
func Conn(t testing.TB, register func(grpc.ServiceRegistrar), o ...Option) *grpc.ClientConn {
	t.Helper()
	return conn(t, register, newOptions(o))
}

func conn(t testing.TB, register func(grpc.ServiceRegistrar), o options) *grpc.ClientConn {
	t.Helper()
	l, err := dial(register, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.close(); err != nil {
			t.Error(err)
		}
	})
	return l.conn
}

// A loop is a server that runs, and a connection to it.
type loop struct {
	conn   *grpc.ClientConn
	server *grpc.Server
	served chan error
}

func dial(register func(grpc.ServiceRegistrar), o options) (*loop, error) {
	client, clientErr := framework.NewClientChain(o.client...)
	server, err := newServer(register, o)
	if err = errors.Join(err, clientErr); err != nil {
		return nil, err
	}
	at, err := o.listen()
	if err != nil {
		return nil, err
	}
	l := &loop{server: server, served: make(chan error, 1)}
	go func() { l.served <- server.Serve(at) }()
	dialOptions := append([]grpc.DialOption{grpc.WithTransportCredentials(insecure.NewCredentials())}, at.dial...)
	dialOptions = append(append(dialOptions, client.DialOptions()...), o.dialOptions...)
	if l.conn, err = grpc.NewClient(at.target, dialOptions...); err != nil {
		return nil, errors.Join(err, l.close())
	}
	return l, nil
}

func newServer(register func(grpc.ServiceRegistrar), o options) (*grpc.Server, error) {
	chain, err := framework.NewServerChain(o.server...)
	if err != nil {
		return nil, err
	}
	server := grpc.NewServer(append(append(chain.ServerOptions(), grpc.WaitForHandlers(true)), o.serverOptions...)...)
	register(server)
	return server, chain.Bind(server.GetServiceInfo())
}

// close ends everything and waits for it. The test may have closed the connection, or stopped the server, itself.
func (l *loop) close() error {
	if l.conn != nil {
		_ = l.conn.Close()
	}
	l.server.Stop()
	if err := <-l.served; err != grpc.ErrServerStopped {
		return err
	}
	return nil
}
