package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// The handler's error is there for whoever stands further out, and not in what goes out.
func TestRowL1(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	handler := fmt.Errorf("id=7 at 10.0.0.3: %w", ErrOrderNotFound)
	err := m.Error(t.Context(), unary, handler)
	if err.Error() != "order not found" || status.Code(err) != codes.NotFound {
		t.Errorf("outer sees %v", err)
	}
	if !errors.Is(err, ErrOrderNotFound) || !errors.Is(err, errmap.NotFound) || errors.Unwrap(err) != handler {
		t.Error("the cause is lost")
	}
	want := `NotFound\(code=NOT_FOUND, message="order not found", source=sentinel, method=/acme.shop.v1.Shop/Get, ` +
		`rule=order not found, place=domain_test.go:\d+, cause=id=7 at 10.0.0.3: order not found\)`
	if got := fmt.Sprintf("%+v", err); !matches(want, got) {
		t.Errorf("%%+v: %s", got)
	}
}

func TestRowL2(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	out, log := logger()
	log.Info("failed", "err", m.Error(t.Context(), unary, fmt.Errorf("id=7: %w", ErrOrderNotFound)))
	want := `level=INFO msg=failed err.code=NOT_FOUND err.message="order not found" err.source=sentinel ` +
		`err.method=/acme.shop.v1.Shop/Get err.rule="order not found" err.place=domain_test.go:\d+ err.cause="id=7: order not found"`
	if !matches(want, out.String()) {
		t.Error(out)
	}
}

// Rows L4, L5 and L6: of two mappers the inner one decides, whether or not something stands between them.
func TestTwoMappers(t *testing.T) {
	t.Parallel()
	var inside, outside int
	inner := newMapper(t, errmap.Config{Observer: func(context.Context, errmap.Outcome) { inside++ }})
	outer := newMapper(t, errmap.Config{Unknown: errmap.Internal, Observer: func(context.Context, errmap.Outcome) { outside++ }})
	mapped := inner.Error(t.Context(), unary, errors.New(secret))
	if got := outer.Error(t.Context(), unary, mapped); got != mapped || inside != 1 || outside != 0 {
		t.Errorf("row L4: %+v, observed %d and %d times", got, inside, outside)
	}
	wrapped := outer.Error(t.Context(), unary, fmt.Errorf("audit at 10.0.0.3: %w", mapped))
	if s := status.Convert(wrapped); s.Code() != codes.Unknown || s.Message() != "unknown error" || outside != 1 {
		t.Errorf("row L5: %v, observed %d times", s, outside)
	}
	if o := wrapped.(*errmap.Error).Outcome(); o.Source != errmap.SourceMapped || o.Redacted {
		t.Errorf("row L5: %+v", o)
	}
	if s := status.Convert(outer.Error(t.Context(), unary, errors.New(secret))); s.Code() != codes.Internal || s.Message() != "internal error" {
		t.Errorf("row L6: %v", s)
	}
}

// The rule that an inner mapper decided by is told by the outer one.
func TestMappedKeepsTheRule(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	inner := newMapper(t, errmap.Config{}, errmap.On(ErrNoRows, errmap.NotFound))
	_ = newMapper(t, observing(&o)).Error(t.Context(), unary, wrap(1, inner.Error(t.Context(), unary, ErrNoRows)))
	if o.Source != errmap.SourceMapped || o.Rule != ErrNoRows.Error() || !strings.HasPrefix(o.Place, "outcome_test.go:") {
		t.Errorf("%+v", o)
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	m := newMapper(t, observing(&o), shopRules()[1])
	stack := []byte("goroutine 7")
	for _, tt := range []struct {
		err             error
		redacted, local bool
		panicked        any
		stack           string
	}{
		{ErrStockGone, false, false, nil, ""},
		{errmap.NotFound, false, false, nil, ""},
		{errors.New(secret), true, false, nil, ""},
		{context.Canceled, false, true, nil, ""},
		{(*NetErr)(nil), true, false, nil, ""},
		{&errmap.PanicError{Value: 1, Stack: stack}, true, false, 1, "goroutine 7"},
		{bomb{in: "Is"}, true, false, "Is: pw=hunter2", "goroutine "},
	} {
		err := m.Error(t.Context(), unary, tt.err)
		if o.Redacted != tt.redacted || o.Local != tt.local || o.Panic != tt.panicked || !strings.HasPrefix(string(o.Stack), tt.stack) || o.Method != unary {
			t.Errorf("%T: %+v", tt.err, o)
		}
		if o.Status != status.Convert(err) {
			t.Errorf("%T: another status", tt.err)
		}
	}
}

// What can not be touched is not handed on: whoever logs or unwraps the mapped error would fail.
func TestCauseCanBeTouched(t *testing.T) {
	t.Parallel()
	loop := &cycle{}
	loop.inner = loop
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	for _, tt := range []struct {
		name string
		err  error
		code codes.Code
		want string
	}{
		{"typed nil", (*ValidationError)(nil), codes.Internal, `errmap: typed-nil: \*errmap_test.ValidationError: <nil>`},
		{"cycle", loop, codes.Internal, `errmap: too-deep: \*errmap_test.cycle`},
		{"Is", bomb{in: "Is"}, codes.Internal, `errmap: mapping-panic: errmap_test.bomb: Is: pw=hunter2`},
		{"claimed before it was reached", multi{ErrOrderNotFound, (*NetErr)(nil)}, codes.NotFound, `errmap: typed-nil: errmap_test.multi: 2 errors`},
		{"claimed around a cycle", &ValidationError{loop}, codes.InvalidArgument, `errmap: too-deep: \*errmap_test.ValidationError`},
		{"panicked with a typed nil", &errmap.PanicError{Value: (*NetErr)(nil)}, codes.Internal, `errmap: typed-nil: \*errmap.PanicError: recovered panic`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := m.Error(t.Context(), unary, tt.err)
			if status.Code(err) != tt.code || !matches(tt.want, errors.Unwrap(err).Error()) {
				t.Errorf("%v, cause %q", status.Code(err), errors.Unwrap(err))
			}
			if errors.Is(err, ErrNoRows) {
				t.Error("it is everything")
			}
			noLeak(t, err.Error())
		})
	}
}

// The call's end counts over what the context error says, and the clock over both.
func TestContextsThatEnded(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration
		want  codes.Code
	}{
		{"long before", 500 * time.Millisecond, codes.Canceled},
		{"shortly before", 998 * time.Millisecond, codes.DeadlineExceeded},
		{"at the deadline", time.Second, codes.DeadlineExceeded},
	} {
		for _, in := range []error{context.Canceled, context.DeadlineExceeded, errors.New(secret)} {
			t.Run(tt.name+" "+in.Error(), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					m := newMapper(t, errmap.Config{})
					ctx, cancel := context.WithTimeout(t.Context(), time.Second)
					defer time.AfterFunc(tt.after, cancel).Stop()
					<-ctx.Done()
					s := status.Convert(m.Error(ctx, unary, fmt.Errorf("query on 10.0.0.3: %w", in)))
					if s.Code() != tt.want || s.Message() != errmap.Code(tt.want).Error() {
						t.Errorf("%v, want %v", s, tt.want)
					}
				})
			})
		}
	}
}

// T6: type and text of an unknown error, for development only.
func TestVerbose(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Verbose: true, Unknown: errmap.Internal, Observer: func(_ context.Context, o errmap.Outcome) {
		if o.Redacted {
			t.Errorf("redacted: %+v", o)
		}
	}})
	s := status.Convert(m.Error(t.Context(), unary, errors.New("oops\xff")))
	info := s.Details()[0].(*errdetails.DebugInfo)
	if s.Code() != codes.Internal || s.Message() != "oops\uFFFD" || info.GetDetail() != "*errors.errorString: oops\uFFFD" {
		t.Errorf("%v %v", s, info)
	}
}

// The default logger is process-wide, so these run alone.
func TestDefaultObserver(t *testing.T) {
	out := captureLog(t)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	m, err := errmap.New(errmap.Config{Domain: domain}, shopRules()...)
	if err != nil {
		t.Fatal(err)
	}
	const head = `level=ERROR msg="errmap: the client was not told why the call failed" source=`
	const method = ` method=/acme.shop.v1.Shop/Get`
	for _, tt := range []struct {
		name string
		ctx  context.Context
		err  error
		want string
	}{
		{"unknown", t.Context(), errors.New(secret), head + `unknown` + method + ` cause="dial 10.0.0.3: pw=hunter2"`},
		{"panic", t.Context(), &errmap.PanicError{Value: 7, Stack: []byte("st")}, head + `panic` + method + ` cause.code=INTERNAL cause.message="internal error" cause.panic=7 cause.stack=st`},
		{"wrapped panic", t.Context(), fmt.Errorf("audit: %w", &errmap.PanicError{Value: 7, Stack: []byte("st")}), head + `panic` + method + ` panic=7 stack=st cause="audit: recovered panic"`},
		{"panic that is in a log", t.Context(), fmt.Errorf("audit: %w", &errmap.PanicError{Value: 7, Stack: []byte("st"), Logged: true}), ""},
		{"bomb", t.Context(), bomb{in: "Is"}, head + `defect` + method + ` flaw=mapping-panic panic="Is: pw=hunter2" stack=".*" cause=".*"`},
		{"defect", t.Context(), (*NetErr)(nil), head + `defect` + method + ` flaw=typed-nil cause=".*"`},
		{"known", t.Context(), ErrNoRows, ""},
		{"ended", ended, errors.New(secret), ""},
	} {
		out.Reset()
		_ = m.Error(tt.ctx, unary, tt.err)
		if !matches(tt.want, out.String()) {
			t.Errorf("%s: got  %swant %s", tt.name, out, tt.want)
		}
	}
}

func TestObserverThatPanics(t *testing.T) {
	out := captureLog(t)
	m := newMapper(t, errmap.Config{Observer: func(context.Context, errmap.Outcome) { panic("boom") }})
	if got := status.Code(m.Error(t.Context(), unary, errmap.NotFound)); got != codes.NotFound {
		t.Errorf("%v, want %v", got, codes.NotFound)
	}
	if want := `level=ERROR msg="errmap: the observer panicked" method=/acme.shop.v1.Shop/Get panic=boom`; !matches(want, out.String()) {
		t.Error(out)
	}
}

func TestPanicErrorShows(t *testing.T) {
	t.Parallel()
	value := errors.New("boom")
	err := &errmap.PanicError{Value: value, Stack: []byte("stack")}
	if got := fmt.Sprintf("%v|%+v", err, err); got != `recovered panic|Internal(code=INTERNAL, message="internal error", panic=boom, stack=stack)` {
		t.Error(got)
	}
	if !errors.Is(err, value) || !errors.Is(err, errmap.Internal) || errors.Is(err, errmap.Unknown) {
		t.Error("it is neither its value nor its code")
	}
	if inner := errors.Unwrap(&errmap.PanicError{Value: "text"}); inner != nil {
		t.Errorf("a text became %v", inner)
	}
}
