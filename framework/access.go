package framework

import (
	"fmt"
	"slices"

	"github.com/sluice-go/sluice/internal/tag"
)

// accessKeys say who may call a method. A method under a policy has one of them.
var accessKeys = []string{"allow", "require", "anonymous", "deny"}

// identified are those of accessKeys that need to know who calls.
var identified = accessKeys[:2]

// A coverage is what a policy struct says of whole services: that each method has a rule of access, unless it may go
// without.
type coverage struct {
	services  []scoped
	whole     bool   // service=*
	otherwise string // "deny", "allow" or "" for not said
	place     string
	at        *tag.Position // of the services
	defaultAt *tag.Position
}

func (c *coverage) addTo(d *draft) {
	placed := *c
	placed.place = d.placed(c.place)
	d.book.covered = append(d.book.covered, &placed)
}

func (c *coverage) errorAt(at *tag.Position, format string, args ...any) error {
	return origin{c.place, at}.errorf("policy", format, args...)
}

// text is the policy's services as its line names them.
func (c *coverage) text() string {
	if c.whole {
		return "*"
	}
	return join(c.services)
}

// check refuses on a client what only servers do.
func (c *coverage) check(side Side) error {
	if side == ClientSide && c.otherwise != "" {
		return c.errorAt(c.defaultAt, "default says who may call, which a server decides; leave it out for a client")
	}
	return nil
}

// of says whether the policy is for a method's service, and how specific it is.
func (c *coverage) of(m Method) (specificity int, ok bool) {
	if c.whole {
		return 0, true
	}
	return 1, slices.ContainsFunc(c.services, func(s scoped) bool { return s.Match(m.FullService(), m.Name) })
}

// settleAccess makes one rule of access of those of a link: the most specific says whether callers are asked who they are,
// and what is less specific and says otherwise does not count. "*,deny" is for all but those that say something else.
func (rules *methodRules) settleAccess(info MethodInfo, l *link) error {
	var own []*methodRule
	for _, r := range rules.counting {
		if r.link == l && slices.Contains(accessKeys, r.key.name) {
			own = append(own, r)
		}
	}
	if len(own) < 2 {
		return nil
	}
	most := slices.MaxFunc(own, compareRules)
	for _, r := range own {
		switch {
		case accessClass(r) == accessClass(most):
		case compareRules(r, most) == 0:
			return r.errorAt(r.setting.at, "of %s this says %s, and %s says %s; keep one",
				info.Method, r.setting.shown(), most.origin(), most.setting.shown())
		default:
			rules.overrule(r, most)
		}
	}
	return nil
}

// accessClass is the same for rules of access that can stand together.
func accessClass(r *methodRule) string {
	if slices.Contains(identified, r.key.name) {
		return "identified"
	}
	return r.key.name
}

// overrule takes a rule out of those that count.
func (rules *methodRules) overrule(r, by *methodRule) {
	rules.read[r.link].keys[r.key].rule = nil
	rules.counting = slices.DeleteFunc(rules.counting, func(c *methodRule) bool { return c == r })
	for i, shown := range rules.explained {
		if shown == r.shown() {
			rules.explained[i].Why = by.overrules()
		}
	}
}

// access refuses a method under a policy that says nothing of who may call, and rules about callers that nobody
// identifies.
func (rules *methodRules) access(info MethodInfo, bound []boundLink) error {
	if info.Side == ClientSide {
		return nil
	}
	said := rules.accessUnread
	for _, r := range rules.counting {
		said = said || slices.Contains(accessKeys, r.key.name)
		if r.key.name != "anonymous" && slices.Contains(accessKeys, r.key.name) && !binds(bound, r.link) {
			return r.errorAt(r.setting.at, "link %q reads %s, and its Bind declined %s: nobody would hold callers to it",
				r.link.name, r.setting.name, info.Method)
		}
		if slices.Contains(identified, r.key.name) && !authenticates(bound) {
			return r.errorAt(r.setting.at, "%s of %s is about callers, and no link in stage %q stands on it to tell who calls",
				r.setting.name, info.Method, StageAuthenticate)
		}
	}
	covering, err := rules.book.covering(info.Method)
	if covering != nil && covering.otherwise != "" {
		rules.explained = append(rules.explained, MethodRule{
			Key: "default", Value: covering.otherwise, Pattern: covering.text(), Place: origin{covering.place, covering.at}.String(),
		})
	}
	if err != nil || said || covering == nil || covering.otherwise == "allow" {
		return err
	}
	return covering.errorAt(covering.at, "%s has no rule that says who may call it: none of %s applies; add one, or say default=allow",
		info.Method, fmt.Sprint(accessKeys))
}

// binds reports whether a link stands on the method after all.
func binds(bound []boundLink, l *link) bool {
	return slices.ContainsFunc(bound, func(b boundLink) bool { return b.link == l })
}

func authenticates(bound []boundLink) bool {
	return slices.ContainsFunc(bound, func(b boundLink) bool { return b.link.stage == StageAuthenticate })
}

// covering is the most specific policy of a method's service; nil for none. Two that are as specific must agree.
func (b *book) covering(m Method) (most *coverage, err error) {
	highest := -1
	for _, c := range b.covered {
		specificity, ok := c.of(m)
		switch {
		case !ok || specificity < highest:
		case specificity > highest:
			most, highest = c, specificity
		case (c.otherwise == "allow") != (most.otherwise == "allow"):
			return nil, c.errorAt(c.at, "of %s this says default=%s, and %s default=%s; let them say the same", m.FullService(),
				orDeny(c.otherwise), origin{most.place, most.at}, orDeny(most.otherwise))
		}
	}
	return most, nil
}

func orDeny(otherwise string) string {
	if otherwise == "" {
		return "deny"
	}
	return otherwise
}
