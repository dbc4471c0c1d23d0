package tagvet

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// policy looks at a policy struct: at its tags as framework does at startup, and at types, keys and services.
func (c *checker) policy(l *level) {
	c.reading(l, l.startup(asRule))
	items, errs := tag.PolicyLine().Read(l.Struct, l.Line)
	c.services(l, items.First)
	if i, ok := items.Get("default"); ok {
		if _, ok := items.Get("clients"); ok {
			c.atText(l, l.variable(l.Line), i.Offset, "default says who may call, which a server decides; leave it out for a client")
		}
	}
	p := policyChecker{c, l, nil}
	if len(errs) == 0 && items.First.Value != "*" {
		p.services = items.First.Words()
	}
	for i := range l.Fields {
		if f := &l.Fields[i]; f.Tagged {
			p.field(f)
		}
	}
}

// A policyChecker looks at the fields of one policy.
type policyChecker struct {
	*checker
	*level
	services []tag.Word // none for all
}

func (p policyChecker) field(f *tag.Field) {
	v := p.variable(f)
	if problem := notRule(v.Type()); problem != "" {
		p.atType(p.level, v, problem)
	}
	items, errs := tag.RuleField().Read(p.Struct, f)
	for _, i := range items.Rest() {
		p.rule(f, i)
	}
	if len(errs) == 0 && items.First.Name != "" {
		p.method(f, items.First)
	}
}

// rule looks at one key with its value.
func (p policyChecker) rule(f *tag.Field, i tag.Item) {
	key, meant := p.key(i.Name)
	if meant != "" {
		p.atText(p.level, p.variable(f), i.Offset, fmt.Sprintf("no known interceptor reads %q; did you mean %q?", i.Name, meant))
	}
	if key == nil {
		return
	}
	if err := framework.CheckValue(key, i.Value); err != nil {
		p.atText(p.level, p.variable(f), culprit(i, err.Error()), fmt.Sprintf("%s: %v", i.Name, err))
	}
}

// culprit is where the word of a value stands that a mistake names first; the value where it names none.
func culprit(i tag.Item, problem string) (offset int) {
	offset, first := i.At(0), len(problem)
	for _, w := range i.Words() {
		if named := strings.Index(problem, strconv.Quote(w.Text)); named >= 0 && named < first {
			offset, first = w.Offset, named
		}
	}
	return offset
}

// method looks at the methods that a rule is for.
func (p policyChecker) method(f *tag.Field, first tag.Item) {
	if len(p.services) == 0 {
		p.pattern(p.level, f, first.Name, first.Offset)
	}
	name, optional := strings.CutPrefix(first.Name, "?")
	var own []service // those of the policy that are known
	var found []method
	known := 0
	for _, text := range p.patterns(name) {
		pattern, err := framework.ParsePattern(text)
		if err != nil {
			return // told by framework
		}
		services := p.known.named(pattern)
		known += min(1, len(services))
		own = append(own, services...)
		found = append(found, selected(pattern, services)...)
		if len(services) == 1 { // else it is not known which one a server has
			p.inputs(f, selected(pattern, services))
		}
	}
	if len(p.services) > 0 && known == len(p.services) && len(found) == 0 && !optional {
		p.atText(p.level, p.variable(f), first.Offset+len(first.Name)-len(name),
			fmt.Sprintf("no method of %s matches %q%s", p.text(), name, tag.DidYouMean(name, names("", own))))
	}
}

// patterns are those of a rule's methods on each service of the policy.
func (p policyChecker) patterns(name string) (all []string) {
	if len(p.services) == 0 {
		return []string{name}
	}
	for _, w := range p.services {
		all = append(all, strings.TrimPrefix(w.Text, "?")+"/"+name)
	}
	return all
}

func (p policyChecker) text() string {
	all := make([]string, len(p.services))
	for i, w := range p.services {
		all[i] = w.Text
	}
	return strings.Join(all, " ")
}

// inputs reports a check that is for other requests than those of its methods.
func (p policyChecker) inputs(f *tag.Field, methods []method) {
	v := p.variable(f)
	request := checked(v.Type())
	for _, m := range methods {
		if request != "" && m.Input != "" && m.Input != request {
			p.atType(p.level, v, fmt.Sprintf("the check takes %s, and the requests of %s are %s", shortened(request), m.Name, shortened(m.Input)))
			return
		}
	}
}

// shortened is a type without the path of its package.
func shortened(name string) string {
	star, path := "", name
	if strings.HasPrefix(name, "*") {
		star, path = "*", name[1:]
	}
	return star + path[strings.LastIndexByte(path, '/')+1:]
}
