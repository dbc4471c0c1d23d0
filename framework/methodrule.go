package framework

import "slices"

// A MethodRule is a rule as Explain shows it.
type MethodRule struct {
	Key     string `json:"key"`
	Value   string `json:"value,omitempty"`
	Link    string `json:"link"`          // that reads it
	Pattern string `json:"pattern"`       // of the declaration
	Place   string `json:"place"`         // of the declaration
	Why     string `json:"why,omitempty"` // it does not count
}

// shown are the rules as Explain shows them: first those that count.
func (rules *methodRules) shown() []MethodRule {
	slices.SortStableFunc(rules.explained, func(a, b MethodRule) int { return compareBool(a.Why != "", b.Why != "") })
	return rules.explained
}

func (r *methodRule) shown() MethodRule {
	return MethodRule{Key: r.setting.name, Value: r.setting.text, Link: r.link.name, Pattern: r.text, Place: r.origin().String()}
}

// String is "timeout=2s", or "anonymous".
func (r MethodRule) String() string {
	if r.Value == "" {
		return r.Key
	}
	return r.Key + "=" + r.Value
}

func (r MethodRule) mark() string {
	if r.Why == "" {
		return "="
	}
	return "-"
}

func (r MethodRule) why() string {
	if r.Why == "" {
		return ""
	}
	return "\t(" + r.Why + ")"
}
