package framework

import (
	"context"
	"io"
	"reflect"

	"google.golang.org/grpc/metadata"
)

// buffer receives all requests, until ctx ends.
func (s *serverStream) buffer(ctx context.Context, c *Call, log *requestLog) error {
	t := goType(inputOf(c.line.info.Descriptor))
	if t == nil {
		return c.line.errorf(int(c.link()), "can't buffer requests: their message type is not linked into the binary")
	}
	return s.view(ctx, c, c.link()+1).receiveUntilEOF(t, log)
}

func (v *serverView) receiveUntilEOF(t reflect.Type, log *requestLog) error {
	for {
		msg := reflect.New(t.Elem()).Interface()
		err := v.RecvMsg(msg)
		if err == io.EOF {
			log.finish()
			return nil
		}
		if err == nil {
			err = log.add(msg)
		}
		if err != nil {
			return err
		}
	}
}

// clone is a run of the handler that keeps its response and metadata to itself, for a client stream whose requests are
// buffered.
func (s *serverStream) clone(c *Call) (*Call, error) {
	m := c.extra()
	if log := m.logOf(c.link()); c.Kind() != ClientStream || log == nil || !log.complete {
		return nil, c.line.errorf(int(c.link()), "cloned a %s: only unary RPCs can be, and client streams after BufferRequests", c.Kind())
	}
	rpc := &serverStream{implementation: s.implementation, info: s.info, handler: s.handler, from: c.link()}
	rpc.driver, rpc.base = rpc, &silentStream{call: &rpc.Call}
	return &rpc.Call, nil
}

// silentStream is the stream of a Clone: nothing of it reaches the wire.
type silentStream struct{ call *Call }

func (s *silentStream) Context() context.Context { return s.call.parent }

func (s *silentStream) SetHeader(md metadata.MD) error { return s.call.watch().SetHeader(md) }

func (s *silentStream) SendHeader(md metadata.MD) error { return s.call.watch().SendHeader(md) }

func (s *silentStream) SetTrailer(md metadata.MD) { _ = s.call.watch().SetTrailer(md) }

func (s *silentStream) SendMsg(any) error { return nil }

func (s *silentStream) RecvMsg(any) error { return io.EOF }
