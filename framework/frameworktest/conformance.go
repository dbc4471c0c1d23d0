package frameworktest

import (
	"slices"
	"testing"
	"time"

	"github.com/sluice-go/sluice/framework"
)

// TestInterceptor holds an interceptor to the contract of framework.Interceptor: on its sides (those of its Placement,
// else both), with all four kinds, over real connections in memory. A rule is a subtest, "server/bidi_stream/error"; one
// that is broken fails with the rule in words.
//
//	rule        asks for
//	success     an RPC that succeeds inside succeeds outside, and next is called once
//	error       an error inside is that error outside, by errors.Is, with its code; it is never success
//	late_error  so is an error after messages, which arrive before it
//	panic       a panic inside is never success (servers)
//	messages    messages pass unchanged, all of them, once, in order
//	borrowed    messages that belong to the caller, or to the handler, are not changed in place
//	end         a stream ends with io.EOF by ==, or with its error, however often it is asked
//	context     values and cancellation pass inwards
//	deadline    the caller's deadline passes inwards; it is never later, and none is added
//	metadata    request metadata, response headers and trailers pass
//	short       a link inside may refuse, or answer, in place of the RPC
//	again       a link outside may call next again
//	concurrent  RPCs side by side have each their own outcome; run it with -race
//	outlived    Intercept does not return while next runs
//	abandoned   an RPC whose caller goes away ends
//	goroutines  no RPC leaves a goroutine behind
//
// What an interceptor is for may be to break one: options say so. new is called for each subtest, on the test's
// goroutine. What an interceptor needs around it Using gives it, rules for instance. A test of it may run in
// parallel with others.
func TestInterceptor(t *testing.T, new func() framework.Interceptor, o ...ConformanceOption) {
	terms := newTerms(o)
	for _, side := range terms.sidesOf(new()) {
		t.Run(side.String(), func(t *testing.T) {
			if _, err := (&trial{terms: terms, side: side, tested: new()}).options(); err != nil {
				t.Fatal(err)
			}
			for _, kind := range terms.kinds {
				t.Run(kind.String(), func(t *testing.T) { terms.test(t, side, kind, new) })
			}
		})
	}
}

func (s terms) test(t *testing.T, side framework.Side, kind framework.Kind, new func() framework.Interceptor) {
	for _, r := range rules() {
		if r.applies != nil && !r.applies(s, side, kind) {
			continue
		}
		t.Run(r.name, func(t *testing.T) {
			if err := r.judge(&trial{terms: s, side: side, kind: kind, tested: new()}); err != nil {
				t.Errorf("the rule broken: %s\n%v", r.demand, err)
			}
		})
	}
}

// A ConformanceOption says what TestInterceptor is to know of an interceptor.
type ConformanceOption func(*terms)

// terms are what is asked of an interceptor.
type terms struct {
	sides  []framework.Side // nil: those of its Placement
	kinds  []framework.Kind
	using  []Option
	within time.Duration

	answers, changesErrors, changesMessages, changesMetadata, retries, setsDeadline bool
}

func newTerms(given []ConformanceOption) terms {
	s := terms{
		kinds:  []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream},
		within: 10 * time.Second,
	}
	for _, o := range given {
		o(&s)
	}
	return s
}

func (s terms) sidesOf(i framework.Interceptor) []framework.Side {
	sides := s.sides
	if p, ok := i.(framework.Placed); ok && sides == nil {
		sides = p.Placement().Sides
	}
	if len(sides) == 0 {
		return []framework.Side{framework.ServerSide, framework.ClientSide}
	}
	return sides
}

// OnSides tests on these sides, in place of those of the interceptor's Placement.
func OnSides(sides ...framework.Side) ConformanceOption {
	return func(s *terms) { s.sides = sides }
}

// WithoutKinds leaves out kinds of RPC.
func WithoutKinds(kinds ...framework.Kind) ConformanceOption {
	return func(s *terms) {
		s.kinds = slices.DeleteFunc(slices.Clone(s.kinds), func(k framework.Kind) bool { return slices.Contains(kinds, k) })
	}
}

// Using has the kit's connections made with options: parts that stand beside the interceptor, grpc's own options. Special
// cases are the kit's.
func Using(o ...Option) ConformanceOption {
	return func(s *terms) { s.using = append(s.using, o...) }
}

// Answers says that the interceptor may answer in place of next, or in place of an error of it, as a cache and a
// fallback do. What it answers is its own affair.
func Answers() ConformanceOption { return func(s *terms) { s.answers = true } }

// ChangesErrors says that it may make another error of an error, of another code.
func ChangesErrors() ConformanceOption { return func(s *terms) { s.changesErrors = true } }

// ChangesMessages says that it may change what messages say. It does not change them in place, if they are another's.
func ChangesMessages() ConformanceOption { return func(s *terms) { s.changesMessages = true } }

// ChangesMetadata says that it may take metadata away. To add some it needs not be said.
func ChangesMetadata() ConformanceOption { return func(s *terms) { s.changesMetadata = true } }

// Retries says that it may call next more than once.
func Retries() ConformanceOption { return func(s *terms) { s.retries = true } }

// SetsDeadline says that it may give an RPC a deadline, or an earlier one.
func SetsDeadline() ConformanceOption { return func(s *terms) { s.setsDeadline = true } }

// Within is how long a rule's RPCs may take together before they count as hanging; it is 10 seconds otherwise.
func Within(d time.Duration) ConformanceOption { return func(s *terms) { s.within = d } }
