package errmap

import (
	"fmt"
	"strings"

	"github.com/sluice-go/sluice/internal/method"
)

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
		s = append(s, ranked{p, rank(p)})
	}
	return s, problems
}

// rank is how specific a pattern is. Of two of a kind the longer service is, the one written with its package.
func rank(p method.Pattern) int { return p.Specificity()<<20 + len(p.Service()) }

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
