package errmap

// A RuleOption says more of a rule. Options are made by this package.
type RuleOption interface{ apply(r *Rule) }

type ruleOption func(r *Rule)

func (o ruleOption) apply(r *Rule) { o(r) }

// Message is the text that the client reads. An empty one is sent empty.
func Message(text string) RuleOption {
	return ruleOption(func(r *Rule) { r.message = &text })
}

// ExposeText sends the text of the error that the rule claims: that of the claimed error itself, without what
// was wrapped around it. Safe for a type whose Error is written for clients; unsafe where it repeats a cause, a
// path, a query. On a sentinel it changes nothing: the sentinel's text is sent anyhow.
func ExposeText() RuleOption {
	return ruleOption(func(r *Rule) { r.expose = true })
}

// Reason adds a google.rpc.ErrorInfo, by which clients know the error: with the same rule at the client,
// [Mapper.Decode] gives back the sentinel itself. Reasons are UPPER_SNAKE, of 3 to 63 characters (AIP-193), and
// unique within a domain.
func Reason(reason string) RuleOption {
	return ruleOption(func(r *Rule) { r.reason = reason })
}

// Domain is the domain of the rule's Reason, such as "orders.acme.com", in place of the one of [Config].
func Domain(domain string) RuleOption {
	return ruleOption(func(r *Rule) { r.domain = domain })
}

// For keeps the rule to the methods that a pattern matches: "pkg.Svc/Method", "pkg.Svc/Get*", "pkg.Svc/*",
// "pkg.*", "*", or "Svc/Method" for the service in any package. Of several rules for one error the one with the
// most specific pattern wins; one without For comes last. A mapper knows no services, so it can not tell a
// pattern that matches nothing, and "?pattern" means the same as the pattern.
func For(patterns ...string) RuleOption {
	return ruleOption(func(r *Rule) {
		r.scoped = true
		r.patterns = append(r.patterns, patterns...)
	})
}
