package framework

import (
	"fmt"
	"maps"
	"slices"

	"github.com/sluice-go/sluice/internal/tag"
)

// When declares a condition: the links that name it, by If or in a tag by `when=`, are in the chain only where on is true.
// It is asked once, when the chain is made.
func When(name string, on bool) Part { return &condition{name: name, on: on, place: callerOutside(2)} }

type condition struct {
	name  string
	on    bool
	place string
}

func (c *condition) addTo(d *draft) {
	placed := *c
	placed.place = d.placed(c.place)
	d.conditions = append(d.conditions, &placed)
}

// If keeps the link out of the chain while a condition is off; see When. Where it is said more than once all must hold.
// A condition that no When declares is an error.
func If(condition string) LinkOption {
	return linkOption(func(d *declaration) { d.conditions = append(d.conditions, word{text: condition}) })
}

// conditions are what a chain's parts say of each, by name.
func conditionsOf(declared []*condition) (map[string]bool, []error) {
	var errs []error
	first := map[string]*condition{}
	on := map[string]bool{}
	for _, c := range declared {
		switch f := first[c.name]; {
		case !validName(c.name):
			errs = append(errs, fmt.Errorf("framework: When (%s): %q is not a name: letters, digits and ._-#/ are allowed", c.place, c.name))
		case f == nil:
			first[c.name], on[c.name] = c, c.on
		case f.on != c.on:
			errs = append(errs, fmt.Errorf("framework: When (%s): condition %q is %t, and %t at %s; keep one", c.place, c.name, c.on, f.on, f.place))
		}
	}
	return on, errs
}

// judge says whether the conditions of a link hold, and refuses those that nobody declared.
func (l *link) judge(on map[string]bool) (errs []error) {
	for _, w := range l.conditions {
		holds, ok := on[w.text]
		if !ok {
			errs = append(errs, l.errorAt(w.at, "unknown condition %q%s; declare it with When",
				w.text, tag.Suggest(w.text, slices.Sorted(maps.Keys(on)))))
		} else if !holds && l.absent == "" {
			l.absent = fmt.Sprintf("condition %q is off", w.text)
		}
	}
	return errs
}
