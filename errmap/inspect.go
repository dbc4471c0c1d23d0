package errmap

import (
	"cmp"
	"fmt"
)

// A Flaw is what is wrong with an error, so that it can not be taken at its word.
type Flaw string

const (
	FlawTypedNil  Flaw = "typed-nil"     // a nil pointer in an error
	FlawOKStatus  Flaw = "ok-status"     // a status that says OK
	FlawNilStatus Flaw = "nil-status"    // GRPCStatus gave nil; the error was looked through as if without it
	FlawTooDeep   Flaw = "too-deep"      // it wraps itself, or more than 100 levels or 4096 errors
	FlawPanic     Flaw = "mapping-panic" // a method of it, or a hook, panicked
	FlawCode      Flaw = "invalid-code"  // made by a Code that is none of the sixteen
)

// panicked decides by a panic anywhere in the tree, before hooks and rules look: what a panic carries is a bug,
// whatever it looks like.
func (w *walk) panicked(err error) bool {
	found := w.inspect(err)
	if found == nil {
		return false
	}
	w.out.Panic, w.out.Stack, w.out.Redacted, w.out.Logged = found.Value, found.Stack, true, found.Logged
	w.node = node{err, 0}
	w.explain("a panic")
	return w.settle(Internal.GRPCStatus(), SourcePanic)
}

// inspect goes through the whole tree once. It gives the first panic, and notes in w.flaw what would make
// errors.Is or a logger fail on the tree later.
func (w *walk) inspect(err error) *PanicError {
	before, i := w.flaw, inspection{}
	w.flaw = FlawPanic // unless looking succeeds
	i.look(err, 0)
	w.flaw = cmp.Or(before, i.flaw)
	return i.panic
}

type inspection struct {
	nodes int
	flaw  Flaw
	panic *PanicError
}

// look reports whether to stop.
func (i *inspection) look(err error, depth int) bool {
	if err == nil {
		return false
	}
	i.nodes++
	switch {
	case depth > maxDepth || i.nodes > maxNodes:
		i.flaw = FlawTooDeep
		return true
	case typedNil(err):
		i.flaw = FlawTypedNil
		return false
	}
	switch e := err.(type) {
	case *Error: // its mapper has looked
		return false
	case *PanicError:
		if i.panic == nil {
			i.panic = e
		}
	}
	return each(err, func(inner error) bool { return i.look(inner, depth+1) })
}

// withheld stands for an error that nobody can touch without harm. It has the error's own text where asking for
// it is safe: fmt survives a panic, nothing survives an Error method that never ends.
func withheld(err error, f Flaw) error {
	if f == FlawTypedNil {
		return fmt.Errorf("errmap: %s: %T: %v", f, err, err)
	}
	return fmt.Errorf("errmap: %s: %T", f, err)
}
