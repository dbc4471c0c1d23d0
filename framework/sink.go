package framework

import (
	"sync"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"
)

// OnHeader has f see the response headers, once: on a server when they are sent, on a client at Header(), the first
// message or the end. f sees what this link and those inside of it have set and made of it; inner links' functions come
// first. It is not run for an error before any header was set: an added one would forbid the client's own retries.
//
// While it, or OnTrailer, is registered on a server, grpc.SetSendCompressor and grpc.ClientSupportedCompressors fail in
// the handler: they know grpc's own type only.
func (c *Call) OnHeader(f MetadataFunc) {
	if c.registersNil(f == nil) {
		return
	}
	m := c.extra()
	m.headers = append(m.headers, metadataHook{c.link(), f})
	c.watch().hold(true, false)
}

// OnTrailer has f see the response trailers before next returns, inner links' functions first. See OnHeader.
func (c *Call) OnTrailer(f MetadataFunc) {
	if c.registersNil(f == nil) {
		return
	}
	m := c.extra()
	m.trailers = append(m.trailers, metadataHook{c.link(), f})
	c.watch().hold(false, true)
}

// A sink holds response metadata back while a link watches it, so that it can be seen and changed.
//
// On a server it is the transport stream that handlers find in their context: headers are held until they are sent, by
// SendHeader, the first message or the end, trailers until the end. On a client it is what the RPC brought.
type sink struct {
	call      *Call
	transport grpc.ServerTransportStream // the server's own; nil on a client, in a Clone and without a wire

	mu       sync.Mutex
	holds    struct{ header, trailer bool }
	header   held
	trailer  held
	peer     *peer.Peer
	passed   bool  // the header went through all functions at once
	returned error // by one of them
}

type sinkPointer = atomic.Pointer[sink]

// watch is the Call's sink, made where there is none.
func (c *Call) watch() *sink {
	m := c.extra()
	if s := m.sink.Load(); s != nil {
		return s
	}
	s := &sink{call: c}
	if c.Side() == ServerSide {
		s.transport = grpc.ServerTransportStreamFromContext(c.parent)
	}
	m.sink.Store(s)
	return s
}

func (s *sink) hold(header, trailer bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.holds.header = s.holds.header || header
	s.holds.trailer = s.holds.trailer || trailer
}

// Method is grpc's.
func (s *sink) Method() string { return s.call.line.full }

// SetHeader holds the header back, or sets it.
func (s *sink) SetHeader(md metadata.MD) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transport != nil && (!s.holds.header || s.passed) {
		return s.transport.SetHeader(md)
	}
	s.header.add(s.call.link(), md)
	return nil
}

// SendHeader passes what was held through the functions, and sends it.
func (s *sink) SendHeader(md metadata.MD) error {
	if err := s.SetHeader(md); err != nil {
		return err
	}
	if err := s.flush(); err != nil || s.transport == nil {
		return err
	}
	return s.transport.SendHeader(nil)
}

// SetTrailer holds the trailer back, or sets it.
func (s *sink) SetTrailer(md metadata.MD) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transport != nil && !s.holds.trailer {
		return s.transport.SetTrailer(md)
	}
	s.trailer.add(s.call.link(), md)
	return nil
}

// flush passes a held header through all functions, when it goes out before the end.
func (s *sink) flush() error {
	header, ok := s.takeHeader()
	if !ok {
		return s.outcome(nil)
	}
	hooks := s.call.more.Load().headers
	var err error
	for i := len(hooks) - 1; i >= 0 && err == nil; i-- {
		err = header.pass(s.call.context(), hooks[i:i+1])
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.header, s.returned = header, err
	if err != nil || s.transport == nil {
		return err
	}
	return s.transport.SetHeader(header.all())
}

func (s *sink) takeHeader() (held, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.holds.header || s.passed {
		return nil, false
	}
	s.passed = true
	return s.header, true
}

// outcome is err, or what a function returned where nobody heeded it.
func (s *sink) outcome(err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err == nil {
		return s.returned
	}
	return err
}

// pass passes what is held through the functions of one link. The RPC's own error comes before theirs.
func (s *sink) pass(c *Call, owner int32, err error) error {
	err = s.outcome(err)
	m, ctx := c.more.Load(), c.context()
	s.mu.Lock()
	header, trailer, passed := s.header, s.trailer, s.passed
	s.mu.Unlock()
	if !passed && (err == nil || len(header.all()) > 0) {
		err = firstError(err, header.pass(ctx, ownedMetadata(m.headers, owner)))
	}
	err = firstError(err, trailer.pass(ctx, ownedMetadata(m.trailers, owner)))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.header, s.trailer = header, trailer
	return err
}

func firstError(a, b error) error {
	if a != nil {
		return a
	}
	return b
}

// deliver sets on a server what was held to the end.
func (s *sink) deliver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.transport == nil {
		return
	}
	if header := s.header.all(); !s.passed && len(header) > 0 {
		_ = s.transport.SetHeader(header) // fails only where headers were sent already
	}
	if trailer := s.trailer.all(); len(trailer) > 0 {
		_ = s.transport.SetTrailer(trailer) // never fails before the status
	}
}

// current is what is held by now.
func (s *sink) current() (header, trailer metadata.MD) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header.all(), s.trailer.all()
}

// bring notes on a client what an attempt brought.
func (s *sink) bring(b *brought) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.passed {
		s.header = whole(b.header)
	}
	s.trailer, s.peer = whole(b.trailer), &b.peer
}

// forget drops what a failed attempt set, inside of a link.
func (s *sink) forget(owner int32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.passed {
		s.header = s.header.without(owner)
	}
	s.trailer = s.trailer.without(owner)
}
