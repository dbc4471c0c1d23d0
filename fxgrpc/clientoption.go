package fxgrpc

import (
	"errors"
	"slices"

	"google.golang.org/grpc"
)

// A ClientOption is an option of [Client].
type ClientOption interface{ client(c *clientSpec) }

type clientOption func(c *clientSpec)

func (o clientOption) client(c *clientSpec) { o(c) }

// Address says whom the client calls, as a target of grpc.NewClient: "dns:///orders:443", "unix:///run/orders.sock". A
// client must have one.
func Address(target string) ClientOption {
	return clientOption(func(c *clientSpec) { c.address = target })
}

// DialOptions adds options of grpc's own. They come last, and win over what this package sets.
func DialOptions(o ...grpc.DialOption) ClientOption {
	return clientOption(func(c *clientSpec) {
		c.options = append(c.options, o...)
		if slices.Contains(o, nil) {
			c.problem("DialOptions: an option is nil; leave it out")
		}
	})
}

// NamedOnly keeps the stub out of the graph but under its client's name, so that several clients can have stubs of
// one type.
func NamedOnly() ClientOption {
	return clientOption(func(c *clientSpec) { c.namedOnly = true })
}

// clientSpec is what the options of a client say.
type clientSpec struct {
	declaration
	name       string
	address    string
	options    []grpc.DialOption
	transports []transport
	namedOnly  bool
	problems   []error
}

func newClientSpec(d declaration, name string, o []ClientOption) *clientSpec {
	d.what = named("client", name)
	c := &clientSpec{declaration: d, name: name}
	if why := badName(name); why != "" {
		c.problem(why)
	}
	for _, option := range o {
		if option == nil {
			c.problem("an option is nil; leave it out")
			continue
		}
		option.client(c)
	}
	return c
}

func (c *clientSpec) problem(text string) { c.problems = append(c.problems, errors.New(text)) }

func (c *clientSpec) checkStub(missing bool) {
	if missing {
		c.problem("the function that makes the stub is nil; give the generated one")
	}
}

// checkStubOptions refuses options of a connection where there is only a stub.
func (c *clientSpec) checkStubOptions() {
	if c.address != "" || len(c.options) > 0 || len(c.transports) > 0 {
		c.problem("only NamedOnly means something for a Stub; its connection is the client's")
	}
}

// checkConnection gives what is wrong with the connection's options.
func (c *clientSpec) checkConnection() {
	if c.address == "" {
		c.problem("it is not said whom to call; say fxgrpc.Address")
	}
	if len(c.transports) > 1 {
		c.problem("two of Insecure, TLS and TLSFiles were said; leave one")
	} else if err := c.transport().checkVersion(); err != nil {
		c.problem(err.Error())
	}
}

// transport is what was said, else TLS with the machine's roots.
func (c *clientSpec) transport() transport {
	if len(c.transports) == 0 {
		return transport{}
	}
	return c.transports[0]
}

// clientLimits are the options that every client has: messages of at most 4 MiB, both ways.
func clientLimits() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(4<<20), grpc.MaxCallSendMsgSize(4<<20))}
}

func (c *clientSpec) check() (errs []error) {
	for _, p := range c.problems {
		errs = append(errs, c.errorf("%w", p))
	}
	return errs
}
