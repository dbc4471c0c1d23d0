package framework

import (
	"maps"
	"sync"
	"sync/atomic"
)

// maxLateLines bounds what callers can make a chain remember by calling methods that nobody bound: with an
// UnknownServiceHandler they choose the names.
const maxLateLines = 4096

// A table finds the line of a method by one look-up in a map that is never written again.
type table struct {
	mu    sync.Mutex // for writers
	kinds [4]atomic.Pointer[map[string]*line]
}

func (t *table) get(full string, kind Kind) *line {
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
}

func (t *table) copyOf(kind Kind) map[string]*line {
	if lines := t.kinds[kind].Load(); lines != nil {
		return maps.Clone(*lines)
	}
	return map[string]*line{}
}
