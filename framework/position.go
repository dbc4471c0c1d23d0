package framework

// A position says where a call is in its line: n when n links, or all of them and the RPC itself, are entered and not
// left, and the innermost of them has not called next; ^n when it has, and next has returned. To n is added
// slowly when there is more to do on the way than to call the links.
//
// It is not atomic, since that would cost more than the rest of a link: two goroutines that call next in the same
// nanosecond may both pass, and then one is stopped at the RPC itself, which is guarded by an atomic. The race
// detector is not told of it, so that it reports the user's races and not this one.
type position int32

const slowly = 1 << 16

// entered is how many links are entered and not left.
func (p position) entered() int32 {
	if p < 0 {
		p = ^p
	}
	return int32(p) &^ slowly
}

func (p position) slow() position {
	if p < 0 {
		p = ^p
	}
	return p & slowly
}

// enter notes that what stands at a depth is entered; false where it is not its turn, or is not for the first time, or
// there is more to do.
//
//go:norace
func (c *Call) enter(depth position) bool {
	if c.at != depth {
		return false
	}
	c.at = depth + 1
	return true
}

// enterSlowly is enter where that was false: only that it is not its turn is false here. again is whether it was entered
// before, by the same run of the link outside.
//
//go:norace
func (c *Call) enterSlowly(depth position) (again, ok bool) {
	if c.at.entered() != int32(depth) {
		return false, false
	}
	again = c.at < 0
	c.at = (depth + 1) | c.at.slow()
	return again, true
}

// leave notes that what stands at a depth is left.
//
//go:norace
func (c *Call) leave(depth position) { c.at = ^(depth | c.at.slow()) }

// leaveQuickly is leave where what stands there has called next, and there is nothing more to do; else it does
// nothing and is false.
//
//go:norace
func (c *Call) leaveQuickly(depth position) bool {
	if c.at != ^(depth + 1) {
		return false
	}
	c.at = ^depth
	return true
}

// goSlowly notes that there is more to do.
//
//go:norace
func (c *Call) goSlowly() {
	if c.at < 0 {
		c.at = ^(^c.at | slowly)
	} else {
		c.at |= slowly
	}
}

//go:norace
func (c *Call) isSlow() bool { return c.at.slow() != 0 }

// hasCalled reports whether what stands at a depth, which runs or has just returned, has called next.
//
//go:norace
func (c *Call) hasCalled(depth int32) bool { return c.at < 0 || c.at.entered() != depth+1 }

// link is the depth of the link that runs.
//
//go:norace
func (c *Call) link() int32 { return c.at.entered() - 1 }
