package framework

import (
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sluice-go/sluice/internal/method"
	"github.com/sluice-go/sluice/internal/tag"
)

// Rules says what the methods of a pattern need: the option form of a field of a policy struct. Of several rules with one
// key the one of the most specific pattern counts for a method; two that are as specific must say the same. A
// pattern that matches nothing is an error, unless written "?pattern", and so is a key that no link on a method reads. No
// settings, which a caller may have computed, say nothing.
func Rules(pattern string, s ...Setting) Part {
	r := &ruling{text: pattern, what: "Rules", place: callerOutside(2)}
	p, err := method.ParsePattern(pattern)
	if err != nil {
		r.problems = append(r.problems, problem{text: err.Error()})
	}
	r.patterns = []method.Pattern{p}
	r.set(s)
	return r
}

// set adds typed settings.
func (r *ruling) set(settings []Setting) {
	for i := range settings {
		r.settings = append(r.settings, ruleSetting{typed: &settings[i], name: settings[i].name(), text: settings[i].text})
	}
}

// A ruling is one line of a policy: settings for the methods of some patterns.
type ruling struct {
	patterns []method.Pattern // that of each service it is for
	text     string           // the pattern as written
	what     string           // for errors, where no tag says it
	place    string
	at       *tag.Position // of the pattern
	settings []ruleSetting
	fallback bool // from a proto: yields to what is as specific

	ofServices bool   // the patterns are those of a policy's services
	absent     string // why it does not count; "" where it does
	problems   []problem
}

// A ruleSetting is a key with a value: of a tag, or typed.
type ruleSetting struct {
	name  string // as written: "rate", "tenants.rate"
	text  string // the value as written, "" for none
	typed *Setting
	at    *tag.Position
}

func (r *ruling) addTo(d *draft) {
	placed := *r
	placed.place = d.placed(r.place)
	d.book.rulings = append(d.book.rulings, &placed)
}

// matches says whether the ruling is for a method, and how specific it is there.
func (r *ruling) matches(m Method) (specificity int, ok bool) {
	for _, p := range r.patterns {
		if p.Match(m.FullService(), m.Name) {
			specificity, ok = max(specificity, p.Specificity()), true
		}
	}
	return specificity, ok
}

func (r *ruling) errorAt(at *tag.Position, format string, args ...any) error {
	if at == nil {
		at = r.at
	}
	return origin{r.place, at}.errorf(r.what, format, args...)
}

// PolicyFrom takes rules from the protos, so that services in other languages can share them: f gives the settings of a
// method, from its options for instance, and none where these say nothing. It is called once for each method that is
// linked into the binary, when the method is bound. A rule by tag or by Rules that is as specific as a method's own wins
// over them. An error of f fails the method.
func PolicyFrom(f func(protoreflect.MethodDescriptor) ([]Setting, error)) Part {
	return &policySource{f: f, place: callerOutside(2)}
}

type policySource struct {
	f     func(protoreflect.MethodDescriptor) ([]Setting, error)
	place string
}

func (p *policySource) addTo(d *draft) {
	placed := *p
	placed.place = d.placed(p.place)
	if p.f == nil {
		d.errorf("PolicyFrom (%s): the function is nil", placed.place)
		return
	}
	d.book.sources = append(d.book.sources, &placed)
}

// ruling asks for the rules of a method; nil where there are none.
func (p *policySource) ruling(info MethodInfo) (r *ruling, err error) {
	if info.Descriptor == nil {
		return nil, nil
	}
	r = &ruling{text: info.Method.String()[1:], what: "PolicyFrom", place: p.place, fallback: true}
	defer func() {
		if v := recover(); v != nil {
			err = r.errorAt(nil, "%s: panic: %v", info.Method, v)
		}
	}()
	settings, err := p.f(info.Descriptor)
	if err != nil {
		return nil, r.errorAt(nil, "%s: %w", info.Method, err)
	}
	exact, err := method.ParsePattern(r.text)
	r.patterns = []method.Pattern{exact}
	r.set(settings)
	return r, err
}
