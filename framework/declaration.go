package framework

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sluice-go/sluice/internal/method"
	"github.com/sluice-go/sluice/internal/tag"
)

// A declaration is one link as it was declared: an interceptor, its own placement, and what options or tags said.
type declaration struct {
	interceptor Interceptor
	raw         halves // which halves a raw pair has; all for an Interceptor
	placement   Placement
	what        string        // the type, for people
	pkg         string        // the name it gets when none is given
	place       string        // file:line
	at          *tag.Position // of the field that holds it; nil in code
	order       fieldOrder

	on         [][]scoped // a method must match one of each
	except     []scoped
	before     []word // as options said; nil for the placement's
	after      []word
	conditions []word // all must hold
	unaryOnly  bool
	layer      layer
	absent     string // why it is in no line; "" where it may be
	elsewhere  bool   // it is for other servers or clients
	echo       bool   // its patterns are those of a rule, which are looked at there
	problems   []problem
}

// A problem is what is wrong with a declaration by itself.
type problem struct {
	at   *tag.Position // nil: the declaration as a whole
	text string
}

// isRaw reports whether the link is a pair of grpc's own interceptors.
func (d *declaration) isRaw() bool {
	switch d.interceptor.(type) {
	case *rawServer, *rawClient:
		return true
	}
	return false
}

// halves says which kinds a raw pair lacks. The zero value lacks none.
type halves struct{ noUnary, noStream bool }

// A LinkOption places a link. Options are made by this package; other packages may embed one in options of their own.
type LinkOption interface{ apply(d *declaration) }

type linkOption func(d *declaration)

func (o linkOption) apply(d *declaration) { o(d) }

// Name gives the link a name, by which other links, Explain and errors call it.
// A method has a name once. Letters, digits and "._-#/" are allowed.
func Name(name string) LinkOption {
	return linkOption(func(d *declaration) { d.called(name, nil) })
}

func (d *declaration) called(name string, at *tag.Position) {
	if !validName(name) {
		d.problem(at, "name %q is not a link name: letters, digits and ._-#/ are", name)
	}
	d.placement.Name = name
}

// At puts the link into a stage.
func At(stage Stage) LinkOption {
	return linkOption(func(d *declaration) { d.placement.Stage = stage })
}

// On keeps the link to the methods that a pattern matches; without it a link stands on all. Patterns are
// "pkg.Svc/Method", "pkg.Svc/Get*", "pkg.Svc/*", "pkg.*", "*", or "Svc/Method" where one service ends so.
// Each must match a method, unless written "?pattern".
func On(patterns ...string) LinkOption {
	return linkOption(func(d *declaration) {
		if len(d.on) == 0 {
			d.on = [][]scoped{nil}
		}
		d.on[0] = append(d.on[0], d.patterns("On: ", words(patterns))...)
	})
}

// Except keeps the link away from the methods that a pattern matches, also from those that On matches.
func Except(patterns ...string) LinkOption {
	return linkOption(func(d *declaration) { d.except = append(d.except, d.patterns("Except: ", words(patterns))...) })
}

// Before puts the link outside of the named ones, which are in its own stage or in a later one. Write
// "?name" for one that may be missing. It replaces the Before of the interceptor's own Placement.
func Before(names ...string) LinkOption {
	return linkOption(func(d *declaration) { d.before = append(d.before, words(names)...) })
}

// After puts the link inside of the named ones, which are in its own stage or in an earlier one. Write
// "?name" for one that may be missing. It replaces the After of the interceptor's own Placement.
func After(names ...string) LinkOption {
	return linkOption(func(d *declaration) { d.after = append(d.after, words(names)...) })
}

// UnaryOnly keeps the link to unary methods, said on purpose: streams are not covered.
func UnaryOnly() LinkOption {
	return linkOption(func(d *declaration) { d.unaryOnly = true })
}

func (d *declaration) addTo(draft *draft) {
	c := *d
	c.place = draft.placed(d.place)
	draft.links = append(draft.links, &c)
}

// declared applies the options and notes where Use was called.
func (d *declaration) declared(options []LinkOption) Part {
	d.place = callerOutside(3)
	for _, o := range options {
		if o == nil {
			d.problem(nil, "a nil LinkOption was given")
			continue
		}
		o.apply(d)
	}
	return d
}

// callerOutside is the place, as file:line, of the caller that many frames up.
func callerOutside(skip int) string {
	_, file, line, ok := runtime.Caller(skip)
	if !ok {
		return "unknown place"
	}
	return fmt.Sprintf("%s:%d", filepath.Base(file), line)
}

func (d *declaration) problem(at *tag.Position, format string, args ...any) {
	d.problems = append(d.problems, problem{at, fmt.Sprintf(format, args...)})
}

func (d *declaration) patterns(prefix string, texts []word) []scoped {
	patterns := make([]scoped, 0, len(texts))
	for _, w := range texts {
		p, err := method.ParsePattern(w.text)
		if err != nil {
			d.problem(w.at, "%s%v", prefix, err)
			continue
		}
		patterns = append(patterns, scoped{p, w})
	}
	return patterns
}

func (d *declaration) String() string { return d.origin(nil).String() }

func validName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("._-#/", r) && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}) < 0
}
