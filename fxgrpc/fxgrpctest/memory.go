package fxgrpctest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/test/bufconn"
)

// bufferSize is, in bytes, what a connection holds in each direction: more than HTTP/2's first window.
const bufferSize = 256 << 10

// A memory is a network without sockets.
type memory struct {
	mu      sync.Mutex
	servers map[string]listening
}

// listening is the listener of a server, and the address that the app gave it.
type listening struct {
	*bufconn.Listener
	address string
}

func (m *memory) listen(_ context.Context, server, _, address string) (net.Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := bufconn.Listen(bufferSize)
	m.servers[server] = listening{l, address}
	return l, nil
}

// dial has a client reach the server that it means: nothing is resolved, and the name for TLS stays.
func (m *memory) dial(client, address string) (string, []grpc.DialOption) {
	address = withoutScheme(address)
	return "passthrough:///" + address, []grpc.DialOption{
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) {
			server, err := m.meant(client, address)
			if err != nil {
				return nil, err
			}
			return server.DialContext(ctx)
		}),
	}
}

// meant is the server that listens on the client's address, else the one of its name, else the only one.
func (m *memory) meant(client, address string) (*bufconn.Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range slices.Sorted(maps.Keys(m.servers)) {
		if m.servers[name].address == address {
			return m.servers[name].Listener, nil
		}
	}
	if l, ok := m.servers[client]; ok {
		return l.Listener, nil
	}
	if len(m.servers) == 1 {
		for _, l := range m.servers {
			return l.Listener, nil
		}
	}
	return nil, fmt.Errorf("fxgrpctest: client %q: of the servers %q none listens on %q, and none has the client's name",
		client, slices.Sorted(maps.Keys(m.servers)), address)
}

// of is the listener of a server; nil where it has one of its own, or none.
func (m *memory) of(server string) *bufconn.Listener {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.servers[server].Listener
}

// withoutScheme is "orders:443" of "dns:///orders:443".
func withoutScheme(target string) string {
	if _, rest, ok := strings.Cut(target, "://"); ok {
		_, endpoint, _ := strings.Cut(rest, "/")
		return endpoint
	}
	return target
}
