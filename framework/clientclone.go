package framework

import (
	"context"
	"io"
	"reflect"
	"sync/atomic"

	"google.golang.org/grpc"
)

// clientTrip is a client stream whose requests are all there: a Clone's, which needs no caller to use the stream.
type clientTrip struct {
	Call
	clientRPC
	desc     *grpc.StreamDesc
	streamer grpc.Streamer
	reply    any
}

func (s *clientStream) clone(c *Call) (*Call, error) {
	log := c.extra().logOf(c.link())
	switch {
	case c.Kind() != ClientStream || log == nil || !log.complete:
		return nil, c.line.errorf(int(c.link()), "cloned a %s: only unary RPCs can be, and client streams after BufferRequests", c.Kind())
	case c.line.response == nil:
		return nil, c.line.errorf(int(c.link()), "cloned a client stream whose response type is not linked into the binary")
	}
	t := &clientTrip{clientRPC: clientRPC{cc: s.cc, method: s.method, given: s.given}, desc: s.desc, streamer: s.streamer}
	t.driver, t.reply = t, reflect.New(c.line.response.Elem()).Interface()
	return &t.Call, nil
}

// invoke makes the whole RPC.
func (t *clientTrip) invoke(ctx context.Context, c *Call) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	method, options, brought := t.prepare(c)
	var finished atomic.Bool
	stream, err := t.streamer(ctx, t.desc, t.cc, method, append(options, grpc.OnFinish(func(error) { finished.Store(true) }))...)
	if err != nil {
		return asStatus(err)
	}
	if err := t.send(ctx, c, stream); err != nil && err != io.EOF {
		return asStatus(err)
	}
	if err := stream.RecvMsg(t.reply); err != nil {
		return asStatus(err)
	}
	if finished.Load() { // else it is a raw link's own stream, which grpc knows nothing of
		c.more.Load().sink.Load().bring(brought)
	}
	c.response = t.reply
	return nil
}

func (t *clientTrip) send(ctx context.Context, c *Call, stream grpc.ClientStream) error {
	m := c.more.Load()
	for i, h := range m.requests {
		if h.log == nil {
			continue
		}
		for _, msg := range h.log.all() {
			msg, err := c.line.passHooks(ctx, m.requests[i+1:], msg)
			if err == nil {
				err = stream.SendMsg(msg)
			}
			if err != nil {
				return err
			}
		}
	}
	return stream.CloseSend()
}
