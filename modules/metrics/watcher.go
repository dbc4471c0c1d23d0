package metrics

import (
	"context"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// A watcher is the stats handler of a server. It counts what Intercept can't: RPCs that end before they reach a chain, and
// the ends of those whose response is sent after it. grpc tells it of an RPC
//
//	                                         TagRPC   Begin   InPayload   Intercept   OutPayload   OutTrailer   End
//	no method's name, "foo"                                                                        ×
//	no such method                           ×                                                     ×
//	unary: can't be decoded, too large       ×        ×                                            ×            ×
//	an encoding that the server has not      ×        ×                                            ×            ×
//	unary: two requests                      ×        ×       ×                                    ×            ×
//	the response is too large                ×        ×       ×           ×                        ×            ×
//	success                                  ×        ×       ×           ×           ×            ×            ×
type watcher struct{ owner *Interceptor }

// TagRPC puts a tag on the RPC's context.
func (w *watcher) TagRPC(ctx context.Context, info *stats.RPCTagInfo) context.Context {
	return &tag{Context: ctx, owner: w.owner, full: info.FullMethodName}
}

// TagConn does nothing.
func (w *watcher) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

// HandleConn does nothing.
func (w *watcher) HandleConn(context.Context, stats.ConnStats) {}

// HandleRPC hears what becomes of the RPC. It is called on the RPC's own goroutine, but for payloads of streams.
func (w *watcher) HandleRPC(ctx context.Context, s stats.RPCStats) {
	t := w.owner.tagOf(ctx)
	if t == nil {
		if _, ok := s.(*stats.OutTrailer); ok {
			w.owner.refused(ctx)
		}
		return
	}
	switch s := s.(type) {
	case *stats.InHeader:
		t.encoding = s.Compression
	case *stats.Begin:
		t.begun, t.unary = true, !s.IsClientStream && !s.IsServerStream
	case *stats.InPayload:
		if t.unary { // those of streams come on any goroutine
			t.decoded = true
		}
	case *stats.OutPayload:
		t.sent(ctx)
	case *stats.OutTrailer:
		if !t.begun {
			w.owner.refused(ctx)
		}
	case *stats.End:
		t.end(ctx, s)
	}
}

// refused counts an RPC that no handler is there for. What it was called is anybody's.
func (i *Interceptor) refused(ctx context.Context) {
	r := made(&i.stray, func() *record {
		return i.sides[framework.ServerSide].record(labels{kind: unknown, service: unknown, method: unknown})
	})
	r.missed(ctx, codes.Unimplemented, 0)
}

// A tag is what is known of one RPC, and its context.
type tag struct {
	context.Context
	owner    *Interceptor
	full     string
	encoding string

	begun, unary, decoded bool
	entered               atomic.Bool // Intercept counts it

	state atomic.Uint32 // of held
	held  rpc           // whose response is being sent
}

// tagKey is the key of the tag of one Interceptor: a chain may have several.
type tagKey struct{ owner *Interceptor }

// Value is the tag itself under its key.
func (t *tag) Value(key any) any {
	if k, ok := key.(tagKey); ok && k.owner == t.owner {
		return t
	}
	return t.Context.Value(key)
}

func (i *Interceptor) tagOf(ctx context.Context) *tag {
	t, _ := ctx.Value(tagKey{i}).(*tag)
	return t
}

// The states of what a tag holds.
const (
	free uint32 = iota
	busy        // and when it was taken
	full
)

// hold keeps an RPC until its response is sent. A second one, of a link outside that calls next again, is not kept.
func (t *tag) hold(r rpc) bool {
	if !t.state.CompareAndSwap(free, busy) {
		return false
	}
	t.held = r
	t.state.Store(full)
	return true
}

// take gives the RPC that is kept, once.
func (t *tag) take() (rpc, bool) {
	if !t.state.CompareAndSwap(full, busy) {
		return rpc{}, false
	}
	return t.held, true
}

// sent tells that a message was sent: the one response, if one was waited for.
func (t *tag) sent(ctx context.Context) {
	if r, ok := t.take(); ok {
		r.end(ctx)
	}
}

// end tells the end of an RPC that the server has a handler for.
func (t *tag) end(ctx context.Context, s *stats.End) {
	if r, ok := t.take(); ok {
		r.code = codeOf(s.Error)
		r.end(ctx)
		return
	}
	if t.entered.Load() || !t.missed(s.Error) {
		return
	}
	if r, ok := t.owner.methods.Load(t.full); ok {
		r.(*record).missed(ctx, codeOf(s.Error), s.EndTime.Sub(s.BeginTime))
	}
}

// missed reports whether the RPC ended before it reached the chain. One that did not may be of a method that the link
// leaves out.
func (t *tag) missed(err error) bool {
	switch {
	case t.encoding != "" && t.encoding != encoding.Identity && encoding.GetCompressor(t.encoding) == nil:
		return err != nil
	case !t.unary:
		return false
	}
	return !t.decoded || strings.HasPrefix(status.Convert(err).Message(), "cardinality violation")
}
