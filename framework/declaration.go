package framework

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/sluice-go/sluice/internal/method"
)

// A declaration is one link as it was declared: an interceptor, its own placement, and what the options said.
type declaration struct {
	interceptor Interceptor
	raw         halves // which halves a raw pair has; all for an Interceptor
	placement   Placement
	what        string // the type, for people
	pkg         string // the name it gets when none is given
	place       string // file:line
	on, except  []method.Pattern
	before      []string // as options said; nil for the placement's
	after       []string
	unaryOnly   bool
	problems    []string
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
// A chain has a name once. Letters, digits and "._-#/" are allowed.
func Name(name string) LinkOption {
	return linkOption(func(d *declaration) {
		if !validName(name) {
			d.problem("name %q is not a link name: letters, digits and ._-#/ are", name)
		}
		d.placement.Name = name
	})
}

// At puts the link into a stage.
func At(stage Stage) LinkOption {
	return linkOption(func(d *declaration) { d.placement.Stage = stage })
}

// On keeps the link to the methods that a pattern matches; without it a link stands on all. Patterns are
// "pkg.Svc/Method", "pkg.Svc/Get*", "pkg.Svc/*", "pkg.*", "*", or "Svc/Method" where one service ends so.
// Each must match a method, unless written "?pattern".
func On(patterns ...string) LinkOption {
	return linkOption(func(d *declaration) { d.on = append(d.on, d.patterns("On", patterns)...) })
}

// Except keeps the link away from the methods that a pattern matches, also from those that On matches.
func Except(patterns ...string) LinkOption {
	return linkOption(func(d *declaration) { d.except = append(d.except, d.patterns("Except", patterns)...) })
}

// Before puts the link outside of the named ones, which are in its own stage or in a later one. Write
// "?name" for one that may be missing. It replaces the Before of the interceptor's own Placement.
func Before(names ...string) LinkOption {
	return linkOption(func(d *declaration) { d.before = append(d.before, names...) })
}

// After puts the link inside of the named ones, which are in its own stage or in an earlier one. Write
// "?name" for one that may be missing. It replaces the After of the interceptor's own Placement.
func After(names ...string) LinkOption {
	return linkOption(func(d *declaration) { d.after = append(d.after, names...) })
}

// UnaryOnly keeps the link to unary methods, said on purpose: streams are not covered.
func UnaryOnly() LinkOption {
	return linkOption(func(d *declaration) { d.unaryOnly = true })
}

// Declared says where the declaration stands, as "file.go:12", for packages that call Use on behalf of others.
// Without it, it is where Use was called.
func Declared(place string) LinkOption {
	return linkOption(func(d *declaration) { d.place = place })
}

func (d *declaration) addTo(draft *draft) { draft.links = append(draft.links, d) }

// declared applies the options and notes where Use was called.
func (d *declaration) declared(options []LinkOption) Part {
	d.place = callerOutside(3)
	for _, o := range options {
		if o == nil {
			d.problem("a nil LinkOption was given")
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

func (d *declaration) problem(format string, args ...any) {
	d.problems = append(d.problems, fmt.Sprintf(format, args...))
}

func (d *declaration) patterns(option string, texts []string) []method.Pattern {
	patterns := make([]method.Pattern, 0, len(texts))
	for _, text := range texts {
		p, err := method.ParsePattern(text)
		if err != nil {
			d.problem("%s: %v", option, err)
			continue
		}
		patterns = append(patterns, p)
	}
	return patterns
}

func validName(name string) bool {
	return name != "" && strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("._-#/", r) && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	}) < 0
}
