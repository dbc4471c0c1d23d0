package errmap

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A RuleInfo is a rule of a mapper as documentation shows it.
type RuleInfo struct {
	Rule     string // On("order not found"), Tagged[*shop.OutOfStock]
	Place    string // where it was made, as file:line
	Code     Code   // zero for a hook
	Reason   string // by which clients know the error; "" for none
	Domain   string // of the reason
	Message  string // that clients read, with {Field} for fields; "" where a function makes it
	Patterns []string
	Tags     string // what the tags of an error struct say, in one spelling; "" without any
}

// Rules are the mapper's rules, sorted by name: tables of all reasons are made of them.
func (m *Mapper) Rules() iter.Seq[RuleInfo] {
	return func(yield func(RuleInfo) bool) {
		for _, r := range m.list {
			if !yield(r.info(m.config.Domain)) {
				return
			}
		}
	}
}

func (r Rule) info(defaultDomain string) RuleInfo {
	subject, _ := strings.CutSuffix(r.String(), " at "+r.place)
	i := RuleInfo{Rule: subject, Place: r.place, Reason: r.reason, Patterns: slices.Clone(r.patterns)}
	if r.form == hookForm {
		return i
	}
	i.Code = r.code
	if r.reason != "" {
		i.Domain = cmp.Or(r.domain, defaultDomain)
	}
	switch {
	case r.tagged != nil:
		i.Tags, i.Message = r.tagged.String(), r.tagged.template()
	case r.messageOf == nil && !r.expose:
		i.Message = r.text()
	}
	return i
}

// template is the message with the names of its fields.
func (d *declaration) template() string {
	if d.message == nil {
		return d.code.Error()
	}
	var b strings.Builder
	for _, s := range d.message {
		if s.field < 0 {
			b.WriteString(strings.ReplaceAll(s.text, "{", "{{"))
			continue
		}
		b.WriteString("{" + d.fields[s.field].name + "}")
	}
	return b.String()
}

// String is the rule on a line, with the tags on lines below.
func (i RuleInfo) String() string {
	var b strings.Builder
	b.WriteString(i.Rule)
	if i.Code != 0 {
		fmt.Fprintf(&b, ": %s", i.Code.Name())
	}
	if i.Reason != "" {
		fmt.Fprintf(&b, ", %s in %s", i.Reason, i.Domain)
	}
	if i.Message != "" {
		fmt.Fprintf(&b, ", %q", i.Message)
	}
	if len(i.Patterns) > 0 {
		fmt.Fprintf(&b, ", for %s", strings.Join(i.Patterns, " "))
	}
	if i.Tags != "" {
		b.WriteString("\n" + i.Tags)
	}
	return b.String()
}
