package framework

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/sluice-go/sluice/internal/tag"
)

// A methodRule is a setting that applies to a method.
type methodRule struct {
	reader
	*ruling
	setting     *ruleSetting
	value       any
	specificity int
	implied     bool // nobody has to read it
}

// methodRules are all that apply to one method.
type methodRules struct {
	read      map[*link]*readings
	counting  []*methodRule
	explained []MethodRule
	book      *book

	accessUnread bool // there is a rule of access that nobody reads, which is told
}

// of collects what is said of a method to the links that stand on it.
func (b *book) of(info MethodInfo, stands []*link) (*methodRules, error) {
	rules := &methodRules{read: map[*link]*readings{}, book: b}
	var readers []reader
	for _, l := range stands {
		read := &readings{keys: map[*key]*reading{}}
		for _, k := range l.placement.Keys {
			read.keys[k.identity()] = &reading{}
			readers = append(readers, reader{l, k.identity()})
		}
		rules.read[l] = read
	}
	applying, errs := rules.applying(info, readers)
	for _, r := range readers {
		errs = append(errs, rules.settle(info, r, applying[r]))
	}
	for _, l := range stands {
		errs = append(errs, rules.settleAccess(info, l))
	}
	return rules, tag.Group(errs...)
}

// applying are the rules of a method for each that reads them.
func (rules *methodRules) applying(info MethodInfo, readers []reader) (map[reader][]*methodRule, []error) {
	b := rules.book
	all, errs := b.rulingsOf(info)
	applying := map[reader][]*methodRule{}
	for _, r := range all {
		specificity, ok := r.matches(info.Method)
		if !ok {
			continue
		}
		if r.absent != "" {
			rules.leaveOut(r)
			continue
		}
		for i := range r.settings {
			s := &r.settings[i]
			found := s.readers(readers)
			switch {
			case len(found) == 0:
				errs = append(errs, b.unread(r, s, "on "+info.Method.String()))
				rules.accessUnread = rules.accessUnread || slices.Contains(accessKeys, s.name)
				continue
			case len(found) > 1:
				errs = append(errs, r.errorAt(s.at, "%s is read by links %q and %q on %s; say for which, %s",
					s.name, found[0].link.name, found[1].link.name, info.Method, s.qualified(found[0])))
				continue
			}
			v, err := b.valueOf(s, found[0].key)
			if err != nil {
				errs = append(errs, r.errorAt(s.at, "%s: %w", s.name, err))
				continue
			}
			applying[found[0]] = append(applying[found[0]], &methodRule{reader: found[0], ruling: r, setting: s, value: v, specificity: specificity})
		}
	}
	for _, r := range readers {
		if r.key.name == "idempotent" && len(applying[r]) == 0 && isIdempotent(info.Descriptor) {
			if v, err := r.key.parse(""); err == nil {
				applying[r] = []*methodRule{{reader: r, ruling: protoRuling(info), setting: &ruleSetting{name: r.key.name}, value: v, implied: true}}
			}
		}
	}
	return applying, errs
}

// leaveOut shows a ruling that is not for the chain.
func (rules *methodRules) leaveOut(r *ruling) {
	for _, s := range r.settings {
		rules.explained = append(rules.explained, MethodRule{
			Key: s.name, Value: s.text, Pattern: r.text, Place: origin{r.place, r.at}.String(), Why: r.absent,
		})
	}
}

// protoRuling says that it is the method's proto that says something.
func protoRuling(info MethodInfo) *ruling {
	return &ruling{text: info.Method.String()[1:], place: info.Descriptor.ParentFile().Path()}
}

// isIdempotent reports whether the proto says so of a method, by its idempotency_level.
func isIdempotent(d protoreflect.MethodDescriptor) bool {
	if d == nil {
		return false
	}
	o, _ := d.Options().(*descriptorpb.MethodOptions)
	return o.GetIdempotencyLevel() != descriptorpb.MethodOptions_IDEMPOTENCY_UNKNOWN
}

// rulingsOf are the lines of all policies that may be about a method.
func (b *book) rulingsOf(info MethodInfo) ([]*ruling, []error) {
	all := slices.Clone(b.rulings)
	var errs []error
	for _, s := range b.sources {
		r, err := s.ruling(info)
		if err != nil {
			errs = append(errs, err)
		} else if r != nil {
			all = append(all, r)
		}
	}
	return all, errs
}

// settle chooses the rule that counts for one reader: the most specific, and of those one that no proto gave.
func (rules *methodRules) settle(info MethodInfo, r reader, applying []*methodRule) error {
	if len(applying) == 0 {
		return nil
	}
	slices.SortStableFunc(applying, func(a, b *methodRule) int { return compareRules(b, a) })
	first := applying[0]
	rules.read[r.link].keys[r.key].rule = first
	rules.counting = append(rules.counting, first)
	for i, one := range applying {
		shown := one.shown()
		same := compareRules(one, first) == 0
		switch {
		case i == 0:
		case same && !reflect.DeepEqual(one.value, first.value):
			return one.errorAt(one.setting.at, "%s of %s is %s here, and %s at %s, which is as specific; keep one",
				one.setting.name, info.Method, one.setting.shown(), first.setting.shown(), first.origin())
		case same:
			shown.Why = "the same is said at " + first.origin().String()
		default:
			shown.Why = first.overrules()
		}
		rules.explained = append(rules.explained, shown)
	}
	return nil
}

// compareRules orders rules for one method: the less specific first, and of those as specific first what a proto says.
func compareRules(a, b *methodRule) int {
	return cmp.Or(cmp.Compare(a.specificity, b.specificity), compareBool(b.fallback, a.fallback))
}

// overrules says why a less specific rule does not count.
func (r *methodRule) overrules() string { return fmt.Sprintf("%s says %s", r.text, r.setting.shown()) }

func (r *methodRule) origin() origin { return origin{r.place, r.at} }

func (s *ruleSetting) shown() string {
	if s.text == "" {
		return s.name
	}
	return s.name + "=" + s.text
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

const zeroSetting = "a setting is the zero Setting, or one of the zero Key; make it with the Set of a key"

// unread refuses a rule that nobody enforces.
func (b *book) unread(r *ruling, s *ruleSetting, where string) error {
	for _, reader := range s.readers(b.readers) {
		return r.errorAt(s.at, "no link %s reads %s: link %q (%s) does, and does not stand there%s", where, s.name,
			reader.link.name, reader.link.declaration, reader.link.absence())
	}
	if s.typed != nil && s.typed.key == nil { // from a proto
		return r.errorAt(nil, zeroSetting)
	}
	if s.typed != nil && slices.ContainsFunc(b.readers, func(o reader) bool { return o.key.name == s.typed.key.name && o.key != s.typed.key }) {
		return r.errorAt(nil, "no link %s reads this key %q, but another of that name; set the one that the interceptor's package has", where, s.name)
	}
	return r.errorAt(s.at, "no link %s reads %q%s; add the interceptor that does, or take the rule out",
		where, s.name, tag.Suggest(s.name, b.known(strings.Contains(s.name, "."))))
}

func (l *link) absence() string {
	if l.absent == "" {
		return ""
	}
	return " (" + l.absent + ")"
}

// known are the names of the keys that the chain's links read, and those with the link's name in front.
func (b *book) known(qualified bool) (names []string) {
	for _, r := range b.readers {
		names = append(names, r.key.name)
		if qualified {
			names = append(names, r.link.name+"."+r.key.name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// judge looks back at what was read when all links are bound.
func (rules *methodRules) judge(info MethodInfo, bound []boundLink) error {
	var errs []error
	for _, r := range rules.counting {
		if read := rules.read[r.link]; !r.implied && !read.failed && !read.keys[r.key].done {
			errs = append(errs, r.errorAt(r.setting.at, "link %q lists %s and did not read it for %s; it may mean nothing without another key",
				r.link.name, r.setting.name, info.Method))
		}
	}
	for l, read := range rules.read {
		for _, stray := range read.strays {
			errs = append(errs, l.errorf("Bind of %s read key %q, which its Placement does not list", info.Method, stray))
		}
	}
	slices.SortFunc(errs, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return tag.Group(append(errs, rules.access(info, bound))...)
}
