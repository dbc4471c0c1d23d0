package framework

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// A chain is parts, sorted and checked, and the lines compiled of them so far.
type chain struct {
	side   Side
	target string
	links  []*link
	values []contextValue
	lines  table

	compiling sync.Mutex // one method at a time, so that none is bound twice at once
}

func newChain(side Side, parts []Part) (*chain, error) {
	var d draft
	var errs []error
	for i, p := range parts {
		if p == nil {
			errs = append(errs, fmt.Errorf("framework: part %d of the %s chain is nil", i+1, side))
			continue
		}
		p.addTo(&d)
	}
	sorted, err := links(side, d.links)
	if err = errors.Join(append(errs, err)...); err != nil {
		return nil, inTarget(side, d.target, err)
	}
	return &chain{side: side, target: d.target, links: sorted, values: d.values}, nil
}

// warn says which links bring options that are left out.
func (c *chain) warn(what, instead string, brings func(Interceptor) bool) {
	for _, l := range c.links {
		if brings(l.interceptor) {
			slog.Warn(fmt.Sprintf("framework: %s leaves out the grpc options of a link; use %s", what, instead), "link", l.name)
		}
	}
}

// inTarget says for which server or client an error was found.
func inTarget(side Side, target string, err error) error {
	if target == "" {
		return err
	}
	return fmt.Errorf("framework: %s %q: %w", side, target, err)
}

// A boundLink is a link with the interceptor that it has on one method.
type boundLink struct {
	link        *link
	interceptor Interceptor
}

// line is the compiled line of a method, compiled now if it is called for the first time.
func (c *chain) line(full string, kind Kind) (*line, error) {
	if l := c.lines.get(full, kind); l != nil {
		return l, l.refusal
	}
	l := c.compileLate(full, kind)
	return l, l.refusal
}

// compileLate compiles a method that was never bound; one that breaks a check is refused, and logged.
func (c *chain) compileLate(full string, kind Kind) *line {
	m, err := ParseMethod(full)
	if err != nil {
		return &line{full: full, refusal: status.Error(codes.Unimplemented, err.Error())}
	}
	c.compiling.Lock()
	defer c.compiling.Unlock()
	if l := c.lines.get(full, kind); l != nil {
		return l
	}
	l, err := c.compile(m, full, kind)
	if err != nil {
		slog.Error("framework: a method is refused since its chain is wrong", "grpc.method", full, "error", err)
		l = &line{full: full, refusal: status.Errorf(codes.Internal, "framework: %s is refused since its chain is wrong; see the log", full)}
	}
	return c.lines.add(full, kind, l)
}

// compile makes the line of a method.
func (c *chain) compile(m Method, full string, kind Kind) (*line, error) {
	info := MethodInfo{Method: m, Kind: kind, Side: c.side, Target: c.target, Descriptor: descriptorOf(m)}
	var bound []boundLink
	var errs []error
	for _, l := range c.links {
		i, err := l.bind(info)
		if err != nil {
			errs = append(errs, err)
		} else if i != nil {
			bound = append(bound, boundLink{l, i})
		}
	}
	if err := errors.Join(errs...); err != nil {
		return nil, inTarget(c.side, c.target, err)
	}
	return newLine(info, full, bound, c.values), nil
}

// bind is the link's interceptor for a method; nil where it does not stand on it.
func (l *link) bind(info MethodInfo) (_ Interceptor, err error) {
	if on, err := l.covers(info.Method, info.Kind); err != nil || !on {
		return nil, err
	}
	b, ok := l.interceptor.(Binder)
	if !ok {
		return l.interceptor, nil
	}
	defer func() {
		if p := recover(); p != nil {
			err = l.errorf("Bind of %s panicked: %v\n%s", info.Method, p, debug.Stack())
		}
	}()
	i, err := b.Bind(info)
	if err != nil {
		return nil, l.errorf("Bind of %s: %v", info.Method, err)
	}
	if isNil(i) {
		return nil, nil
	}
	return i, nil
}

// guarded runs a line for a server, and answers a panic that no link recovered from with INTERNAL.
func (l *line) guarded(c *Call) (err error) {
	returned := false
	defer func() {
		if !returned {
			err = l.recovered(c.parent, recover())
		}
		if m := c.more.Load(); m != nil {
			m.deliver()
		}
		c.end()
	}()
	err = l.handler(c.context(), c)
	returned = true
	if err != nil {
		err = l.notOK(err)
	}
	return err
}

// recovered logs a panic, and gives what the client gets of it.
func (l *line) recovered(ctx context.Context, p any) error {
	slog.ErrorContext(ctx, "framework: panic in a server chain", "grpc.method", l.full, "panic", p, "stack", string(debug.Stack()))
	return status.Error(codes.Internal, "internal error")
}

// notOK makes an error of an error that says it is none: grpc-go would end a stream cleanly for it.
func (l *line) notOK(err error) error {
	if status.Code(err) == codes.OK {
		return status.Errorf(codes.Internal, "framework: %s ended with an error whose status code is OK", l.full)
	}
	return err
}

// run is the whole line around a client's call, whose end it is.
func (l *line) run(ctx context.Context, c *Call) error {
	defer c.end()
	err := l.handler(ctx, c)
	if err != nil {
		err = l.notOK(err)
	}
	return err
}
