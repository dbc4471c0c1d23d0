package fxgrpc

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"
)

// flaws collects what is wrong with a config. Each is named by its path, in the names of JSON and YAML.
type flaws struct {
	path string // of the struct that is looked at: "servers.public.tls."
	errs *[]error
}

func newFlaws(path string) flaws { return flaws{path, new([]error)} }

// in is for what is inside of a field.
func (f flaws) in(name string) flaws { return flaws{f.path + name + ".", f.errs} }

func (f flaws) add(name, format string, args ...any) {
	*f.errs = append(*f.errs, fmt.Errorf("%s%s: %w", f.path, name, fmt.Errorf(format, args...)))
}

func (f flaws) joined() error { return errors.Join(*f.errs...) }

// shortest is the least that a duration can be. What is below is a bare number, which encoding/json takes for
// nanoseconds, and who wrote it for seconds.
const shortest = time.Millisecond

// duration reports whether one was given that can be looked at further.
func (f flaws) duration(name string, d time.Duration) bool {
	switch {
	case d < 0:
		f.add(name, "%s is negative; leave it out for the default", d)
	case 0 < d && d < shortest:
		f.add(name, `%s is below %s; a bare number is nanoseconds: five seconds are "5s", or 5000000000 to encoding/json`, d, shortest)
	}
	return d >= shortest
}

// atLeast is duration, with a limit that grpc would otherwise enforce without a word.
func (f flaws) atLeast(name string, d, least time.Duration) {
	if f.duration(name, d) && d < least {
		f.add(name, "%s is below %s, which grpc would take in its place; say so, or more", d, least)
	}
}

func (f flaws) size(name string, s ByteSize) {
	switch {
	case s < 0:
		f.add(name, "%s is negative; leave it out for the default", s)
	case s > math.MaxInt32:
		f.add(name, "%s is above 2GiB less a byte, the most that a message can have", s)
	}
}

// header refuses what a header of HTTP/2 can not hold.
func (f flaws) header(name, value string) {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r > '~' }) {
		f.add(name, "%q has characters that no header can have; printable ASCII is allowed", value)
	}
}

// said is what p points to, else the default. A nil p is what was left out, where 0 has a meaning of its own.
func said[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}
