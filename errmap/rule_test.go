package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// line is where it is called, as rules say it.
func line() string {
	_, file, n, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", filepath.Base(file), n)
}

func hook(context.Context, string, error) error { return nil }

// TestNewRefuses has one mistake a row; TestNewTellsAll has them all in one mapper.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range mistakes() {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			for range 2 {
				m, err := errmap.New(tt.config, tt.rules...)
				if m != nil || err == nil || err.Error() != tt.want {
					t.Errorf("got  %v\nwant %s", err, tt.want)
				}
				slices.Reverse(tt.rules)
			}
		})
	}
}

func TestNewTellsAll(t *testing.T) {
	t.Parallel()
	var c errmap.Config
	var rules []errmap.Rule
	for _, tt := range mistakes() {
		rules = append(rules, tt.rules...)
		c.Unknown = max(c.Unknown, tt.config.Unknown)
	}
	_, err := errmap.New(c, rules...)
	for _, tt := range mistakes() {
		if !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%s is missing: %s", tt.name, tt.want)
		}
	}
}

func TestNewRefusesDomain(t *testing.T) {
	t.Parallel()
	_, err := errmap.New(errmap.Config{Domain: "a\xff"})
	if want := `errmap: Config.Domain "a\xff" is not UTF-8`; err == nil || err.Error() != want {
		t.Errorf("%v, want %s", err, want)
	}
}

type mistake struct {
	name   string
	config errmap.Config
	rules  []errmap.Rule
	want   string
}

func mistakes() []mistake {
	return slices.Concat(codeMistakes(), subjectMistakes(), conflictMistakes(), reasonMistakes(), optionMistakes())
}

func codeMistakes() []mistake {
	ok, at := errmap.On(ErrNoRows, errmap.Code(codes.OK)), line()
	big, bigAt := errmap.OnType[*NetErr](17), line()
	return []mistake{
		{"O1 Unknown", errmap.Config{Unknown: 99}, nil, "errmap: Config.Unknown 99 is none of the sixteen codes"},
		{"O2 OK", errmap.Config{}, []errmap.Rule{ok}, `errmap: On("sql: no rows in result set") at ` + at + ": code 0 is none of the sixteen; OK is not an error"},
		{"O2 17", errmap.Config{}, []errmap.Rule{big}, `errmap: OnType[*errmap_test.NetErr] at ` + bigAt + ": code 17 is none of the sixteen; OK is not an error"},
	}
}

func subjectMistakes() []mistake {
	none, noneAt := errmap.On(nil, errmap.NotFound), line()
	typed, typedAt := errmap.On((*NetErr)(nil), errmap.NotFound), line()
	every, everyAt := errmap.OnType[error](errmap.NotFound), line()
	loose, looseAt := errmap.On(Uncomparable{}, errmap.NotFound), line()
	panics, panicsAt := errmap.OnType[*errmap.PanicError](errmap.NotFound), line()
	unnamed, unnamedAt := errmap.Hook("", hook), line()
	idle, idleAt := errmap.Hook("idle", nil), line()
	return []mistake{
		{"O3 nil", errmap.Config{}, []errmap.Rule{none}, `errmap: On("nil") at ` + noneAt + ": a sentinel can not be nil"},
		{"O3 typed nil", errmap.Config{}, []errmap.Rule{typed}, `errmap: On("nil") at ` + typedAt + ": a sentinel can not be nil"},
		{"O5 error", errmap.Config{}, []errmap.Rule{every}, `errmap: OnType[error] at ` + everyAt + ": every error is an error; Config.Unknown is for the rest"},
		{"O6 uncomparable", errmap.Config{}, []errmap.Rule{loose}, `errmap: On("` + secret + `[]") at ` + looseAt + ": errmap_test.Uncomparable can not be compared with ==, so it is no sentinel; use OnType"},
		{"panics", errmap.Config{}, []errmap.Rule{panics}, `errmap: OnType[*errmap.PanicError] at ` + panicsAt + ": the type is decided before any rule looks; remove the rule"},
		{"hook name", errmap.Config{}, []errmap.Rule{unnamed}, `errmap: Hook("") at ` + unnamedAt + ": a hook needs a name, by which hooks are ordered"},
		{"hook function", errmap.Config{}, []errmap.Rule{idle}, `errmap: Hook("idle") at ` + idleAt + ": a hook needs a function"},
		{"zero", errmap.Config{}, []errmap.Rule{{}}, "errmap: Rule{}: a zero Rule says nothing; make one with On, OnType, Tagged, OnFunc or Hook"},
	}
}

func conflictMistakes() []mistake {
	a, aAt := errmap.On(ErrOrderNotFound, errmap.NotFound), line()
	b, bAt := errmap.On(ErrOrderNotFound, errmap.NotFound, errmap.For("*")), line()
	c, cAt := errmap.On(ErrStockGone, errmap.NotFound, errmap.For("a.B/C", "a.B/Get*")), line()
	d, dAt := errmap.On(ErrStockGone, errmap.Aborted, errmap.For("?a.B/Get*")), line()
	e, eAt := errmap.OnType[Value](errmap.NotFound), line()
	f, fAt := errmap.OnType[Value](errmap.Aborted), line()
	g, gAt := errmap.Hook("metrics", hook), line()
	h, hAt := errmap.Hook("metrics", hook), line()
	return []mistake{
		{"O4 sentinel", errmap.Config{}, []errmap.Rule{a, b}, `errmap: On("order not found") at ` + aAt + ` and On("order not found") at ` + bAt + ` claim the same error for methods "*"; keep one, or give one another For`},
		{"O4 in a scope", errmap.Config{}, []errmap.Rule{c, d}, `errmap: On("stock is gone") at ` + cAt + ` and On("stock is gone") at ` + dAt + ` claim the same error for methods "a.B/Get*"; keep one, or give one another For`},
		{"O4 type", errmap.Config{}, []errmap.Rule{e, f}, `errmap: OnType[errmap_test.Value] at ` + eAt + ` and OnType[errmap_test.Value] at ` + fAt + ` claim the same error for methods "*"; keep one, or give one another For`},
		{"O4 hook", errmap.Config{}, []errmap.Rule{g, h}, `errmap: Hook("metrics") at ` + gAt + ` and Hook("metrics") at ` + hAt + ` have one name; give each its own`},
	}
}

func reasonMistakes() []mistake {
	one, two, three := errors.New("one"), errors.New("two"), errors.New("three")
	a, aAt := errmap.On(one, errmap.NotFound, errmap.Reason("SAME_REASON"), errmap.Domain("a.com")), line()
	b, bAt := errmap.On(two, errmap.NotFound, errmap.Reason("SAME_REASON"), errmap.Domain("a.com")), line()
	low, lowAt := errmap.On(three, errmap.NotFound, errmap.Reason("no_rows"), errmap.Domain("a.com")), line()
	short, shortAt := errmap.On(three, errmap.NotFound, errmap.Reason("AB"), errmap.Domain("a.com")), line()
	long, longAt := errmap.On(three, errmap.NotFound, errmap.Reason(strings.Repeat("A", 64)), errmap.Domain("a.com")), line()
	nowhere, nowhereAt := errmap.On(three, errmap.NotFound, errmap.Reason("NO_ROWS")), line()
	idle, idleAt := errmap.On(three, errmap.NotFound, errmap.Domain("a.com")), line()
	torn, tornAt := errmap.On(three, errmap.NotFound, errmap.Reason("NO_ROWS"), errmap.Domain("a\xff")), line()
	on := func(at string) string { return `errmap: On("three") at ` + at }
	return []mistake{
		{"O7 reason twice", errmap.Config{}, []errmap.Rule{a, b}, `errmap: On("one") at ` + aAt + ` and On("two") at ` + bAt + ` have one reason, "SAME_REASON" in "a.com", so that clients can not tell them apart; give each its own`},
		{"O10 lower case", errmap.Config{}, []errmap.Rule{low}, on(lowAt) + `: reason "no_rows" is not UPPER_SNAKE of 3 to 63 characters`},
		{"O10 short", errmap.Config{}, []errmap.Rule{short}, on(shortAt) + `: reason "AB" is not UPPER_SNAKE of 3 to 63 characters`},
		{"O10 long", errmap.Config{}, []errmap.Rule{long}, on(longAt) + `: reason "` + strings.Repeat("A", 64) + `" is not UPPER_SNAKE of 3 to 63 characters`},
		{"O10 no domain", errmap.Config{}, []errmap.Rule{nowhere}, on(nowhereAt) + `: reason "NO_ROWS" is in no domain; give Domain, or set Config.Domain`},
		{"domain alone", errmap.Config{}, []errmap.Rule{idle}, on(idleAt) + `: domain "a.com" is sent with a reason only; give Reason, or leave Domain out`},
		{"domain not UTF-8", errmap.Config{}, []errmap.Rule{torn}, on(tornAt) + `: domain "a\xff" is not UTF-8`},
	}
}

func optionMistakes() []mistake {
	both, bothAt := errmap.OnType[Value](errmap.NotFound, errmap.Message("x"), errmap.ExposeText(), errmap.For("a.B/1")), line()
	none, noneAt := errmap.OnType[Value](errmap.NotFound, errmap.For("a.B/2"), nil), line()
	bare, bareAt := errmap.OnType[*Value](errmap.NotFound, errmap.For()), line()
	wild, wildAt := errmap.OnType[Value](errmap.NotFound, errmap.For("/a.B/3")), line()
	on := func(at string) string { return "errmap: OnType[errmap_test.Value] at " + at }
	return []mistake{
		{"two texts", errmap.Config{}, []errmap.Rule{both}, on(bothAt) + ": Message and ExposeText exclude each other; keep one"},
		{"nil option", errmap.Config{}, []errmap.Rule{none}, on(noneAt) + ": a nil RuleOption was given"},
		{"no pattern", errmap.Config{}, []errmap.Rule{bare}, "errmap: OnType[*errmap_test.Value] at " + bareAt + ": For has no pattern; give one, or leave For out for all methods"},
		{"bad pattern", errmap.Config{}, []errmap.Rule{wild}, on(wildAt) + `: For: method: pattern "/a.B/3": write "a.B/3" without the leading slash`},
	}
}

// One error in several scopes is no conflict, and neither is one reason for it.
func TestMostSpecificScopeWins(t *testing.T) {
	t.Parallel()
	rule := func(c errmap.Code, patterns ...string) errmap.Rule {
		return errmap.On(ErrScoped, c, errmap.Reason("SCOPED"), errmap.For(patterns...))
	}
	rules := []errmap.Rule{
		errmap.On(ErrScoped, errmap.Unknown, errmap.Reason("SCOPED")),
		rule(errmap.Canceled, "acme.*"), rule(errmap.Aborted, "acme.shop.*"), rule(errmap.DataLoss, "Shop/*"),
		rule(errmap.NotFound, "acme.shop.Shop/*"), rule(errmap.OutOfRange, "acme.shop.Shop/Get*"),
		rule(errmap.Internal, "Shop/GetOne"), rule(errmap.Unavailable, "acme.shop.Shop/GetOne", "acme.shop.Shop/Other"),
	}
	for range 2 {
		m := newMapper(t, errmap.Config{Domain: domain}, rules...)
		for method, want := range map[string]errmap.Code{
			"/other.Svc/Get":         errmap.Unknown,
			"/acme.Bank/Get":         errmap.Canceled,
			"/acme.shop.Bank/Get":    errmap.Aborted,
			"/other.Shop/Get":        errmap.DataLoss,
			"/acme.shop.Shop/List":   errmap.NotFound,
			"/acme.shop.Shop/GetTwo": errmap.OutOfRange,
			"/x.Shop/GetOne":         errmap.Internal,
			"/acme.shop.Shop/GetOne": errmap.Unavailable,
			"/acme.shop.Shop/Other":  errmap.Unavailable,
			"not a method":           errmap.Unknown,
		} {
			if got := status.Code(m.Error(t.Context(), method, ErrScoped)); got != want.Code() {
				t.Errorf("%s: %v, want %v", method, got, want.Code())
			}
		}
		slices.Reverse(rules)
	}
}

// Both forms of a type are claimed by a rule for one; with two rules, each by its own.
func TestTypeAndPointer(t *testing.T) {
	t.Parallel()
	value, pointer := errmap.OnType[Value](errmap.Aborted), errmap.OnType[*Value](errmap.DataLoss)
	for _, tt := range []struct {
		name           string
		rules          []errmap.Rule
		value, pointer codes.Code
	}{
		{"none", nil, codes.Unknown, codes.Unknown},
		{"value", []errmap.Rule{value}, codes.Aborted, codes.Aborted},
		{"pointer", []errmap.Rule{pointer}, codes.DataLoss, codes.DataLoss},
		{"both", []errmap.Rule{value, pointer}, codes.Aborted, codes.DataLoss},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m := newMapper(t, errmap.Config{}, tt.rules...)
			if got := status.Code(m.Error(t.Context(), unary, Value{"v"})); got != tt.value {
				t.Errorf("Value: %v, want %v", got, tt.value)
			}
			if got := status.Code(m.Error(t.Context(), unary, &Value{"v"})); got != tt.pointer {
				t.Errorf("*Value: %v, want %v", got, tt.pointer)
			}
		})
	}
}

// A sentinel may be of a struct type that has an interface inside; values that can not be compared pass it by.
func TestStructSentinel(t *testing.T) {
	t.Parallel()
	sentinel := plain{ErrStockGone}
	m := newMapper(t, errmap.Config{}, errmap.On(sentinel, errmap.Aborted, errmap.Message("plain")))
	for _, tt := range []struct {
		err  error
		want codes.Code
	}{
		{plain{ErrStockGone}, codes.Aborted},
		{plain{ErrNoRows}, codes.Unknown},
		{plain{Uncomparable{}}, codes.Unknown},
	} {
		if got := status.Code(m.Error(t.Context(), unary, tt.err)); got != tt.want {
			t.Errorf("%v: %v, want %v", tt.err, got, tt.want)
		}
	}
}

func TestExposeText(t *testing.T) {
	t.Parallel()
	m := newMapper(
		t, errmap.Config{Domain: domain},
		errmap.OnType[Value](errmap.InvalidArgument, errmap.ExposeText(), errmap.Reason("BAD_VALUE")),
		errmap.On(ErrNoRows, errmap.NotFound, errmap.ExposeText()),
		errmap.OnType[bomb](errmap.NotFound, errmap.ExposeText()),
	)
	for _, tt := range []struct {
		err        error
		text, info string
	}{
		{fmt.Errorf("at 10.0.0.3: %w", Value{"7 is odd\xff"}), "7 is odd\uFFFD", "BAD_VALUE@" + domain},
		{ErrNoRows, "sql: no rows in result set", ""},
		{bomb{}, "internal error", ""},
	} {
		s := status.Convert(m.Error(t.Context(), unary, tt.err))
		if s.Message() != tt.text || infoOf(s) != tt.info {
			t.Errorf("%q %q, want %q %q", s.Message(), infoOf(s), tt.text, tt.info)
		}
	}
}

// A rule goes before the built-in meaning of the very same value.
func TestRulesGoBeforeBuiltins(t *testing.T) {
	t.Parallel()
	m := newMapper(
		t, errmap.Config{},
		errmap.On(context.DeadlineExceeded, errmap.Unavailable, errmap.Message("too slow")),
		errmap.On(errmap.NotFound, errmap.PermissionDenied, errmap.Message("no")),
		errmap.OnType[carrier](errmap.DataLoss),
	)
	for _, tt := range []struct {
		err  error
		want codes.Code
	}{
		{context.DeadlineExceeded, codes.Unavailable},
		{errmap.NotFound, codes.PermissionDenied},
		{errmap.NotFound.New("x"), codes.NotFound},
		{carrier{status: status.New(codes.NotFound, "")}, codes.DataLoss},
	} {
		if got := status.Code(m.Error(t.Context(), unary, tt.err)); got != tt.want {
			t.Errorf("%+v: %v, want %v", tt.err, got, tt.want)
		}
	}
}

func TestRuleString(t *testing.T) {
	t.Parallel()
	r, at := errmap.On(ErrNoRows, errmap.NotFound), line()
	if got, want := r.String(), `On("sql: no rows in result set") at `+at; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}
