package errmap

import (
	"cmp"
	"slices"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
)

// A ruling is a rule made ready. The status of one that answers alike every time is built once and shared by all
// calls.
type ruling struct {
	Rule
	source     Source
	base       draft
	status     *status.Status
	dropped    []string
	scope      scope
	maxMessage int
}

// An origin is how an error is known across the wire.
type origin struct{ domain, reason string }

// ready builds the ruling of a rule that check has passed.
func (r Rule) ready(c *Config) *ruling {
	ready := &ruling{Rule: r, source: sources[r.form], maxMessage: c.MaxMessage}
	ready.domain = cmp.Or(r.domain, c.Domain)
	ready.scope, _ = parseScope(r.patterns)
	ready.base = draft{code: codes.Code(r.code), message: cut(valid(r.text()), c.MaxMessage)}
	if r.tagged == nil {
		ready.detail()
	}
	once := ready.base.copy()
	ready.dropped = once.limit(c.MaxStatus)
	ready.status = once.status()
	return ready
}

// detail adds what the rule says every time.
func (r *ruling) detail() {
	if r.reason != "" {
		r.base.put(&errdetails.ErrorInfo{Reason: r.reason, Domain: r.domain})
	}
	if r.retry != nil && *r.retry > 0 {
		r.base.put(&errdetails.RetryInfo{RetryDelay: durationpb.New(*r.retry)})
	}
}

func (d *draft) copy() *draft {
	c := *d
	c.details = slices.Clone(d.details)
	return &c
}

// text is the message of a rule that does not depend on the error.
func (r Rule) text() string {
	switch {
	case r.message != nil:
		return *r.message
	case r.form == sentinelForm:
		return r.name
	}
	return r.code.Error()
}

// dynamic reports whether the status depends on the error.
func (r *ruling) dynamic() bool {
	return r.tagged != nil || r.messageOf != nil || r.detailsOf != nil || r.expose && r.form != sentinelForm
}

// drafted is the status for an error that the ruling claims.
func (r *ruling) drafted(err error, verbose bool) (d *draft, never bool) {
	if r.tagged != nil {
		return r.encode(err, verbose)
	}
	d = r.base.copy()
	if r.expose && r.form != sentinelForm {
		d.message = cut(valid(err.Error()), r.maxMessage)
	}
	if r.messageOf != nil {
		if text, ok := r.messageOf(r.of(err)); ok {
			d.message = cut(valid(text), r.maxMessage)
		}
	}
	if r.detailsOf != nil {
		for _, m := range r.detailsOf(r.of(err)) {
			d.put(m)
		}
	}
	return d, r.retry != nil && *r.retry < 0
}

// of is the claimed error as the rule's functions take it.
func (r *ruling) of(err error) subject {
	return subject{err: err, target: r.target, deep: r.form == predicateForm}
}
