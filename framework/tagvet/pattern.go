package tagvet

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

// isNamedBy reports whether a pattern is for methods of the service, in any package if it is short.
func (s service) isNamedBy(p framework.Pattern) bool {
	return s.Name == p.Service() || p.Short() && strings.HasSuffix(s.Name, "."+p.Service())
}

// named are the known services that a pattern is for.
func (k *known) named(p framework.Pattern) (services []service) {
	for _, s := range k.Services {
		if s.isNamedBy(p) {
			services = append(services, s)
		}
	}
	return services
}

// selected are the methods of services that a pattern selects.
func selected(p framework.Pattern, services []service) (methods []method) {
	for _, s := range services {
		for _, m := range s.Methods {
			if p.Match(s.Name, m.Name) {
				methods = append(methods, m)
			}
		}
	}
	return methods
}

// unmatched says why a pattern surely matches nothing, or "". Sure is what is for a known service: others may be
// registered without being imported here.
func (k *known) unmatched(p framework.Pattern) string {
	services := k.named(p)
	switch meant := k.meant(p); {
	case p.Optional() || p.Service() == "":
	case meant != "":
		right := strings.Replace(p.String(), p.Service(), meant, 1)
		return fmt.Sprintf("pattern %q is for no imported service; did you mean %q?", p, right)
	case len(services) > 0 && len(selected(p, services)) == 0:
		return fmt.Sprintf("pattern %q matches no method of the imported service%s", p, tag.DidYouMean(p.String(), names(p.Service()+"/", services)))
	}
	return ""
}

// names are those of the methods of services, with what patterns write before.
func names(before string, services []service) (all []string) {
	for _, s := range services {
		for _, m := range s.Methods {
			all = append(all, before+m.Name)
		}
	}
	return all
}

// meant is the known service whose name a pattern for no known service misspells, or "". It has methods that the pattern
// would select.
func (k *known) meant(p framework.Pattern) string {
	if len(k.named(p)) > 0 {
		return ""
	}
	for _, s := range k.Services {
		name := s.Name
		if p.Short() {
			name = name[strings.LastIndexByte(name, '.')+1:]
		}
		if !misspells(p.Service(), name) {
			continue
		}
		right, err := framework.ParsePattern(strings.Replace(p.String(), p.Service(), name, 1))
		if err == nil && len(selected(right, []service{s})) > 0 {
			return name
		}
	}
	return ""
}

// misspells reports whether one word was likely written for another. Two edits make another word of a short one, unless
// they swap letters; and what differs in its digits is another version.
func misspells(word, meant string) bool {
	if withoutDigits(word) == withoutDigits(meant) {
		return false
	}
	switch tag.Distance(word, meant) {
	case 1:
		return len(word) > 2
	case 2:
		return len(word) > 4 || sameLetters(word, meant)
	}
	return false
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return -1
		}
		return r
	}, s)
}

func sameLetters(a, b string) bool {
	for _, r := range a + b {
		if strings.Count(a, string(r)) != strings.Count(b, string(r)) {
			return false
		}
	}
	return true
}
