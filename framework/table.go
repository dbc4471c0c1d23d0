package framework

import (
	"maps"
	"sync"
	"sync/atomic"
)

// maxLateLines bounds what callers can make a chain remember by calling methods that nobody bound: with an
// UnknownServiceHandler they choose the names.
const maxLateLines = 4096

// A table finds the line of a method, in most cases in the slot that its name leads to, else by one look-up in a map
// that is never written again.
type table struct {
	mu    sync.Mutex // for writers
	slots [4][64]atomic.Pointer[line]
	kinds [4]atomic.Pointer[map[string]*line]
}

// slot is a place that a name leads to: near enough to one of its own, and much faster to find than in a map.
func (t *table) slot(full string, kind Kind) *atomic.Pointer[line] {
	n := len(full)
	if n < 3 {
		return &t.slots[kind&3][0]
	}
	return &t.slots[kind&3][(n^int(full[n-1])<<1^int(full[n-3])<<3)&63]
}

func (t *table) get(full string, kind Kind) *line {
	if l := t.slot(full, kind).Load(); l != nil && l.full == full {
		return l
	}
	lines := t.kinds[kind].Load()
	if lines == nil {
		return nil
	}
	return (*lines)[full]
}

// add keeps a line, unless another was faster or the table is full, and gives the one to use.
func (t *table) add(full string, kind Kind, l *line) *line {
	t.mu.Lock()
	defer t.mu.Unlock()
	if first := t.get(full, kind); first != nil {
		return first
	}
	lines := t.copyOf(kind)
	if len(lines) < maxLateLines {
		lines[full] = l
		t.kinds[kind].Store(&lines)
		t.slot(full, kind).Store(l)
	}
	return l
}

// bind puts in compiled lines in place of those that were there.
func (t *table) bind(bound []*line) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var kinds [4]map[string]*line
	for _, l := range bound {
		kind := l.info.Kind
		if kinds[kind] == nil {
			kinds[kind] = t.copyOf(kind)
		}
		kinds[kind][l.full] = l
	}
	for kind := range kinds {
		if kinds[kind] != nil {
			t.kinds[kind].Store(&kinds[kind])
		}
	}
	for _, l := range bound {
		t.slot(l.full, l.info.Kind).Store(l)
	}
}

func (t *table) copyOf(kind Kind) map[string]*line {
	if lines := t.kinds[kind].Load(); lines != nil {
		return maps.Clone(*lines)
	}
	return map[string]*line{}
}
