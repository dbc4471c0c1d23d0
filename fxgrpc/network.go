package fxgrpc

import (
	"context"
	"net"

	"google.golang.org/grpc"
)

// A Network is where servers listen and clients dial. An app gives one to the graph to have sockets of its own kind: a
// service manager's, a mesh's, in tests those in memory of fxgrpctest. The zero value is the machine's network.
type Network struct {
	// Listen opens the listener of a server, with what its option Listen says, when the app starts; one call at a
	// time. nil is net.ListenConfig's.
	Listen func(ctx context.Context, server, network, address string) (net.Listener, error)

	// Dial gives the target that a client has for grpc.NewClient, and options beside its own, which come after
	// them. It is called while the app is built. nil changes nothing.
	Dial func(client, address string) (target string, o []grpc.DialOption)
}

func (n Network) listen(ctx context.Context, server, network, address string) (net.Listener, error) {
	if n.Listen != nil {
		return n.Listen(ctx, server, network, address)
	}
	var config net.ListenConfig
	return config.Listen(ctx, network, address)
}

func (n Network) dial(client, address string) (string, []grpc.DialOption) {
	if n.Dial != nil {
		return n.Dial(client, address)
	}
	return address, nil
}
