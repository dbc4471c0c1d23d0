package framework

import (
	"fmt"
	"reflect"
	"slices"

	"github.com/sluice-go/sluice/internal/tag"
)

// A book is what the policies of a chain say.
type book struct {
	rulings []*ruling
	sources []*policySource
	covered []*coverage
	values  map[parsedText]any // what tags say, parsed by each key that the chain's links list
	readers []reader           // all that any link understands
}

// A reader is a link that understands a key.
type reader struct {
	link *link
	key  *key
}

type parsedText struct {
	setting *ruleSetting
	key     *key
}

// names reports whether a policy is about a method's service by name.
func (b *book) names(m Method) bool {
	return slices.ContainsFunc(b.rulings, func(r *ruling) bool {
		_, ok := r.matches(m)
		return ok && r.absent == "" && r.patterns[0].Service() != ""
	})
}

// prepare parses the values of tags, and refuses what is wrong by itself.
func (b *book) prepare(c *chain) error {
	var errs []error
	for _, l := range slices.Concat(c.links, c.absent) {
		for _, k := range l.placement.Keys {
			if flawOf(k) == nil {
				b.readers = append(b.readers, reader{l, k.identity()})
			}
		}
	}
	b.values = map[parsedText]any{}
	for _, r := range b.rulings {
		errs = append(errs, b.prepareRuling(c, r)...)
	}
	if c.side == ClientSide {
		errs = append(errs, b.contradictions())
	}
	for _, cover := range b.covered {
		errs = append(errs, cover.check(c.side))
	}
	return tag.Group(errs...)
}

// contradictions refuses rules for all methods that say different things. Those for fewer are found when methods are
// bound, which are known of a client only where a rule names their service.
func (b *book) contradictions() error {
	type said struct {
		*ruling
		*ruleSetting
		value any
	}
	var errs []error
	first := map[reader]said{}
	for _, r := range b.rulings {
		for i := range r.settings {
			s := &r.settings[i]
			found := s.readers(b.readers)
			if r.absent != "" || r.patterns[0].String() != "*" || len(found) != 1 {
				continue
			}
			one := said{r, s, b.values[parsedText{s, found[0].key}]}
			f, again := first[found[0]]
			if again && !reflect.DeepEqual(one.value, f.value) {
				errs = append(errs, r.errorAt(s.at, "%s is %s here, and %s at %s; keep one", s.name, s.shown(), f.shown(), origin{f.place, f.ruling.at}))
			}
			if !again {
				first[found[0]] = one
			}
		}
	}
	return tag.Group(errs...)
}

func (b *book) prepareRuling(c *chain, r *ruling) (errs []error) {
	if r.absent != "" {
		return nil
	}
	for _, p := range r.problems {
		errs = append(errs, r.errorAt(p.at, "%s", p.text))
	}
	for i := range r.settings {
		s := &r.settings[i]
		if s.typed != nil && s.typed.key == nil {
			errs = append(errs, r.errorAt(nil, zeroSetting))
			continue
		}
		found := s.readers(b.readers)
		if len(found) == 0 && c.side == ClientSide {
			errs = append(errs, b.unread(r, s, "of the chain"))
		}
		for _, reader := range found {
			if _, parsed := b.values[parsedText{s, reader.key}]; parsed {
				continue
			}
			v, err := s.value(reader.key)
			if err != nil {
				errs = append(errs, r.errorAt(s.at, "%s: %w", s.name, err))
			}
			b.values[parsedText{s, reader.key}] = v
		}
	}
	return errs
}

// value is what the setting says to a key.
func (s *ruleSetting) value(k *key) (v any, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("its parse function panicked: %v", p)
		}
	}()
	if s.typed == nil {
		return k.parse(s.text)
	}
	if k.text != nil {
		_, err = k.parse(s.typed.text)
	}
	return s.typed.value, err
}

// valueOf is value, which is known by now but for what a proto says.
func (b *book) valueOf(s *ruleSetting, k *key) (any, error) {
	if v, parsed := b.values[parsedText{s, k}]; parsed {
		return v, nil
	}
	return s.value(k)
}

// readers are those that the setting speaks to.
func (s *ruleSetting) readers(all []reader) (found []reader) {
	for _, r := range all {
		if s.speaksTo(r, "") {
			found = append(found, r)
		}
	}
	if len(found) > 0 || s.typed != nil {
		return found
	}
	for _, r := range all {
		if s.speaksTo(r, r.link.name+".") {
			found = append(found, r)
		}
	}
	return found
}

func (s *ruleSetting) speaksTo(r reader, prefix string) bool {
	if s.typed != nil {
		return r.key == s.typed.key && (s.typed.link == "" || s.typed.link == r.link.name)
	}
	return s.name == prefix+r.key.name
}

// qualified is how the setting says for which link it is.
func (s *ruleSetting) qualified(r reader) string {
	if s.typed != nil {
		return fmt.Sprintf("as with For(%q)", r.link.name)
	}
	return fmt.Sprintf("as in %q", r.link.name+"."+r.key.name)
}
