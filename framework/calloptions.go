package framework

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
	"google.golang.org/grpc/status"
)

// clientRPC is what a client's RPC was called with, whatever its kind.
type clientRPC struct {
	cc       *grpc.ClientConn
	method   string
	given    []grpc.CallOption
	finishes []func(error) // the caller's OnFinish, told once however many attempts there are
	tried    bool
}

func (r *clientRPC) callOptions() []grpc.CallOption { return r.given }

// takeFinishes takes out what is to be told once, at the end of the RPC and not of each attempt.
func (r *clientRPC) takeFinishes() {
	isFinish := func(o grpc.CallOption) bool { _, ok := o.(grpc.OnFinishCallOption); return ok }
	if !slices.ContainsFunc(r.given, isFinish) {
		return
	}
	for _, o := range r.given {
		if f, ok := o.(grpc.OnFinishCallOption); ok {
			r.finishes = append(r.finishes, f.OnFinish)
		}
	}
	r.given = slices.DeleteFunc(slices.Clone(r.given), isFinish)
}

// finish tells the caller's OnFinish.
func (r *clientRPC) finish(err error) {
	for _, f := range r.finishes {
		f(err)
	}
}

// SetMethod sends the RPC of a client to another method for everything inside; the links stay those of the method that
// was called. On a server it makes next return INTERNAL, naming the link.
func (c *Call) SetMethod(m Method) {
	if c.Side() == ServerSide {
		c.misuse("set a method on a server")
		return
	}
	more := c.extra()
	more.redirects = append(more.redirects, redirect{c.link(), m.String()})
}

// prepare gives the method and the options for the next attempt, and where its metadata goes if a link watches it.
func (r *clientRPC) prepare(c *Call) (method string, options []grpc.CallOption, brought *brought) {
	m := c.more.Load()
	if m == nil {
		r.clearAddresses(r.given)
		return r.method, r.given, nil
	}
	options = c.CallOptions()
	r.clearAddresses(options)
	if m.sink.Load() != nil {
		brought, options = capture(options)
	}
	return r.target(c), options, brought
}

// target is the method that is called: the caller's, or the one that a link set in its place.
func (r *clientRPC) target(c *Call) string {
	if m := c.more.Load(); m != nil && len(m.redirects) > 0 {
		return m.redirects[len(m.redirects)-1].method
	}
	return r.method
}

// clearAddresses empties, before another attempt, what a failed one wrote for the caller.
func (r *clientRPC) clearAddresses(options []grpc.CallOption) {
	if !r.tried {
		r.tried = true
		return
	}
	writeAddresses(options, nil, nil, nil)
}

func writeAddresses(options []grpc.CallOption, header, trailer metadata.MD, from *peer.Peer) {
	for _, o := range options {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = trailer
		case grpc.PeerCallOption:
			if from != nil {
				*o.PeerAddr = *from
			}
		}
	}
}

// wantsMetadata reports whether the caller wants metadata written.
func wantsMetadata(options []grpc.CallOption) bool {
	return slices.ContainsFunc(options, isMetadataOption)
}

func isMetadataOption(o grpc.CallOption) bool {
	switch o.(type) {
	case grpc.HeaderCallOption, grpc.TrailerCallOption, grpc.PeerCallOption:
		return true
	}
	return false
}

// brought is where an attempt's metadata goes in place of the caller's addresses.
type brought struct {
	header, trailer metadata.MD
	peer            peer.Peer
}

func capture(options []grpc.CallOption) (*brought, []grpc.CallOption) {
	b := &brought{}
	kept := slices.DeleteFunc(options, isMetadataOption)
	return b, append(kept, grpc.Header(&b.header), grpc.Trailer(&b.trailer), grpc.Peer(&b.peer))
}

// deliver gives the caller, at the end of the RPC, the metadata that the links made of what was brought.
func (r *clientRPC) deliver(c *Call) {
	m := c.more.Load()
	if m == nil {
		return
	}
	if s := m.sink.Load(); s != nil {
		header, trailer := s.current()
		writeAddresses(r.given, header, trailer, s.peer)
	}
}

// asStatus makes a status error of a bare context error; grpc's own errors are ones.
func asStatus(err error) error {
	if _, ok := status.FromError(err); !ok && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return status.FromContextError(err).Err()
	}
	return err
}
