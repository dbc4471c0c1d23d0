package framework

import (
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"
)

// An Explanation says which links stand on a method, in order. Its String is a table for people; as JSON it is stable.
type Explanation struct {
	Method string        `json:"method"`
	Side   Side          `json:"side"`
	Target string        `json:"target,omitempty"` // the server's or client's name
	Kind   Kind          `json:"kind"`
	Known  bool          `json:"known"`           // false: neither bound, nor called, nor linked; Kind is a guess
	Links  []LinkOfChain `json:"links"`           // first is outermost
	Absent []LinkOfChain `json:"absent"`          // those that do not stand on it
	Rules  []MethodRule  `json:"rules"`           // of policies: first those that count, then those that do not
	Error  string        `json:"error,omitempty"` // why its RPCs are refused
}

// A LinkOfChain is a link as Explain shows it.
type LinkOfChain struct {
	Name  string `json:"name"`
	Stage Stage  `json:"stage"`
	Type  string `json:"type"`
	Place string `json:"place"`         // file:line of the declaration
	Why   string `json:"why,omitempty"` // it does not stand on the method
}

// Explain says which links stand on a method, "/pkg.Service/Method", and which do not and why. A method that was
// neither bound nor called is bound now, if it is known.
func (c *chain) Explain(fullMethod string) Explanation {
	e := Explanation{
		Method: fullMethod, Side: c.side, Target: c.target,
		Links: []LinkOfChain{}, Absent: []LinkOfChain{}, Rules: []MethodRule{}, // never null in JSON
	}
	m, err := ParseMethod(fullMethod)
	if err != nil {
		e.Error = err.Error()
		return e
	}
	l := c.bound(fullMethod)
	if e.Kind, e.Known = kindFor(m, l); l == nil && e.Known {
		if l, err = c.bindNow(m, fullMethod, e.Kind); err != nil {
			e.Error = err.Error()
			return e
		}
	}
	c.compiling.Lock()
	defer c.compiling.Unlock()
	made, err := c.lineup(m.FullService())
	if err != nil {
		e.Error = inTarget(c.side, c.target, err).Error()
		return e
	}
	for _, link := range slices.Concat(made.links, made.absent) {
		e.add(link, l, m)
	}
	if l != nil {
		e.Rules = append(e.Rules, l.rules...)
	}
	return e
}

// bindNow compiles a method ahead of its first call.
func (c *chain) bindNow(m Method, full string, kind Kind) (*line, error) {
	c.compiling.Lock()
	defer c.compiling.Unlock()
	if l := c.bound(full); l != nil {
		return l, nil
	}
	l, err := c.compile(m, full, kind)
	if err != nil {
		return nil, inTarget(c.side, c.target, err)
	}
	return c.lines.add(full, kind, l), nil
}

// bound is the line that a method has by now, of whichever kind.
func (c *chain) bound(full string) *line {
	for kind := range Kind(len(c.lines.kinds)) {
		if l := c.lines.get(full, kind); l != nil && l.refusal == nil {
			return l
		}
	}
	return nil
}

// kindFor is the kind that a method was bound with, or that its linked descriptor has.
func kindFor(m Method, l *line) (kind Kind, known bool) {
	if l != nil {
		return l.info.Kind, true
	}
	if d := descriptorOf(m); d != nil {
		return kindOf(d.IsStreamingClient(), d.IsStreamingServer()), true
	}
	return Unary, false
}

// Links are the chain's links, whatever methods they stand on: first those of the whole chain in order, then those of
// services, then those that stand on none, with the reason.
func (c *chain) Links() []LinkOfChain {
	var all []LinkOfChain
	for _, l := range slices.Concat(c.links, c.absent) {
		all = append(all, l.shown())
	}
	return all
}

func (l *link) shown() LinkOfChain {
	return LinkOfChain{Name: l.name, Stage: l.stage, Type: l.what, Place: l.declaration.String(), Why: l.absent}
}

func (e *Explanation) add(link *link, l *line, m Method) {
	shown := link.shown()
	switch {
	case link.absent != "":
	case !link.selects(m):
		shown.Why = "its patterns do not match"
	case link.unaryOnly && e.Kind != Unary:
		shown.Why = "it is for unary RPCs only"
	case l != nil && !l.has(link.name):
		shown.Why = "its Bind declined"
	default:
		e.Links = append(e.Links, shown)
		return
	}
	e.Absent = append(e.Absent, shown)
}

func (l *line) has(name string) bool {
	for _, n := range l.names {
		if n == name {
			return true
		}
	}
	return false
}

// Names are the names of the links, first is outermost.
func (e Explanation) Names() []string {
	names := make([]string, len(e.Links))
	for i, l := range e.Links {
		names[i] = l.Name
	}
	return names
}

// String is a table of the links, first is outermost, then of those that are absent.
func (e Explanation) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s, %s)\n", e.Method, e.Kind, targetName(e.Side, e.Target))
	if e.Error != "" {
		fmt.Fprintf(&b, "  refused: %s\n", e.Error)
	}
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, l := range e.Links {
		fmt.Fprintf(t, "  %d\t%s\t%s\t%s\t%s\n", i+1, l.Name, l.Stage, l.Type, l.Place)
	}
	for _, l := range e.Absent {
		fmt.Fprintf(t, "  -\t%s\t%s\t%s\t%s\t(%s)\n", l.Name, l.Stage, l.Type, l.Place, l.Why)
	}
	for _, r := range e.Rules {
		fmt.Fprintf(t, "  %s\t%s\t%s\t%s\t%s\n", r.mark(), r, r.Link, r.Pattern, r.Place+r.why())
	}
	return trimmed(t, &b)
}

// trimmed is what a table wrote, without spaces at the ends of lines.
func trimmed(t *tabwriter.Writer, b *strings.Builder) string {
	_ = t.Flush() // a strings.Builder does not fail
	lines := strings.Split(b.String(), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimRight(line, " ")
	}
	return strings.Join(lines, "\n")
}

// String is a table of the chain's links, first is outermost, whatever methods they stand on.
func (c *chain) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s chain of %d links\n", targetName(c.side, c.target), len(c.links))
	t := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	for i, l := range c.links {
		fmt.Fprintf(t, "  %d\t%s\t%s\t%s\t%s\t%s\n", i+1, l.name, l.stage, l.what, l.declaration, l.scope())
	}
	for _, l := range c.absent {
		fmt.Fprintf(t, "  -\t%s\t%s\t%s\t%s\t(%s)\n", l.name, l.stage, l.what, l.declaration, l.absent)
	}
	return trimmed(t, &b)
}

func targetName(side Side, target string) string {
	if target == "" {
		return side.String()
	}
	return fmt.Sprintf("%s %q", side, target)
}

// scope says on which methods a link stands, as declared.
func (l *link) scope() string {
	var words []string
	if len(l.layer.services) > 0 {
		words = append(words, l.layer.String())
	}
	for _, on := range l.on {
		words = append(words, fmt.Sprint("on ", join(on)))
	}
	if len(l.except) > 0 {
		words = append(words, fmt.Sprint("except ", join(l.except)))
	}
	if l.unaryOnly {
		words = append(words, "unary only")
	}
	return strings.Join(words, ", ")
}

func join[T fmt.Stringer](all []T) string {
	texts := make([]string, len(all))
	for i, s := range all {
		texts[i] = s.String()
	}
	return strings.Join(texts, " ")
}
