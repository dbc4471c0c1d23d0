package frameworktest

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// serve runs an rpc as the handler of a server.
func (r *rpc) serve(chain *framework.ServerChain) Result {
	wire := &transport{rpc: r}
	ctx := r.Context
	if len(r.Metadata) > 0 {
		incoming, _ := metadata.FromIncomingContext(ctx)
		ctx = metadata.NewIncomingContext(ctx, metadata.Join(incoming, r.Metadata))
	}
	wire.ctx = grpc.NewContextWithServerTransportStream(ctx, wire)
	var result Result
	if r.Kind == framework.Unary {
		result.Err = wire.unary(chain)
	} else {
		info := &grpc.StreamServerInfo{
			FullMethod: r.Method, IsClientStream: r.Kind.StreamsRequests(), IsServerStream: r.Kind.StreamsResponses(),
		}
		result.Err = chain.Stream()(&DummyService{}, serverStream{wire}, info, r.handleStream)
	}
	result.Responses, result.Header, result.Trailer = wire.responses, wire.header, wire.trailer
	return result
}

func (t *transport) unary(chain *framework.ServerChain) error {
	info := &grpc.UnaryServerInfo{Server: &DummyService{}, FullMethod: t.Method()}
	response, err := chain.Unary()(t.ctx, t.rpc.Requests[0], info, t.rpc.handleUnary)
	if err == nil {
		t.responses = []any{response}
	}
	return err
}

func (r *rpc) handleUnary(ctx context.Context, request any) (any, error) {
	a := r.begin(ctx, nil)
	a.take(request)
	if err := grpc.SetHeader(ctx, r.Header); err != nil {
		return nil, err
	}
	if err := grpc.SetTrailer(ctx, r.Trailer); err != nil {
		return nil, err
	}
	response, err := a.answer()
	return response, err
}

func (r *rpc) handleStream(_ any, stream grpc.ServerStream) error {
	a := r.begin(stream.Context(), nil)
	if err := stream.SetHeader(r.Header); err != nil {
		return err
	}
	stream.SetTrailer(r.Trailer)
	return a.exchange(stream)
}

// exchange receives all requests, on a bidi stream with a response after each, and sends the responses left.
func (a *attempt) exchange(stream grpc.ServerStream) error {
	if err := a.takeAll(stream); err != nil {
		return err
	}
	for {
		if done, err := a.send(stream); done {
			return err
		}
	}
}

func (a *attempt) takeAll(stream grpc.ServerStream) error {
	for {
		request := a.newRequest()
		err := stream.RecvMsg(request)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		a.take(request)
		if !a.Kind.StreamsRequests() {
			return nil
		}
		if a.ready() {
			if _, err := a.send(stream); err != nil {
				return err
			}
		}
	}
}

// send sends the next response; done says that there is none, or that the stream failed.
func (a *attempt) send(stream grpc.ServerStream) (done bool, err error) {
	response, err := a.answer()
	if err == io.EOF {
		return true, nil
	}
	if err == nil {
		err = stream.SendMsg(response)
	}
	return err != nil, err
}

// A transport is the wire of a server.
type transport struct {
	rpc *rpc
	ctx context.Context

	mu              sync.Mutex // sends and receives may be on two goroutines
	taken           int        // of the requests
	responses       []any
	header, trailer metadata.MD
	sent            bool // the header
}

func (t *transport) Method() string { return t.rpc.Method }

func (t *transport) SetHeader(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent && len(md) > 0 {
		return errHeaderSent
	}
	t.header = metadata.Join(t.header, md)
	return nil
}

func (t *transport) SendHeader(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sent {
		return errHeaderSent
	}
	t.header, t.sent = metadata.Join(t.header, md), true
	return nil
}

func (t *transport) SetTrailer(md metadata.MD) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.trailer = metadata.Join(t.trailer, md)
	return nil
}

var errHeaderSent = status.Error(codes.Internal, "frameworktest: the header was sent already")

// serverStream is a transport as the stream of a handler.
type serverStream struct{ *transport }

func (s serverStream) Context() context.Context { return s.ctx }

func (s serverStream) SetTrailer(md metadata.MD) { _ = s.transport.SetTrailer(md) } // never fails

func (s serverStream) SendMsg(msg any) error {
	if err := s.ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = true
	s.responses = append(s.responses, snapshot(msg))
	return nil
}

func (s serverStream) RecvMsg(msg any) error {
	if err := s.ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken == len(s.rpc.Requests) {
		return io.EOF
	}
	fill(msg, s.rpc.Requests[s.taken])
	s.taken++
	return nil
}
