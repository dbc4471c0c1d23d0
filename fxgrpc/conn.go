package fxgrpc

import (
	"context"
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A conn is a connection that is made at the first call: a *grpc.ClientConn runs goroutines from the start, and an app
// that is built only to be checked would leave them behind. It is safe for concurrent use.
type conn struct {
	target  string
	options []grpc.DialOption
	made    atomic.Pointer[grpc.ClientConn]

	mu     sync.Mutex
	closed bool
}

// newConn makes a connection once for grpc to check target and options, and lets it go.
func newConn(target string, options []grpc.DialOption) (*conn, error) {
	trial, err := grpc.NewClient(target, options...)
	if err != nil {
		return nil, err
	}
	return &conn{target: target, options: options}, trial.Close()
}

// Invoke makes a unary RPC.
func (c *conn) Invoke(ctx context.Context, method string, args, reply any, opts ...grpc.CallOption) error {
	cc, err := c.get()
	if err != nil {
		return err
	}
	return cc.Invoke(ctx, method, args, reply, opts...)
}

// NewStream opens a stream.
func (c *conn) NewStream(ctx context.Context, desc *grpc.StreamDesc, method string, opts ...grpc.CallOption) (grpc.ClientStream, error) {
	cc, err := c.get()
	if err != nil {
		return nil, err
	}
	return cc.NewStream(ctx, desc, method, opts...)
}

func (c *conn) get() (*grpc.ClientConn, error) {
	if cc := c.made.Load(); cc != nil {
		return cc, nil
	}
	return c.make()
}

func (c *conn) make() (*grpc.ClientConn, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cc := c.made.Load(); cc != nil {
		return cc, nil
	}
	if c.closed {
		return nil, status.Error(codes.Canceled, "fxgrpc: the connection is closed, since the app was stopped")
	}
	cc, err := grpc.NewClient(c.target, c.options...)
	if err == nil {
		c.made.Store(cc)
	}
	return cc, err
}

// Close ends the connection and the calls on it. Calls made later are CANCELLED, as grpc's are.
func (c *conn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return nil
	}
	c.closed = true
	if cc := c.made.Load(); cc != nil {
		return cc.Close()
	}
	return nil
}
