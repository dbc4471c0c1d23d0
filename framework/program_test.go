package framework_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-go/sluice/framework"
)

// A program is declarations that can be written as structs with tags, and with options.
type program struct {
	conditions map[string]bool
	groups     []group
	rules      []ruleOf
}

// A group is the links of one chain struct.
type group struct {
	services, without []string
	inherit           string
	links             []linkOf
}

type linkOf struct {
	name, stage                     string // stage "" for not said
	on, except, before, after, when []string
	unary                           bool
}

type ruleOf struct {
	pattern  string
	settings [][2]string // key, which may have a link's name in front, and value
}

// dice make choices of bytes; when they are used up, the first of all.
type dice []byte

func (d *dice) n(sides int) int {
	if len(*d) == 0 {
		return 0
	}
	b := (*d)[0]
	*d = (*d)[1:]
	return int(b) % sides
}

// oneIn is true once in so many times.
func (d *dice) oneIn(n int) bool { return d.n(n) == n-1 }

func (d *dice) of(words ...string) string { return words[d.n(len(words))] }

// some are up to n of the words, each once.
func (d *dice) some(n int, words ...string) (chosen []string) {
	for range d.n(n + 1) {
		word := d.of(words...)
		if !slices.ContainsFunc(chosen, func(c string) bool { return strings.Trim(c, "?") == strings.Trim(word, "?") }) {
			chosen = append(chosen, word)
		}
	}
	return chosen
}

var (
	programPatterns = []string{
		"Orders/Get", "acme.shop.v1.Orders/*", "DummyService/Execute*", "*", "acme.*", "Orders/P*", "sluice.testing.v1.DummyService/ExecuteServerStream",
		"?acme.Carts/*", "?Orders/Drop", "Orders/Gte",
	}
	programServices = []string{"Orders", "acme.shop.v1.Orders", "DummyService", "?acme.Carts", "?Orders", "sluice.testing.v1.DummyService", "acme.Carts"}
	programStages   = []string{"observe", "recover", "admit", "authenticate", "validate", "app"}
)

// newProgram makes a program of choices.
func newProgram(d *dice) program {
	p := program{conditions: map[string]bool{}}
	names := strings.Split("abcdefghijkl", "")
	shared := d.oneIn(8) // names may be taken; then links have no conditions and no neighbours, so that it is clear which is meant
	if !shared {
		p.conditions["day"], p.conditions["night"] = true, false
	}
	used := 0
	for range 1 + d.n(3) {
		var g group
		if d.oneIn(3) {
			g.services = append(d.some(1, programServices...), d.of("Orders", "DummyService"))
			g.services = slices.CompactFunc(g.services, func(a, b string) bool { return strings.Trim(a, "?") == strings.Trim(b, "?") })
			g.inherit = d.of("", "outer", "stage", "none")
			g.without = d.some(2, append(names[:used:used], "?z", "?a")...)
		}
		stage := 0
		for len(g.links) == 0 || !shared && len(g.links) < 4 && d.n(3) > 0 {
			l := linkOf{name: names[used]}
			if used++; shared {
				l.name = d.of(names[:4]...)
			}
			if d.oneIn(2) {
				stage = min(stage+d.n(3), len(programStages)-1)
				l.stage = programStages[stage]
			} else if len(g.links) == 0 {
				stage = len(programStages) - 1 // App; what is below can't be earlier
			}
			p.choose(d, &l, names, shared)
			g.links = append(g.links, l)
		}
		p.groups = append(p.groups, g)
	}
	for range d.n(4) {
		r := ruleOf{pattern: d.of(programPatterns...)}
		for _, key := range append(d.some(2, "rate", "limits.rate", "quota.size"), "size") {
			r.settings = append(r.settings, [2]string{key, d.of("1", "2")})
		}
		p.rules = append(p.rules, r)
	}
	return p
}

// choose gives a link options.
func (p program) choose(d *dice, l *linkOf, names []string, shared bool) {
	if d.oneIn(3) {
		l.on = append(d.some(2, programPatterns...), d.of("DummyService/*", "Orders/*"))
		slices.Sort(l.on)
		l.on = slices.Compact(l.on)
	}
	if d.oneIn(4) {
		l.except = d.some(1, programPatterns...)
	}
	if d.oneIn(6) {
		l.before = d.some(2, append(names[:8:8], "?z", "limits", "?b")...)
	}
	if d.oneIn(6) {
		l.after = d.some(2, append(names[:8:8], "?z", "limits", "?a")...)
	}
	if !shared && d.oneIn(4) {
		l.when = []string{d.of("day", "night", "day", "dusk")}
	}
	l.unary = d.oneIn(6)
}

// shared are the parts that both forms have: links that read rules, and conditions.
func (p program) shared() []framework.Part {
	all := []framework.Part{
		framework.Use(reader("limits", framework.StageAdmit, rateKey, sizeKey)),
		framework.Use(reader("quota", framework.StageAdmit, quotaKey)),
	}
	for name, on := range p.conditions {
		all = append(all, framework.When(name, on))
	}
	return all
}

var (
	sizeKey  = framework.NewKey("size", parseText)
	quotaKey = framework.NewKey("quota.size", parseText)
)

// tags are the parts of the program as structs.
func (p program) tags() []framework.Part {
	all := p.shared()
	for _, g := range p.groups {
		line := "chain=server" + said("service", g.services) + said("inherit", []string{g.inherit}) + said("without", g.without)
		var fields []field
		for i, l := range g.links {
			text := l.name + said("stage", []string{l.stage}) + said("on", l.on) + said("except", l.except) + said("before", l.before) +
				said("after", l.after) + said("when", l.when)
			if l.unary {
				text += ",unary"
			}
			fields = append(fields, tagged(fmt.Sprint("F", i), text, pass))
		}
		all = append(all, framework.Struct(structOf(line, fields...)))
	}
	var rules []field
	for i, r := range p.rules {
		text := r.pattern
		for _, s := range r.settings {
			text += "," + s[0] + "=" + s[1]
		}
		rules = append(rules, rule(fmt.Sprint("R", i), text))
	}
	if len(rules) > 0 {
		all = append(all, framework.Policy(structOf("service=*,default=allow", rules...)))
	}
	return all
}

// said is an option of a tag, where there are words.
func said(name string, words []string) string {
	if text := strings.Join(words, " "); text != "" {
		return "," + name + "=" + text
	}
	return ""
}

// options are the parts of the program in code. That the order of fields is the order of calls is said by After, and the
// stage that a field has of the one above by At.
func (p program) options() []framework.Part {
	all := p.shared()
	for _, g := range p.groups {
		stage := framework.StageApp
		var above []string
		for i, l := range g.links {
			if l.stage != "" {
				stage = framework.Stage(l.stage)
			}
			o := []framework.LinkOption{framework.Name(l.name), framework.At(stage), framework.Except(l.except...), framework.Before(l.before...)}
			o = append(o, framework.After(append(l.after, above...)...))
			if len(l.on) > 0 {
				o = append(o, framework.On(l.on...))
			}
			for _, c := range l.when {
				o = append(o, framework.If(c))
			}
			if l.unary {
				o = append(o, framework.UnaryOnly())
			}
			if len(g.services) > 0 {
				o = append(o, framework.ForService(g.services...), framework.WithoutLinks(g.without...))
				if g.inherit != "" {
					o = append(o, framework.Inherit(framework.Inheritance(g.inherit)))
				}
			}
			all = append(all, framework.Use(pass, o...))
			above = append(above, g.links[i].name)
		}
	}
	for _, r := range p.rules {
		var settings []framework.Setting
		for _, s := range r.settings {
			settings = append(settings, setting(s[0], s[1]))
		}
		all = append(all, framework.Rules(r.pattern, settings...))
	}
	return all
}

// setting is the option form of a key with its value.
func setting(key, value string) framework.Setting {
	switch key {
	case "rate":
		return rateKey.Set(value)
	case "limits.rate":
		return rateKey.Set(value).For("limits")
	case "quota.size":
		return quotaKey.Set(value)
	}
	return sizeKey.Set(value)
}
