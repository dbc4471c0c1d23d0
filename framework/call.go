package framework

import (
	"context"
	"math"
	"reflect"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
)

// A Call is one RPC as an interceptor sees it. It belongs to its RPC: what is kept of it afterwards is of no use.
// But for Annotate and Annotation it is not for concurrent use; streams run their message functions when
// Intercept is asleep in next.
type Call struct {
	parent   context.Context
	line     *line
	driver   driver
	request  any
	response any

	at   position
	runs uint32 // of the RPC that have ended

	claims atomic.Uint32 // runs of the RPC that have begun; ended when the Call is of no more use
	more   atomic.Pointer[more]
}

// A MessageFunc sees a message and gives the one that goes on in its place, usually the same. An error ends
// the RPC with that error; (nil, nil) is an error. A function that changes a message returns a changed copy where the
// message is not its own: callers send a message twice, handlers return shared ones.
type MessageFunc func(ctx context.Context, msg any) (any, error)

// A MetadataFunc sees response metadata and gives what goes on in its place. An error ends the RPC with that error.
// The MD is its own to change.
type MetadataFunc func(ctx context.Context, md metadata.MD) (metadata.MD, error)

// A driver is what stands behind a chain: the RPC itself, as one kind on one side does it. What only some can do is
// asked for by the interfaces serviced, typed, optioned, cloner, responder and requester.
type driver interface {
	// invoke is the innermost next.
	invoke(ctx context.Context, c *Call) error
}

// serviced drivers know the service's implementation.
type serviced interface{ service() any }

// typed drivers know the type of a response better than the method's descriptor does.
type typed interface{ responseType() reflect.Type }

// optioned drivers were called with options.
type optioned interface{ callOptions() []grpc.CallOption }

// cloners make a Call with a driver of its own, like theirs, or say why they can't.
type cloner interface{ clone(c *Call) (*Call, error) }

// callEnded is in claims when the RPC is over.
const callEnded = math.MaxUint32

// Method is the RPC's method, parsed once for all calls of it.
func (c *Call) Method() Method { return c.line.info.Method }

// Kind is the RPC's kind. Decide by it and never by the type of a message: a unary ListValue is no stream.
func (c *Call) Kind() Kind { return c.line.info.Kind }

// Side is the side that the chain stands on.
func (c *Call) Side() Side { return c.line.info.Side }

// Service is the service's implementation on a server; nil on a client and for an unknown service.
func (c *Call) Service() any {
	if s, ok := c.driver.(serviced); ok {
		return s.service()
	}
	return nil
}

// Request is the request of a unary call, as the links outside made of it. It is nil for all streams: use OnRequest.
func (c *Call) Request() any {
	if c.Kind() != Unary {
		return nil
	}
	return c.request
}

// SetRequest replaces the request of a unary call for everything inside. A nil one, one of another type, and a call
// that is not unary, make next return INTERNAL, naming the link.
func (c *Call) SetRequest(msg any) {
	switch {
	case c.Kind() != Unary:
		c.misuse("set a request on a %s RPC; use OnRequest", c.Kind())
	case isNil(msg):
		c.misuse("set a nil request")
	case !sameMessage(c.Side() == ClientSide, c.request, msg):
		c.misuse("set a request of type %T; the method takes %T", msg, c.request)
	default:
		c.replaceRequest(c.link(), msg)
	}
}

// Response is the response of a unary call or client stream: after next, or as set. Else it is nil.
func (c *Call) Response() any {
	if c.Kind().StreamsResponses() {
		return nil
	}
	return c.response
}

// SetResponse answers a unary call or client stream, in place of next or of what next brought. On a client it is
// copied into the caller's reply. A nil one, one of another type, and a call that streams responses, make the RPC
// INTERNAL, naming the link.
func (c *Call) SetResponse(msg any) {
	switch want := c.wants(); {
	case c.Kind().StreamsResponses():
		c.misuse("set one response on a %s RPC; use SetResponses", c.Kind())
	case isNil(msg):
		c.misuse("set a nil response")
	case want != nil && !sameMessage(true, reflect.Zero(want).Interface(), msg):
		c.misuse("set a response of type %T; the method returns %s", msg, want)
	default:
		c.response = msg
	}
}

// wants is the type that a response has, nil where that is not known.
func (c *Call) wants() reflect.Type {
	if t, ok := c.driver.(typed); ok {
		return t.responseType()
	}
	return c.line.response
}

// CallOptions are the options of a client's call: the connection's defaults, the caller's, and those added by this
// link and the ones outside. The slice is the caller's own. It is nil on a server.
func (c *Call) CallOptions() []grpc.CallOption {
	d, ok := c.driver.(optioned)
	if !ok {
		return nil
	}
	given := d.callOptions()
	options := append(make([]grpc.CallOption, 0, len(given)+2), given...)
	if m := c.more.Load(); m != nil {
		for _, o := range m.options {
			options = append(options, o.option)
		}
	}
	return options
}

// AddCallOptions adds options to a client's call for everything inside. Of options with one value the last wins. On
// a server it makes next return INTERNAL, naming the link.
func (c *Call) AddCallOptions(o ...grpc.CallOption) {
	if c.Side() == ServerSide {
		c.misuse("added call options on a server")
		return
	}
	m := c.extra()
	for _, option := range o {
		m.options = append(m.options, ownedOption{c.link(), option})
	}
}

// claim lets one goroutine at a time do the RPC: the one that finds that all runs begun have ended.
//
//go:norace
func (c *Call) claim() bool { return c.claims.CompareAndSwap(c.runs, c.runs+1) }

// release notes that a run has ended.
//
//go:norace
func (c *Call) release() { c.runs = c.claims.Load() }

// end makes the Call of no more use.
func (c *Call) end() { c.claims.Store(callEnded) }

func (c *Call) hasEnded() bool { return c.claims.Load() == callEnded }

// misuse notes a mistake of the running link in the use of its Call; the first one counts.
func (c *Call) misuse(format string, args ...any) {
	m := c.extra()
	if m.mistake == nil {
		m.mistaker, m.mistake = c.link(), c.line.errorf(int(c.link()), format, args...)
	}
}
