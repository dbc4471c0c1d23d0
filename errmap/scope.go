package errmap

import (
	"fmt"
	"strings"

	"github.com/sluice-go/sluice/internal/method"
)

// everywhere is the scope of a rule without For.
const everywhere = "*"

// A scope is the methods that a rule is for: those that any of the patterns matches.
type scope []ranked

// ranked is a pattern and how specific it is: the higher, the more. Of two different patterns that match one
// method, one has the higher rank.
type ranked struct {
	method.Pattern
	rank int
}

func parseScope(patterns []string) (s scope, problems []string) {
	for _, text := range patterns {
		p, err := method.ParsePattern(strings.TrimPrefix(text, "?"))
		if err != nil {
			problems = append(problems, fmt.Sprintf("For: %v", err))
			continue
		}
		s = append(s, ranked{p, rank(p.String())})
	}
	return s, problems
}

// rank orders "*", "pkg.*", "pkg.Svc/*", "pkg.Svc/Get*", "pkg.Svc/Get", the least specific first. Within a form
// the longer name is the more specific, and then the longer service: the one written with its package.
func rank(pattern string) int {
	const inPackage, inService, exact = 1 << 40, 2 << 40, 3 << 40
	of, name, slashed := strings.Cut(pattern, "/")
	prefix, open := strings.CutSuffix(name, "*")
	switch {
	case pattern == everywhere:
		return 0
	case !slashed:
		return inPackage + len(of)
	case open:
		return inService + len(prefix)<<20 + len(of)
	}
	return exact + len(of)
}

// best is the rank of the most specific pattern that matches; false when none does.
func (s scope) best(service, name string) (best int, ok bool) {
	for _, p := range s {
		if p.Match(service, name) && (!ok || p.rank > best) {
			best, ok = p.rank, true
		}
	}
	return best, ok
}

// A call is the method that failed, taken apart when the first rule with a For asks.
type call struct {
	full          string
	service, name string
	parsed        bool
}

// rank is how specific a scope is for the method; false when it is not for it. A name that is not one of a
// method, as that of a job, is in no scope but everywhere.
func (c *call) rank(s scope) (int, bool) {
	if len(s) == 0 {
		return 0, true
	}
	if !c.parsed {
		c.parsed = true
		if _, _, name, err := method.Split(c.full); err == nil {
			c.service, c.name = c.full[1:len(c.full)-len(name)-1], name
		}
	}
	if c.name == "" {
		return 0, false
	}
	return s.best(c.service, c.name)
}
