package framework

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"runtime/debug"
	"sync"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/internal/tag"
)

// A chain is parts, sorted and checked, and the lines compiled of them so far.
type chain struct {
	side   Side
	target string
	links  []*link         // those of the whole chain in order, then those of services
	absent []*link         // those that are in no line
	names  map[string]bool // of all links, absent ones too
	book   *book
	values []contextValue
	lines  table

	compiling sync.Mutex         // one method at a time, so that none is bound twice at once
	lineups   map[string]*lineup // by service; under compiling
}

func newChain(side Side, parts []Part) (*chain, error) {
	d := draft{side: side, target: targetOf(parts)}
	for i, p := range parts {
		if p == nil {
			d.errorf("part %d of the %s chain is nil", i+1, side)
			continue
		}
		p.addTo(&d)
	}
	c := &chain{side: side, target: d.target, values: d.values, names: map[string]bool{}, lineups: map[string]*lineup{}, book: &d.book}
	errs := append(d.errs, c.settle(&d)...)
	if len(d.errs) == 0 { // else a link may be missing that others name
		errs = append(errs, c.sort()...)
	}
	if err := joined(append(errs, c.book.prepare(c))...); err != nil {
		return nil, inTarget(side, d.target, err)
	}
	return c, nil
}

// settle makes links of what is declared, and tells those apart that are in no line.
func (c *chain) settle(d *draft) []error {
	conditions, errs := conditionsOf(d.conditions)
	for _, l := range name(d.links) {
		wrong := append(l.settle(c.side), l.judge(conditions)...)
		errs = append(errs, wrong...)
		if len(wrong) > 0 && l.absent == "" {
			l.absent = "it is wrong"
		}
		c.names[l.name] = true
		if l.absent != "" {
			c.absent = append(c.absent, l)
		} else {
			c.links = append(c.links, l)
		}
	}
	return errs
}

// sort brings the links of the whole chain into order, and checks what services will have as far as it is known
// before they are.
func (c *chain) sort() (errs []error) {
	whole, err := c.arrange(func(*link) bool { return false })
	errs = append(errs, err)
	var layered []*link
	checked := map[string]bool{}
	for _, l := range c.links {
		for _, s := range l.layer.services {
			if service := s.Service(); !checked[service] {
				checked[service] = true
				_, err := c.arrange(func(l *link) bool { return l.serves(service) })
				errs = append(errs, err)
			}
		}
		if len(l.layer.services) > 0 {
			layered = append(layered, l)
		}
	}
	if err == nil {
		c.links = append(whole.links, layered...)
	}
	return errs
}

// joined is tag.Group that says nothing twice: what is wrong with the whole chain is so for each service, and what is
// wrong with a struct's line for each of its links.
func joined(errs ...error) error {
	all, ok := tag.Group(errs...).(interface{ Unwrap() []error })
	if !ok {
		return nil
	}
	var kept []error
	said := map[string]bool{}
	for _, err := range all.Unwrap() {
		if !said[err.Error()] {
			said[err.Error()] = true
			kept = append(kept, err)
		}
	}
	return tag.Group(kept...)
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
	if target == "" || err == nil {
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
		slog.Error("framework: a method is refused since its chain is wrong", "grpc.method", full, "error", inTarget(c.side, c.target, err))
		l = &line{full: full, refusal: status.Errorf(codes.Internal, "framework: %s is refused since its chain is wrong; see the log", full)}
	}
	return c.lines.add(full, kind, l)
}

// compile makes the line of a method.
func (c *chain) compile(m Method, full string, kind Kind) (*line, error) {
	info := MethodInfo{Method: m, Kind: kind, Side: c.side, Target: c.target, Descriptor: descriptorOf(m)}
	links, err := c.lineup(m.FullService())
	if err != nil {
		return nil, err
	}
	stands, errs := standing(links.links, info)
	rules, err := c.book.of(info, stands)
	errs = append(errs, err)
	var bound []boundLink
	for _, l := range stands {
		rules.read[l].outer = bound
		i, err := l.bind(info, rules.read[l])
		if err != nil {
			errs = append(errs, err)
		} else if i != nil {
			bound = append(bound, boundLink{l, i})
		}
	}
	if err := joined(append(errs, rules.judge(info, bound))...); err != nil {
		return nil, err
	}
	made := newLine(info, full, bound, c.values)
	made.rules = rules.shown()
	return made, nil
}

// compileAll makes the lines of methods. What is wrong with a method does not keep the others from being looked at.
func (c *chain) compileAll(known []knownMethod) ([]*line, error) {
	var errs []error
	lines := make([]*line, 0, len(known))
	for _, k := range known {
		l, err := c.compile(k.method, k.full, k.kind)
		errs = append(errs, err)
		lines = append(lines, l)
	}
	return lines, joined(errs...)
}

// standing are the links that stand on a method.
func standing(links []*link, info MethodInfo) (stands []*link, errs []error) {
	for _, l := range links {
		on, err := l.covers(info.Method, info.Kind)
		if err != nil {
			errs = append(errs, err)
		} else if on {
			stands = append(stands, l)
		}
	}
	return stands, append(errs, repeated(stands, info))
}

// repeated refuses one interceptor that would run twice on a method.
func repeated(stands []*link, info MethodInfo) error {
	first := map[Interceptor]*link{}
	for _, l := range stands {
		if t := reflect.TypeOf(l.interceptor); t.Kind() != reflect.Pointer || t.Elem().Size() == 0 {
			continue // not told apart by its address
		}
		if f := first[l.interceptor]; f != nil {
			return l.errorf("the same interceptor stands on %s as link %q (%s) already; leave one of them out", info.Method, f.name, f.declaration)
		}
		first[l.interceptor] = l
	}
	return nil
}

// bind is the link's interceptor for a method that it stands on; nil where it declines.
func (l *link) bind(info MethodInfo, rules *readings) (_ Interceptor, err error) {
	b, ok := l.interceptor.(Binder)
	if !ok {
		return l.interceptor, nil
	}
	defer func() {
		if p := recover(); p != nil {
			rules.failed = true
			err = l.errorf("Bind of %s panicked: %v\n%s", info.Method, p, debug.Stack())
		}
	}()
	info.rules = rules
	i, err := b.Bind(info)
	rules.bound = true
	if err != nil {
		rules.failed = true
		if placed, ok := err.(*ruleError); ok {
			return nil, placed.error
		}
		return nil, l.errorf("Bind of %s: %w", info.Method, err)
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
