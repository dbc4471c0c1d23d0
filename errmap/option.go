package errmap

import (
	"reflect"
	"time"

	"google.golang.org/protobuf/proto"
)

// A RuleOption says more of a rule. Options are made by this package.
type RuleOption interface{ apply(r *Rule) }

type ruleOption func(r *Rule)

func (o ruleOption) apply(r *Rule) { o(r) }

// Message is the text that the client reads. An empty one is sent empty.
func Message(text string) RuleOption {
	return ruleOption(func(r *Rule) { r.message = &text })
}

// MessageFunc makes the text that the client reads of the error that the rule claims, which f gets by its type: that of
// the rule, T and *T alike, an interface that it has, or error. For a sentinel f gets the sentinel where only an Is method
// has made one of the error; for a predicate the first E in the whole error, and without one the text is the default.
// f may be called concurrently. A panic in it is a defect, INTERNAL.
func MessageFunc[E error](f func(err E) string) RuleOption {
	return ruleOption(func(r *Rule) {
		if r.takes = append(r.takes, taking{"MessageFunc", reflect.TypeFor[E]()}); f == nil {
			r.problems = append(r.problems, "MessageFunc was given no function")
		}
		r.messageOf = func(s subject) (string, bool) {
			e, ok := as[E](s)
			if !ok {
				return "", false
			}
			return f(e), true
		}
	})
}

// Details makes details of the error that the rule claims, which f gets as in [MessageFunc]. Each type is sent once. The
// messages are not to be changed afterwards.
func Details[E error](f func(err E) []proto.Message) RuleOption {
	return ruleOption(func(r *Rule) {
		if r.takes = append(r.takes, taking{"Details", reflect.TypeFor[E]()}); f == nil {
			r.problems = append(r.problems, "Details was given no function")
		}
		r.detailsOf = func(s subject) []proto.Message {
			e, ok := as[E](s)
			if !ok {
				return nil
			}
			return f(e)
		}
	})
}

// Retry says when the caller may try again (google.rpc.RetryInfo). A negative delay means never, which is said only by
// a mapper whose Config has Pushback.
func Retry(delay time.Duration) RuleOption {
	return ruleOption(func(r *Rule) {
		if r.retry = &delay; delay == 0 {
			r.problems = append(r.problems, "Retry of zero says nothing; give a delay, or leave Retry out")
		}
	})
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
