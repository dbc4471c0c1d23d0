package frameworktest

import (
	"context"
	"io"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// call runs an rpc for a client, whose caller this is.
func (r *rpc) call(chain *framework.ClientChain) Result {
	ctx := r.Context
	if len(r.Metadata) > 0 {
		outgoing, _ := metadata.FromOutgoingContext(ctx)
		ctx = metadata.NewOutgoingContext(ctx, metadata.Join(outgoing, r.Metadata))
	}
	if r.Kind == framework.Unary {
		return r.callUnary(ctx, chain)
	}
	desc := &grpc.StreamDesc{ClientStreams: r.Kind.StreamsRequests(), ServerStreams: r.Kind.StreamsResponses()}
	stream, err := chain.Stream()(ctx, desc, nil, r.Method, r.open)
	if err != nil {
		return Result{Err: err}
	}
	return r.talk(stream)
}

func (r *rpc) callUnary(ctx context.Context, chain *framework.ClientChain) (result Result) {
	reply := r.newResponse()
	options := []grpc.CallOption{grpc.Header(&result.Header), grpc.Trailer(&result.Trailer)}
	result.Err = chain.Unary()(ctx, r.Method, r.Requests[0], reply, nil, r.invoke, options...)
	if result.Err == nil {
		result.Responses = []any{reply}
	}
	return result
}

// talk sends all requests and takes all responses.
func (r *rpc) talk(stream grpc.ClientStream) (result Result) {
	if result.Err = r.sendAll(stream); result.Err == nil {
		result.Responses, result.Err = r.receiveAll(stream)
	}
	result.Header, _ = stream.Header() // fails with the RPC
	result.Trailer = stream.Trailer()
	return result
}

func (r *rpc) sendAll(stream grpc.ClientStream) error {
	for _, request := range r.Requests {
		err := stream.SendMsg(request)
		if err == io.EOF { // receiving gives the reason
			return nil
		}
		if err != nil {
			return err
		}
	}
	return stream.CloseSend()
}

func (r *rpc) receiveAll(stream grpc.ClientStream) (responses []any, err error) {
	for {
		response := r.newResponse()
		err := stream.RecvMsg(response)
		if err == io.EOF && r.Kind.StreamsResponses() {
			return responses, nil
		}
		if err != nil {
			return responses, err
		}
		if responses = append(responses, response); !r.Kind.StreamsResponses() {
			return responses, nil
		}
	}
}

// invoke is a unary RPC on the wire.
func (r *rpc) invoke(ctx context.Context, _ string, request, reply any, _ *grpc.ClientConn, options ...grpc.CallOption) error {
	a := r.begin(ctx, options)
	a.take(request)
	if err := ctx.Err(); err != nil {
		return status.FromContextError(err).Err()
	}
	a.deliver()
	response, err := a.answer()
	if err == nil {
		fill(reply, response)
	}
	return err
}

// open opens a stream on the wire.
func (r *rpc) open(ctx context.Context, _ *grpc.StreamDesc, _ *grpc.ClientConn, _ string, options ...grpc.CallOption) (grpc.ClientStream, error) {
	s := &clientStream{attempt: r.begin(ctx, options)}
	s.moved.L = &s.lock
	if err := ctx.Err(); err != nil {
		return nil, s.finish(status.FromContextError(err).Err())
	}
	context.AfterFunc(ctx, func() { _ = s.finish(status.FromContextError(ctx.Err()).Err()) })
	return s, nil
}

// deliver fills the addresses that call options have for metadata.
func (a *attempt) deliver() {
	for _, o := range a.options {
		switch o := o.(type) {
		case grpc.HeaderCallOption:
			*o.HeaderAddr = a.Header
		case grpc.TrailerCallOption:
			*o.TrailerAddr = a.Trailer
		}
	}
}

// A clientStream is the wire of a client: it ends as grpc's do, with the last response, an error, or its context.
type clientStream struct {
	*attempt

	lock   sync.Mutex
	moved  sync.Cond // something was sent, or all was, or the context ended
	closed bool      // the caller has half-closed
	ended  error     // io.EOF for success, nil while it lasts
}

func (s *clientStream) Context() context.Context { return s.ctx }

func (s *clientStream) Header() (metadata.MD, error) { return s.rpc.Header, nil }

func (s *clientStream) Trailer() metadata.MD { return s.rpc.Trailer }

func (s *clientStream) CloseSend() error {
	s.move(func() { s.closed = true })
	return nil
}

func (s *clientStream) SendMsg(msg any) error {
	if s.ctx.Err() != nil {
		return io.EOF
	}
	s.move(func() {
		s.take(msg)
		s.closed = s.closed || !s.Kind.StreamsRequests()
	})
	return nil
}

func (s *clientStream) move(how func()) {
	s.lock.Lock()
	defer s.lock.Unlock()
	how()
	s.moved.Broadcast()
}

func (s *clientStream) RecvMsg(msg any) error {
	s.await()
	if err := s.ctx.Err(); err != nil {
		return s.finish(status.FromContextError(err).Err())
	}
	response, err := s.answer()
	if err != nil {
		return s.finish(err)
	}
	fill(msg, response)
	if !s.Kind.StreamsResponses() {
		_ = s.finish(io.EOF)
	}
	return nil
}

// await waits for a response to be due, or the end.
func (s *clientStream) await() {
	s.lock.Lock()
	defer s.lock.Unlock()
	for !s.closed && !s.ready() && s.ctx.Err() == nil {
		s.moved.Wait()
	}
}

// finish ends the stream, unless it has ended, and gives what it ended with. It tells the end without the lock, since who
// is told may use the stream.
func (s *clientStream) finish(err error) error {
	s.lock.Lock()
	if s.ended != nil {
		defer s.lock.Unlock()
		return s.ended
	}
	s.ended = err
	s.deliver()
	s.moved.Broadcast()
	s.lock.Unlock()
	told := err
	if err == io.EOF {
		told = nil
	}
	for _, o := range s.options {
		if o, ok := o.(grpc.OnFinishCallOption); ok {
			o.OnFinish(told)
		}
	}
	return err
}
