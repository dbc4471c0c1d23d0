package framework

import (
	"log/slog"
	"slices"
	"sync"
)

// The keys of annotations by which modules share what they know of an RPC without importing each other.
const (
	AnnotationRequestID = "request.id"
	AnnotationPrincipal = "principal"
	AnnotationPeerIP    = "peer.ip"
	AnnotationTraceID   = "trace.id"
)

// notes are a Call's annotations, shared with its Clones.
type notes struct {
	mu    sync.Mutex
	attrs []slog.Attr
}

// Annotate says something of the RPC, for links further out and for the log line: a later value of a key wins. It
// is safe for concurrent use, also from the handler through CallFrom, and does nothing when the RPC has ended.
func (c *Call) Annotate(a ...slog.Attr) {
	if c.hasEnded() {
		return
	}
	n := c.aside().notes
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, attr := range a {
		n.set(attr)
	}
}

func (n *notes) set(attr slog.Attr) {
	if i := n.index(attr.Key); i >= 0 {
		n.attrs[i] = attr
		return
	}
	n.attrs = append(n.attrs, attr)
}

func (n *notes) index(key string) int {
	return slices.IndexFunc(n.attrs, func(a slog.Attr) bool { return a.Key == key })
}

// Annotation is what Annotate said last under a key. It is safe for concurrent use.
func (c *Call) Annotation(key string) (slog.Value, bool) {
	m := c.more.Load()
	if m == nil {
		return slog.Value{}, false
	}
	m.notes.mu.Lock()
	defer m.notes.mu.Unlock()
	if i := m.notes.index(key); i >= 0 {
		return m.notes.attrs[i].Value, true
	}
	return slog.Value{}, false
}

// Annotations are all that Annotate said, in the order in which the keys first came; the slice is the caller's own. It
// is safe for concurrent use.
func (c *Call) Annotations() []slog.Attr {
	m := c.more.Load()
	if m == nil {
		return nil
	}
	m.notes.mu.Lock()
	defer m.notes.mu.Unlock()
	return slices.Clone(m.notes.attrs)
}
