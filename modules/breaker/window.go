package breaker

import "time"

// A window counts the RPCs of the last while, by when they ended. gobreaker's counts them by when they began, and forgets
// those that last longer than it.
type window struct {
	start time.Time
	width time.Duration
	parts [tenths]part
}

const tenths = 10

// A part is a tenth of the window; which one since the start tells whether it is over.
type part struct {
	number      int64
	all, failed int
}

func newWindow(span time.Duration) window {
	return window{start: time.Now(), width: span / tenths}
}

func (w *window) number(now time.Time) int64 { return int64(now.Sub(w.start) / w.width) }

func (w *window) add(now time.Time, failed bool) {
	n := w.number(now)
	p := &w.parts[n%tenths]
	if p.number != n {
		*p = part{number: n}
	}
	p.all++
	if failed {
		p.failed++
	}
}

func (w *window) sum(now time.Time) (all, failed int) {
	n := w.number(now)
	for _, p := range w.parts {
		if p.number > n-tenths {
			all += p.all
			failed += p.failed
		}
	}
	return all, failed
}

func (w *window) clear() { w.parts = [tenths]part{} }
