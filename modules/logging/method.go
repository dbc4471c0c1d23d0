package logging

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// A method logs the RPCs of one method.
type method struct {
	options Options
	kind    framework.Kind
	side    framework.Side
	level   func(codes.Code) slog.Level
	highest slog.Level
	writer  writer
	every   uint64 // RPCs that succeeded, of which one has lines; 0 for each
	seen    atomic.Uint64
}

// chosen reports whether an RPC has lines, should it succeed.
func (m *method) chosen() bool { return m.every < 2 || m.seen.Add(1)%m.every == 1 }

// errPanicked is what an RPC ended with that did not return: its panic is on the way to who recovers from it.
var errPanicked = status.Error(codes.Internal, "panic")

// Intercept logs the RPC when next has returned, or has panicked.
func (m *method) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if !m.writer.enabled(ctx, m.highest) {
		return next(ctx, call)
	}
	r := rpc{method: m, ctx: ctx, call: call, start: time.Now(), err: errPanicked, chosen: m.chosen()}
	if m.options.StartLine && r.chosen {
		r.started()
	}
	counted := m.count(ctx, call, r.chosen)
	defer func() { r.finished(counted) }()
	r.err = next(ctx, call)
	return r.err
}

// An rpc is one RPC, for its lines.
type rpc struct {
	method *method
	ctx    context.Context
	call   *framework.Call
	start  time.Time
	err    error
	chosen bool
}

func (r *rpc) started() {
	level := r.method.level(codes.OK)
	if r.method.writer.enabled(r.ctx, level) {
		var room [attributes]slog.Attr
		r.method.write(r.ctx, r.call, level, "started call", r.from(room[:0]))
	}
}

func (r *rpc) finished(counted *messages) {
	code := codeOf(r.err)
	if code == codes.OK && !r.chosen {
		return
	}
	level := r.method.level(code)
	if !r.method.writer.enabled(r.ctx, level) {
		return
	}
	took := time.Since(r.start)
	requests, responses := r.method.counts(counted, r.err)
	var room [attributes]slog.Attr
	attrs := append(r.from(room[:0]),
		slog.String("grpc.code", code.String()),
		slog.Float64("grpc.time_ms", float64(took.Microseconds())/1000),
		slog.Int("grpc.requests", requests),
		slog.Int("grpc.responses", responses))
	r.method.write(r.ctx, r.call, level, "finished call", appendError(attrs, r.err))
}

// attributes is how many a line has of its own, and room for some that are said of the RPC.
const attributes = 16

// write writes a line, with what was said of the RPC.
func (m *method) write(ctx context.Context, call *framework.Call, level slog.Level, msg string, attrs []slog.Attr) {
	attrs = append(attrs, call.Annotations()...)
	if m.options.Fields != nil {
		attrs = append(attrs, m.options.Fields(ctx, call)...)
	}
	m.writer.write(ctx, level, msg, attrs)
}

// messages are what passed on a stream, and the functions that see it. Each number has functions of one direction
// alone, which never run at the same time, and is read when none runs any more.
type messages struct {
	method              *method
	call                *framework.Call
	payloads            bool
	requests, responses int
}

// count has the messages seen that are not known to be one, or are to be logged; nil for none.
func (m *method) count(ctx context.Context, call *framework.Call, chosen bool) *messages {
	payloads := chosen && m.options.Payloads != nil && m.options.Payloads(ctx, call)
	if m.kind == framework.Unary && !payloads {
		return nil
	}
	n := &messages{method: m, call: call, payloads: payloads}
	if m.kind.StreamsRequests() || payloads {
		call.OnRequest(n.request)
	}
	if m.kind.StreamsResponses() || payloads {
		call.OnResponse(n.response)
	}
	return n
}

func (n *messages) request(ctx context.Context, msg any) (any, error) {
	n.requests++
	if n.payloads {
		n.method.payload(ctx, n.call, request, msg)
	}
	return msg, nil
}

func (n *messages) response(ctx context.Context, msg any) (any, error) {
	n.responses++
	if n.payloads {
		n.method.payload(ctx, n.call, response, msg)
	}
	return msg, nil
}

// counts are how many messages went each way. Where they are not streamed there is one request, and one response to
// an RPC that succeeds.
func (m *method) counts(n *messages, err error) (requests, responses int) {
	requests = 1
	if m.kind.StreamsRequests() {
		requests = n.requests
	}
	switch {
	case m.kind.StreamsResponses():
		responses = n.responses
	case err == nil:
		responses = 1
	}
	return requests, responses
}
