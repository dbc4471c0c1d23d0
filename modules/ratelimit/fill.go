package ratelimit

import "time"

// slots is into how many parts the time is cut that a bucket takes to fill: as exact is what fullest knows.
const slots = 64

// A fill knows the buckets of a table by when they are full. Time is cut into slots, of which each has a ring of buckets
// that are full at its end, so that nothing here takes longer where there are more of them.
type fill struct {
	start time.Time
	width time.Duration // of a slot
	now   int64         // the slot of which it is the time; those before are in full
	full  entry         // a ring, as all of them
	later [slots]entry  // that of slot n at n modulo slots: no bucket takes longer than these
}

func (f *fill) init(start time.Time, refill time.Duration) {
	f.start, f.width = start, refill/(slots-2)+1
	f.full.alone()
	for i := range f.later {
		f.later[i].alone()
	}
}

func (f *fill) slot(t time.Time) int64 { return int64(t.Sub(f.start) / f.width) }

func (f *fill) at(slot int64) *entry { return &f.later[slot%slots] }

// put notes when a bucket will be full.
func (f *fill) put(e *entry, full time.Time) {
	e.leave()
	e.join(f.at(min(f.slot(full), f.now+slots-1)))
}

// fullest is the bucket that is full for longest, and where none is full one of those that will be next.
func (f *fill) fullest() (e *entry, full bool) {
	if e := f.full.next; e != &f.full {
		return e, true
	}
	slot := f.now
	for f.at(slot).next == f.at(slot) { // ends: there are buckets
		slot++
	}
	return f.at(slot).next, false
}

// advance has the buckets full of which the time has come.
func (f *fill) advance(now time.Time) {
	slot := f.slot(now)
	for passed := f.now; passed < slot && passed < f.now+slots; passed++ {
		f.full.takeAll(f.at(passed))
	}
	f.now = slot
}

// alone makes an entry the head of a ring of nothing else.
func (e *entry) alone() { e.prev, e.next = e, e }

// isHeld reports whether an entry is in a ring: whether it is some key's.
func (e *entry) isHeld() bool { return e.next != nil }

// leave takes an entry out of its ring, if it is in one.
func (e *entry) leave() {
	if e.isHeld() {
		e.prev.next, e.next.prev = e.next, e.prev
	}
}

// join puts an entry at the end of the ring of a head.
func (e *entry) join(head *entry) {
	e.prev, e.next = head.prev, head
	head.prev.next, head.prev = e, e
}

// takeAll puts all of another ring at the end of the one that this is the head of.
func (e *entry) takeAll(other *entry) {
	if other.next == other {
		return
	}
	other.next.prev, other.prev.next = e.prev, e
	e.prev.next, e.prev = other.next, other.prev
	other.alone()
}
