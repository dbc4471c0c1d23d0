package fxgrpc

import (
	"errors"
	"reflect"
	"slices"

	"google.golang.org/grpc"
)

// A ClientOption is an option of [Client]: a function of this package, or a [ClientConfig].
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
	waitReady  bool
	config     ClientConfig
	source     configSource
	repeat     []ClientOption // all of them, to be said again
	given      *ClientConfig  // what ConfigFrom gave; nil until the client is made
	problems   []error
	errs       []error // of ConfigFrom, which name it
}

// newClientSpec has the options say what they do. given is what the constructor of a ConfigFrom gave, nil before it ran.
func newClientSpec(d declaration, name string, o []ClientOption, given *ClientConfig) *clientSpec {
	d.what = named("client", name)
	c := &clientSpec{declaration: d, name: name, repeat: slices.Clone(o), given: given}
	if why := badName(name); why != "" {
		c.problem(why)
	}
	for _, option := range o {
		if isNil(option) {
			c.problem("an option is nil; leave it out")
			continue
		}
		option.client(c)
	}
	return c
}

// with is the spec once a ConfigFrom has given the config.
func (c *clientSpec) with(config ClientConfig) *clientSpec {
	made := newClientSpec(c.declaration, c.name, c.repeat, &config)
	made.checkConnection()
	return made
}

// path is where the app's configuration has the client, as errors tell it.
func (c *clientSpec) path() string { return "clients." + c.name + "." }

func (c *clientSpec) problem(text string) { c.problems = append(c.problems, errors.New(text)) }

func (c *clientSpec) checkStub(missing bool) {
	if missing {
		c.problem("the function that makes the stub is nil; give the generated one")
	}
}

// checkStubOptions refuses options of a connection where there is only a stub.
func (c *clientSpec) checkStubOptions() {
	if c.address != "" || len(c.options) > 0 || len(c.transports) > 0 || c.source.count > 0 || c.waitReady {
		c.problem("only NamedOnly means something for a Stub; its connection is the client's")
	}
}

// checkConnection gives what is wrong with the connection's options.
func (c *clientSpec) checkConnection() {
	c.checkConfig()
	if c.address == "" && (c.source.asked == nil || c.given != nil) {
		c.problem("it is not said whom to call; say fxgrpc.Address")
	}
	if len(c.transports) > 1 {
		c.problem(twoTransports)
	} else if err := c.transport().checkVersion(); err != nil {
		c.problem(err.Error())
	}
}

func (c *clientSpec) checkConfig() {
	f := newFlaws(c.path())
	c.config.check(f)
	c.problems = append(c.problems, *f.errs...)
	c.errs = c.source.check(c.declaration, reflect.TypeFor[ClientConfig]())
}

// transport is what was said, else TLS with the machine's roots.
func (c *clientSpec) transport() transport {
	if len(c.transports) == 0 {
		return transport{}
	}
	return c.transports[0]
}

func (c *clientSpec) check() (errs []error) {
	for _, p := range c.problems {
		errs = append(errs, c.errorf("%w", p))
	}
	return append(errs, c.errs...)
}
