package framework

import (
	"cmp"
	"reflect"
	"strings"

	"github.com/sluice-go/sluice/internal/method"
	"github.com/sluice-go/sluice/internal/tag"
)

// Rule is the type of a policy struct's fields; see Policy.
type Rule struct{}

// Policy declares what the methods of services need, as the tags of a struct's fields say. The fields are of type Rule:
// first the method, then keys with values, which belong to the interceptors that list and read them.
//
//	type OrdersPolicy struct {
//		_   struct{}       `grpc:"service=acme.orders.v1.Orders,default=deny"`
//		All framework.Rule `grpc:"*,timeout=2s"`
//		Get framework.Rule `grpc:"Get,timeout=300ms,allow=role:reader role:admin"`
//	}
//
// An exact method wins over "Get*" over "*", key by key. On a server a method to which none of allow, require, anonymous
// and deny applies fails the start, unless the policy says default=allow. A key that no link on the method reads fails
// it, too: no rule is silently unenforced.
//
// A field that is a func(context.Context, *pb.CreateRequest) error, tagged like a Rule, is a check of its own for
// the requests of a server: it runs on each in stage Validate, and its error ends the RPC.
func Policy(v any) Part {
	p := &policyPart{place: callerOutside(2)}
	value, problem := structValue(v)
	if problem != "" {
		p.problem = problem
		return p
	}
	p.typ = value.Type()
	p.read(value)
	return p
}

// A policyPart is what one policy struct says.
type policyPart struct {
	typ     reflect.Type
	place   string
	problem string
	errs    []*tag.Error
	cover   coverage
	targets struct{ servers, clients targets }
	rulings []*ruling
	checks  []*declaration
	typed   bool // only the type is read: there are no values
}

func (p *policyPart) addTo(d *draft) {
	place := d.placed(p.place)
	if p.problem != "" {
		d.errorf("Policy (%s): %s", place, p.problem)
		return
	}
	d.fail(p.errs, place)
	if len(p.targetsOn(d.side)) == 0 && len(p.targetsOn(1-d.side)) > 0 {
		d.errorf("%s (%s) is for %ss, and this chain is a %s's; leave it out", tag.TypeName(p.typ), place, 1-d.side, d.side)
		return
	}
	p.targetsOn(d.side).check(d, p.typ, place)
	for _, part := range p.parts(p.targetsOn(d.side).absence(d)) {
		DeclaredAt(place, part).addTo(d)
	}
}

func (p *policyPart) targetsOn(side Side) targets {
	if side == ClientSide {
		return p.targets.clients
	}
	return p.targets.servers
}

// parts are what the policy says. What a chain leaves out is among them, for Explain.
func (p *policyPart) parts(absent string) (all []Part) {
	if absent == "" {
		all = append(all, &p.cover)
	}
	for _, r := range p.rulings {
		own := *r
		own.absent = absent
		all = append(all, &own)
	}
	for _, c := range p.checks {
		own := *c
		own.absent, own.elsewhere = absent, absent != ""
		all = append(all, &own)
	}
	return all
}

// fail keeps the mistakes in a struct's tags. What is right there still counts, so that all mistakes are told at once.
func (d *draft) fail(errs []*tag.Error, place string) {
	for _, e := range errs {
		d.errs = append(d.errs, e.At(place))
	}
}

// read reads the whole struct. Mistakes in its tags are kept, all of them.
func (p *policyPart) read(value reflect.Value) {
	s, errs := tag.Of(p.typ)
	p.errs = append(p.errs, errs...)
	if e := s.Lineless("service=acme.orders.v1.Orders"); e != nil {
		p.errs = append(p.errs, e)
	}
	p.errs = append(p.errs, s.Untagged()...)
	if s.Line == nil {
		return
	}
	p.line(s)
	for i := range s.Fields {
		if f := &s.Fields[i]; f.Tagged {
			p.field(s, f, value.FieldByIndex(f.Index))
		}
	}
	if len(p.rulings) == 0 && len(p.errs) == 0 {
		p.errorf(s, s.Line, -1, "no field is a rule; add one, or leave the policy out")
	}
}

func (p *policyPart) errorf(s *tag.Struct, f *tag.Field, offset int, format string, args ...any) {
	p.errs = append(p.errs, s.At(f, offset, "").Errorf(format, args...))
}

// positions gives places in a field's tag.
func positions(s *tag.Struct, f *tag.Field) func(offset int) *tag.Position {
	return func(offset int) *tag.Position {
		at := s.At(f, offset, "")
		return &at
	}
}

func (p *policyPart) line(s *tag.Struct) {
	items, errs := tag.PolicyLine().Read(s, s.Line)
	p.errs = append(p.errs, errs...)
	at := positions(s, s.Line)
	p.cover.at, p.cover.whole = at(items.First.At(0)), items.First.Value == "*"
	if !p.cover.whole && items.First.Name == tag.PolicyLine().Opens {
		var services declaration
		services.forServices("", tagWords(items.First, at))
		p.cover.services = services.layer.services
		for _, problem := range services.problems {
			if len(errs) == 0 { // else it may be told
				p.errs = append(p.errs, problem.at.Errorf("%s", problem.text))
			}
		}
	}
	if i, ok := items.Get("default"); ok {
		p.cover.otherwise, p.cover.defaultAt = i.Value, at(i.Offset)
	}
	p.targets.servers, p.targets.clients = targetsOf(items, "servers"), targetsOf(items, "clients")
}

// field reads a rule, and a check where the field is one.
func (p *policyPart) field(s *tag.Struct, f *tag.Field, value reflect.Value) {
	items, errs := tag.RuleField().Read(s, f)
	p.errs = append(p.errs, errs...)
	if len(errs) > 0 || items.First.Name == "" {
		return // what its first item should have said is told
	}
	at := positions(s, f)
	r := &ruling{text: items.First.Name, at: at(items.First.Offset), ofServices: !p.cover.whole}
	r.patterns = p.patterns(s, f, items.First)
	for _, i := range items.Rest() {
		r.settings = append(r.settings, ruleSetting{name: i.Name, text: i.Value, at: at(i.Offset)})
	}
	isRule := f.Type == reflect.TypeFor[Rule]()
	switch {
	case isRule && len(r.settings) == 0:
		p.errorf(s, f, items.First.Offset, `the rule says nothing of %q; add a key, as in "%[1]s,timeout=2s"`, r.text)
	case !isRule:
		p.check(s, f, value, r)
	}
	if len(r.patterns) > 0 { // else what is wrong with the method, or the services, is told
		p.rulings = append(p.rulings, r)
	}
}

// patterns are the methods that a rule is for, on each service of the policy.
func (p *policyPart) patterns(s *tag.Struct, f *tag.Field, first tag.Item) (all []method.Pattern) {
	name, mark := first.Name, ""
	if name[0] == '?' {
		name, mark = name[1:], "?"
	}
	texts := []string{mark + name}
	if !p.cover.whole {
		if at := strings.LastIndexByte(name, '/'); at >= 0 || name == "" {
			p.errorf(s, f, first.Offset, "the method is one of the policy's services; write its name alone, as in %q", cmp.Or(name[at+1:], "Get"))
			return nil
		}
		texts = nil
		for _, service := range p.cover.services {
			texts = append(texts, mark+service.Service()+"/"+name)
		}
	}
	for _, text := range texts {
		pattern, err := method.ParsePattern(text)
		if err != nil {
			p.errorf(s, f, first.Offset, "%v", err)
			return nil
		}
		all = append(all, pattern)
	}
	return all
}

// check makes a link of a field that is a function.
func (p *policyPart) check(s *tag.Struct, f *tag.Field, value reflect.Value, r *ruling) {
	switch {
	case !isCheck(f.Type):
		p.errorf(s, f, -1, "%s is neither a framework.Rule nor a func(context.Context, *pb.Request) error", f.Type)
		return
	case value.IsNil() && !p.typed:
		p.errorf(s, f, -1, "the check is nil; set it, or make the field a framework.Rule")
		return
	}
	d := &declaration{
		interceptor: &requestCheck{f: value, request: f.Type.In(1)},
		what:        f.Type.String(),
		at:          r.at,
		on:          [][]scoped{nil},
	}
	d.pkg = cmp.Or(s.Type.Name(), "policy") + "." + f.Name // with a number where another package has the same
	d.placement = Placement{Stage: StageValidate, Sides: []Side{ServerSide}}
	for _, pattern := range r.patterns {
		d.on[0] = append(d.on[0], scoped{pattern, word{text: r.text, at: r.at}})
	}
	d.echo = true
	p.checks = append(p.checks, d)
}

// CheckTags says what is wrong with the tags of a chain struct or a policy struct, whatever its values: what can be known
// of the type alone. place is where it was declared.
func CheckTags(t reflect.Type, place string) error {
	s, errs := tag.Of(t)
	if s.Line != nil && s.Line.Tag.First().Name == tag.PolicyLine().Opens {
		p := &policyPart{typ: s.Type, typed: true}
		p.read(reflect.New(s.Type).Elem())
		errs = p.errs
	} else if s.Type != nil && s.Type.Kind() == reflect.Struct {
		p := &structPart{typ: s.Type, typed: true}
		p.read(reflect.New(s.Type).Elem())
		errs = p.errs
	}
	var d draft
	d.fail(errs, place)
	return tag.Group(d.errs...)
}
