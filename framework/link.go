package framework

import (
	"fmt"

	"github.com/sluice-go/sluice/internal/tag"
)

// A link is a declaration in its place in a chain.
type link struct {
	*declaration
	name   string
	stage  Stage
	rank   int // of the stage, on the chain's side; a service's own links are deeper
	before []word
	after  []word
}

// name gives every declaration its name: its own, or its package's with a number from the second one on.
func name(declared []*declaration) []*link {
	all := make([]*link, len(declared))
	taken := map[string]bool{}
	for i, d := range declared {
		all[i] = &link{declaration: d, name: d.placement.Name}
		taken[d.placement.Name] = true
	}
	for _, l := range all {
		if l.name == "" {
			l.name = unusedName(l.pkg, taken)
			taken[l.name] = true
		}
	}
	return all
}

func unusedName(base string, taken map[string]bool) string {
	candidate := base
	for n := 2; taken[candidate]; n++ {
		candidate = fmt.Sprintf("%s#%d", base, n)
	}
	return candidate
}

// settle takes over what the declaration says of the place, and checks it.
func (l *link) settle(side Side) (errs []error) {
	for _, p := range l.problems {
		errs = append(errs, l.errorAt(p.at, "%s", p.text))
	}
	l.before = orElse(l.declaration.before, l.placement.Before)
	l.after = orElse(l.declaration.after, l.placement.After)
	if l.stage = l.placement.Stage; l.stage == "" {
		l.stage = StageApp
	}
	if !l.placement.serves(side) {
		return append(errs, l.errorf("%s does not serve on a %s; it serves on a %s", l.what, side, 1-side))
	}
	if err := l.settleStage(side); err != nil && (l.at == nil || l.declaration.absent == "") { // else its tag is told
		errs = append(errs, err)
	}
	if err := l.halvesMissing(); err != nil {
		errs = append(errs, err)
	}
	for _, k := range l.placement.Keys {
		if err := flawOf(k); err != nil {
			errs = append(errs, l.errorf("Placement lists a key that is none: %v", err))
		}
	}
	return append(errs, l.loose()...)
}

func (l *link) settleStage(side Side) error {
	if !l.stage.known() {
		return l.errorf("unknown stage %q%s", l.stage, tag.DidYouMean(string(l.stage), stageNames(side)))
	}
	rank, ok := l.stage.rank(side)
	if !ok {
		return l.errorf("stage %q is not on a %s%s", l.stage, side, tag.DidYouMean(string(l.stage), stageNames(side)))
	}
	l.rank = rank
	return nil
}

// halfBelow is how a struct has the other half of a pair.
const halfBelow = "give it a field of the same name below"

// halvesMissing refuses a raw pair whose missing half is known to be needed before any method is.
func (l *link) halvesMissing() error {
	switch {
	case l.raw.noUnary && l.raw.noStream:
		return l.errorf("both interceptors are nil; pass one, or leave the part out")
	case l.raw.noUnary && l.unaryOnly:
		return l.errorf("%s was said, but the unary interceptor is nil", l.option("UnaryOnly", "unary"))
	case len(l.on)+len(l.layer.services) > 0 || l.unaryOnly:
		return nil
	case l.raw.noStream:
		return l.errorf("streams would go uncovered: the stream interceptor is nil; %s, or say %s",
			l.option("pass one", halfBelow), l.option("UnaryOnly()", "unary"))
	case l.raw.noUnary:
		return l.errorf("unary RPCs would go uncovered: the unary interceptor is nil; %s, or say %s with streaming methods",
			l.option("pass one", halfBelow), l.option("On(…)", "on="))
	}
	return nil
}

// covers says whether the link stands on a method, and refuses a method whose half is missing.
func (l *link) covers(m Method, kind Kind) (bool, error) {
	if !l.selects(m) || l.unaryOnly && kind != Unary {
		return false, nil
	}
	if kind == Unary && l.raw.noUnary || kind != Unary && l.raw.noStream {
		return false, l.errorf("%s (%s) would go uncovered: that half of the pair is nil; %s, or take the method out with %s",
			m, kind, l.option("pass it", halfBelow), l.option("Except", "except="))
	}
	return true, nil
}

func (l *link) selects(m Method) bool {
	for _, one := range l.on {
		if !matchAny(one, m) {
			return false
		}
	}
	return !matchAny(l.except, m)
}

func matchAny(patterns []scoped, m Method) bool {
	for _, p := range patterns {
		if p.Match(m.FullService(), m.Name) {
			return true
		}
	}
	return false
}

// errorf is an error about the link, with its name and place.
func (l *link) errorf(format string, args ...any) error { return l.errorAt(nil, format, args...) }

// errorAt is errorf about one word of the declaration.
func (l *link) errorAt(at *tag.Position, format string, args ...any) error {
	return l.origin(at).errorf(fmt.Sprintf("link %q", l.name), format, args...)
}

// option is how an option is called where the link was declared: in code, or in a tag.
func (l *link) option(inCode, inTag string) string {
	if l.at != nil {
		return inTag
	}
	return inCode
}

// origin is where a word of the declaration stands, or the declaration as a whole.
func (d *declaration) origin(at *tag.Position) origin {
	if at == nil {
		at = d.at
	}
	return origin{d.place, at}
}

func orElse(said []word, otherwise []string) []word {
	if len(said) > 0 {
		return said
	}
	own := words(otherwise)
	for i := range own {
		own[i].own = true
	}
	return own
}

func stageNames(side Side) []string {
	names := make([]string, len(stageOrder[side]))
	for i, s := range stageOrder[side] {
		names[i] = string(s)
	}
	return names
}
