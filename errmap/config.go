package errmap

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
)

// Config is what a mapper does beside its rules. The zero value is safe: what nothing claims is UNKNOWN with a
// fixed text, and is logged.
type Config struct {
	// Domain is where the reasons of rules belong, such as "orders.acme.com" (AIP-193). A rule's own Domain
	// goes before it. Needed where a rule has a Reason.
	Domain string

	// Unknown is the code of errors that nothing claims. Zero means [Unknown].
	Unknown Code

	// Verbose sends the text of errors that nothing claims to the client, with a google.rpc.DebugInfo that
	// has their type and long form. For development: the text of errors names hosts, files and secrets.
	Verbose bool

	// Remote says what becomes of the failures of other servers that handlers return. Zero passes them on.
	Remote RemotePolicy

	// Mask has the codes of which a status that somebody else made, here with grpc's status package or on another server,
	// is sent without message and details: for the edge to the public, where status.Errorf(codes.Internal, "query: %v", err)
	// would tell too much. What rules and this package's Codes say is sent all the same.
	Mask []Code

	// LocalCancel and LocalDeadline are the codes of context.Canceled and context.DeadlineExceeded while the caller is
	// still waiting: of contexts that the handler made. Zero means [Canceled] and [DeadlineExceeded].
	LocalCancel, LocalDeadline Code

	// MaxMessage is how many bytes of a text are sent that a rule made. Zero means 1024.
	MaxMessage int

	// MaxStatus is how many bytes of headers a status takes at most, counted as HTTP/2 counts. What does not fit is left
	// out, the least useful first; see [Outcome].Dropped. Zero means 7168, which leaves 1024 of the 8192 that many clients
	// take. It is 1024 at least.
	MaxStatus int

	// Pushback tells the delay of a google.rpc.RetryInfo, or that there is to be no other try, in the trailer
	// "grpc-retry-pushback-ms" too: grpc's own retries honour nothing else. See [Error.Trailer].
	Pushback bool

	// RequestID gives the id that is sent with every error (google.rpc.RequestInfo), for users to name to support. An
	// empty one is not sent.
	RequestID func(context.Context) string

	// Localizer gives a text in the user's language (google.rpc.LocalizedMessage); ok is false where it has none. Both
	// functions may be called concurrently; a panic in one is a defect, INTERNAL.
	Localizer func(context.Context, LocalizeRequest) (locale, msg string, ok bool)

	// Trusted has the domains of which a client makes Go errors. Nil means all for which there are rules.
	Trusted []string

	// Observer is called once for each failed RPC, before [Mapper.Error] returns, on its goroutine. It may be
	// called concurrently. What it is given it may keep. A panic in it is logged and changes nothing.
	//
	// nil logs to slog.Default(), at ERROR, what the client was not told and nobody foresaw: errors that nothing
	// claimed, panics and defects.
	Observer func(context.Context, Outcome)
}

func (c Config) check(rules []Rule) (errs []error) {
	for _, problem := range c.problems() {
		errs = append(errs, errors.New("errmap: "+problem))
	}
	sound := make([]Rule, 0, len(rules))
	for _, r := range rules {
		wrong := r.check(c.Domain)
		if len(wrong) == 0 {
			sound = append(sound, r)
		}
		errs = append(errs, wrong...)
	}
	return append(errs, conflicts(sound, c.Domain)...)
}

// problems are what is wrong with the Config by itself.
func (c Config) problems() (problems []string) {
	for _, one := range []struct {
		name string
		code Code
	}{{"Unknown", c.Unknown}, {"LocalCancel", c.LocalCancel}, {"LocalDeadline", c.LocalDeadline}} {
		if one.code != 0 && !one.code.known() {
			problems = append(problems, fmt.Sprintf("Config.%s %d is none of the sixteen codes", one.name, one.code))
		}
	}
	for _, code := range c.Mask {
		if !code.known() {
			problems = append(problems, fmt.Sprintf("Config.Mask has %d, which is none of the sixteen codes", code))
		}
	}
	if c.Remote > TranslateRemote {
		problems = append(problems, fmt.Sprintf("Config.Remote %d is neither PassRemote nor TranslateRemote", c.Remote))
	}
	if c.MaxMessage < 0 {
		problems = append(problems, fmt.Sprintf("Config.MaxMessage %d is negative; zero means %d", c.MaxMessage, defaultMaxMessage))
	}
	if c.MaxStatus != 0 && c.MaxStatus < leastMaxStatus {
		problems = append(problems, fmt.Sprintf("Config.MaxStatus %d is below %d; zero means %d", c.MaxStatus, leastMaxStatus, defaultMaxStatus))
	}
	return append(problems, checkDomain("Config.Domain", c.Domain)...)
}

func (c Config) withDefaults() Config {
	c.Mask, c.Trusted = slices.Clone(c.Mask), slices.Clone(c.Trusted)
	c.Unknown = cmp.Or(c.Unknown, Unknown)
	c.MaxMessage = cmp.Or(c.MaxMessage, defaultMaxMessage)
	c.MaxStatus = cmp.Or(c.MaxStatus, defaultMaxStatus)
	return c
}
