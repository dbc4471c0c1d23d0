package fxgrpc

import (
	"errors"
	"fmt"
	"reflect"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

const clientsGroup = "fxgrpc.clients"

// Client declares a connection with its interceptors, and a stub on it by the function that protoc-gen-go-grpc
// made:
//
//	fxgrpc.Client("orders", pb.NewOrdersClient, fxgrpc.Address("dns:///orders:443"))
//
// The graph has the stub as C and as C `name:"orders"`, and the connection as grpc.ClientConnInterface `name:"orders"`.
// Nothing is dialled before the first call. What is wrong with address and options is an error when the app is built.
// The connection is closed when the app stops, after everything that the stub was given to.
//
// A stub needs those interceptors alone that are aimed at its client, so that a service of the app can call another,
// and so can an interceptor.
func Client[C any](name string, stub func(grpc.ClientConnInterface) C, o ...ClientOption) fx.Option {
	spec := newClientSpec(declared("Client"), name, o, nil)
	spec.checkStub(stub == nil)
	spec.checkConnection()
	if r := refusal(spec.check()); r != nil {
		return r
	}
	return fx.Options(
		once(fmt.Sprintf("one client named %s; others have other names", name)),
		spec.source.provided(name),
		fx.Provide(
			fx.Annotate(spec.builder(), fx.ParamTags(spec.needs()...), fx.ResultTags(nameTag(name), groupTag(clientsGroup))),
			fx.Annotate((*client).connection, fx.ParamTags(nameTag(name)), fx.ResultTags(nameTag(name))),
		),
		stubs(name, stub, spec.namedOnly),
		spec.needModule(),
		spec.waiting(),
	)
}

// Stub declares one more stub on the connection of a client: of another service of the same peer. The graph has it
// as C and as C `name:"<client>"`; of options only [NamedOnly] means something here.
func Stub[C any](client string, stub func(grpc.ClientConnInterface) C, o ...ClientOption) fx.Option {
	spec := newClientSpec(declared("Stub"), client, o, nil)
	spec.what = fmt.Sprintf("Stub(%q)", client)
	spec.checkStub(stub == nil)
	spec.checkStubOptions()
	if r := refusal(spec.check()); r != nil {
		return r
	}
	var s scope
	s.add(newTarget(framework.ClientSide, "Stub", []string{client}))
	return fx.Options(stubs(client, stub, spec.namedOnly), aimed(spec.declaration, s))
}

// stubs provides a stub under its client's name, and without one unless that is not wanted.
func stubs[C any](client string, stub func(grpc.ClientConnInterface) C, namedOnly bool) fx.Option {
	named := fx.Provide(fx.Annotate(stub, fx.ParamTags(nameTag(client)), fx.ResultTags(nameTag(client))))
	if namedOnly {
		return named
	}
	return fx.Options(named,
		once(fmt.Sprintf("one stub %s without a name; other clients say fxgrpc.NamedOnly", fullName(reflect.TypeFor[C]()))),
		fx.Provide(fx.Annotate(func(c C) C { return c }, fx.ParamTags(nameTag(client)))))
}

// A client is one that the app has, made while the app is built.
type client struct {
	*clientSpec
	links []*link // of the chain
	chain *framework.ClientChain
	conn  *conn
	err   error // what is wrong with it; nothing else is set then
}

// needs are the tags of what the builder takes.
func (c *clientSpec) needs() []string {
	links := []string{groupTag(everyLink(framework.ClientSide)), groupTag(linksOf(framework.ClientSide, c.name)), optionalTag("")}
	return append(links, c.source.needs(c.name)...)
}

// builder is build, after the config where it comes from the graph.
func (c *clientSpec) builder() any {
	if c.source.from == nil {
		return c.build
	}
	return func(every, own []*link, e *module, config ClientConfig) (byName, inGroup *client) {
		return c.with(config).build(every, own, e)
	}
}

// build makes the client, twice: under its name and for the Plan, which tells what is wrong.
func (c *clientSpec) build(every, own []*link, e *module) (byName, inGroup *client) {
	made := &client{clientSpec: c}
	made.err = made.construct(append(every, own...), e)
	return made, made
}

func (c *client) construct(links []*link, e *module) error {
	if err := c.withoutModule(e); err != nil {
		return err
	}
	err := errors.Join(c.check()...) // which is not all checked before where the config is the graph's
	if err != nil {
		return err
	}
	if c.links, err = ordered(links); err != nil {
		return err
	}
	if c.chain, err = framework.NewClientChain(parts(c.links, c.name)...); err != nil {
		return err // which names the client, and links with their places
	}
	credentials, err := c.transport().clientCredentials(c.path())
	if err != nil {
		return c.errorf("%w", err)
	}
	options := append(c.config.dialOptions(), grpc.WithTransportCredentials(credentials))
	options = append(options, c.chain.DialOptions()...)
	options = append(options, c.options...)
	target, more := e.network.dial(c.name, c.address)
	if c.conn, err = newConn(target, append(options, more...)); err != nil {
		return c.errorf("address %q: %w", c.address, err)
	}
	return nil
}

// connection is the client's for stubs. It is closed when the app stops, once, whatever the number of stubs.
func (c *client) connection(lc fx.Lifecycle) (grpc.ClientConnInterface, error) {
	if c.err != nil {
		return nil, c.err
	}
	lc.Append(fx.StopHook(c.conn.Close))
	return c.conn, nil
}
