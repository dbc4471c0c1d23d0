package fxgrpc

import (
	"errors"

	"github.com/sluice-go/sluice/framework"
)

// Check checks the chains against what the app has registered on its servers by itself, besides what the Plan knew when
// it was made: that each pattern matches a method of one of its servers, and the rules of each method. It is done
// when the first server starts, before it listens; a test that starts nothing calls it.
func (p *Plan) Check() error {
	var errs []error
	for _, s := range p.servers {
		errs = append(errs, s.bind())
	}
	return errors.Join(distinct(append(errs, p.unmatched(func(framework.PatternMatch) bool { return true })...))...)
}

// certain reports whether a pattern matches nothing, whatever the app registers by itself.
func (p *Plan) certain(m framework.PatternMatch) bool {
	for _, s := range p.servers {
		if s.err == nil && s.bound < 0 {
			return false
		}
	}
	return !m.Linked
}

// unmatched are the errors of patterns that match nothing on any of the servers that they are for.
func (p *Plan) unmatched(judged func(framework.PatternMatch) bool) (errs []error) {
	type pattern struct{ text, place string }
	matched := map[pattern]bool{}
	var all []framework.PatternMatch
	for _, s := range p.servers {
		for _, m := range s.matches {
			key := pattern{m.Pattern, m.Place}
			matched[key] = matched[key] || m.Err == nil
			all = append(all, m)
		}
	}
	for _, m := range all {
		if key := (pattern{m.Pattern, m.Place}); !matched[key] && judged(m) {
			matched[key] = true // said once
			errs = append(errs, m.Err)
		}
	}
	return errs
}
