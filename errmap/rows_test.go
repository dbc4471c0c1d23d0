package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// A row is one acceptance case: what a handler returns, and what its client gets.
type row struct {
	name string
	in   error
	boom func() // instead of in: the handler panics
	code codes.Code
	text string // "" for the default text of the code, empty for an empty one
	info string // REASON@domain, and its metadata
	by   string // source, rule and flaw of the Outcome
	// of the error that the client gets
	is    []error
	isNot []error
	as    func(error) bool
}

const empty = "(empty)"

func rows() []row {
	return slices.Concat(plainRows(), sentinelRows(), typeRows(), taggedRows(), violationRows(), sizeRows(), statusRows(), joinRows(), contextRows(), explicitRows(), codeRows(), brokenRows())
}

func plainRows() []row {
	return []row{
		{name: "A2", in: errors.New(secret), code: codes.Unknown, by: "unknown"},
		{name: "A4", in: io.EOF, code: codes.Unknown, by: "unknown", isNot: []error{io.EOF}},
		{name: "A5", in: errors.Join(errors.New(secret), errors.New("two")), code: codes.Unknown, by: "unknown"},
		{name: "A6", in: os.ErrDeadlineExceeded, code: codes.DeadlineExceeded, info: "RetryInfo{1s}", by: "type errmap_test.TempTimeout"},
		{name: "A7 uncomparable", in: fmt.Errorf("w: %w", Uncomparable{[]string{"x"}}), code: codes.Unknown, by: "unknown"},
	}
}

func sentinelRows() []row {
	is := []error{ErrOrderNotFound, errmap.NotFound}
	missing := "ORDER_MISSING@" + domain
	return []row{
		{name: "B1", in: ErrOrderNotFound, code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found", is: is},
		{name: "B2", in: fmt.Errorf("id=7 at 10.0.0.3: %w", ErrOrderNotFound), code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found", is: is},
		{name: "B3", in: wrap(5, ErrOrderNotFound), code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found", is: is},
		{name: "B4", in: ErrStockGone, code: codes.FailedPrecondition, text: "stock is gone", by: "sentinel stock is gone", isNot: []error{ErrStockGone}},
		{name: "B5", in: ErrNoRows, code: codes.NotFound, text: "no such record", by: "sentinel sql: no rows in result set"},
		{name: "B6", in: &fs.PathError{Op: "open", Path: "/etc/pw=", Err: syscall.ENOENT}, code: codes.NotFound, text: "no such file", by: "sentinel file does not exist"},
		{name: "B7", in: Errno(2), code: codes.FailedPrecondition, text: "stock is gone", by: "sentinel stock is gone"},
		{name: "B8 Is says no", in: Errno(3), code: codes.Unknown, by: "unknown"},
	}
}

func typeRows() []row {
	missing := "ORDER_MISSING@" + domain
	return []row{
		{name: "C9", in: &ValidationError{errors.New(secret)}, code: codes.InvalidArgument, by: "type *errmap_test.ValidationError"},
		{name: "C10", in: &NetErr{}, code: codes.Unavailable, by: "type errmap_test.Temporary"},
		{name: "C11", in: &NetTimeout{}, code: codes.DeadlineExceeded, info: "RetryInfo{1s}", by: "type errmap_test.TempTimeout"},
		{name: "D1", in: &ValidationError{ErrOrderNotFound}, code: codes.InvalidArgument, by: "type *errmap_test.ValidationError", isNot: []error{ErrOrderNotFound}},
		{name: "D2", in: wrap(2, &ValidationError{ErrOrderNotFound}), code: codes.InvalidArgument, by: "type *errmap_test.ValidationError"},
		{name: "D3", in: wrap(1, ErrNoRows), code: codes.NotFound, text: "no such record", by: "sentinel sql: no rows in result set"},
		{name: "D5", in: &ValidationError{ErrNoRows}, code: codes.InvalidArgument, by: "type *errmap_test.ValidationError"},
		{name: "D6", in: fmt.Errorf("%w: %w", ErrStockGone, ErrOrderNotFound), code: codes.FailedPrecondition, text: "stock is gone", by: "sentinel stock is gone"},
		{name: "D6 turned", in: fmt.Errorf("%w: %w", ErrOrderNotFound, ErrStockGone), code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found"},
		{name: "D7", in: ErrScoped, code: codes.ResourceExhausted, text: "scoped", by: "sentinel scoped"},
		{name: "D9", in: &ValidationError{status.Error(codes.NotFound, "nf")}, code: codes.InvalidArgument, by: "type *errmap_test.ValidationError"},
	}
}

func taggedRows() []row {
	order := &OrderNotFound{OrderID: 42, Shop: "fr", Secret: secret, Cause: errors.New(secret)}
	const (
		text = "order 42 not found in fr"
		info = "ORDER_NOT_FOUND@orders.acme.com orderId=42 shop=fr ResourceInfo{order/42}"
		by   = "tagged *errmap_test.OrderNotFound"
	)
	until := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	is := []error{errmap.NotFound}
	same := as(func(e *OrderNotFound) bool {
		return e.OrderID == 42 && e.Shop == "fr" && e.Secret == "" && e.Cause == nil
	})
	return []row{
		{name: "C1", in: order, code: codes.NotFound, text: text, info: info, by: by, is: is, as: same},
		{name: "C2", in: wrap(3, order), code: codes.NotFound, text: text, info: info, by: by, is: is, as: same},
		{name: "D5 tagged", in: &OrderNotFound{OrderID: 42, Shop: "fr", Cause: ErrNoRows}, code: codes.NotFound, text: text, info: info, by: by, as: same},
		{
			name: "C3", in: FieldError{Field: "email", Desc: "required"}, code: codes.InvalidArgument, text: "email: required",
			info: "INVALID_FIELD@" + domain + " BadRequest{email:required}", by: "tagged errmap_test.FieldError",
			as: as(func(e FieldError) bool { return e == FieldError{Field: "email", Desc: "required"} }),
		},
		{
			name: "C3 by its address", in: &FieldError{Field: "email", Desc: "required"}, code: codes.InvalidArgument, text: "email: required",
			info: "INVALID_FIELD@" + domain + " BadRequest{email:required}", by: "tagged errmap_test.FieldError",
			as: as(func(e FieldError) bool { return e.Field == "email" }),
		},
		{
			name: "C5", in: &Invalid{Fields: []Violation{{"a.b", "too long", "TOO_LONG"}, {"c", "bad", ""}}}, code: codes.InvalidArgument, text: "the request is invalid",
			info: "INVALID_REQUEST@" + domain + " BadRequest{a.b:too long:TOO_LONG; c:bad}", by: "tagged *errmap_test.Invalid",
			as: as(func(e *Invalid) bool {
				return len(e.Fields) == 2 && e.Fields[0] == Violation{"a.b", "too long", "TOO_LONG"}
			}),
		},
		{name: "C6", in: &Invalid{}, code: codes.InvalidArgument, text: "the request is invalid", info: "INVALID_REQUEST@" + domain, by: "tagged *errmap_test.Invalid"},
		{
			name: "C7", in: &Throttled{Limit: 60, After: 1500 * time.Millisecond, Until: until}, code: codes.ResourceExhausted, text: "quota of 60 exceeded",
			info: "THROTTLED@" + domain + " limitPerMinute=60 until=2026-01-02T03:04:05Z RetryInfo{1.5s}", by: "tagged *errmap_test.Throttled",
			as: as(func(e *Throttled) bool {
				return e.Limit == 60 && e.After == 1500*time.Millisecond && e.Until.Equal(until)
			}),
		},
		{name: "C8 nothing to wait for", in: &Throttled{Limit: 1}, code: codes.ResourceExhausted, text: "quota of 1 exceeded", info: "THROTTLED@" + domain + " limitPerMinute=1 until=0001-01-01T00:00:00Z", by: "tagged *errmap_test.Throttled"},
		{name: "D4 predicate", in: wrap(1, &SQLError{"23505"}), code: codes.AlreadyExists, by: "predicate pg-unique"},
		{name: "I1 tagged", in: (*OrderNotFound)(nil), code: codes.Internal, by: "defect typed-nil"},
	}
}

// violationRows are joins of errors that have news of one kind.
func violationRows() []row {
	const by = "tagged errmap_test.FieldError"
	info := "INVALID_FIELD@" + domain + " "
	a, b, c := FieldError{Field: "a", Desc: "1"}, FieldError{Field: "b", Desc: "2"}, FieldError{Field: "c", Desc: "3"}
	return []row{
		{
			name: "F4", in: errors.Join(a, b, c), code: codes.InvalidArgument, text: "a: 1", info: info + "BadRequest{a:1; b:2; c:3}", by: by,
			is: []error{a, b, c}, as: as(func(e FieldError) bool { return e == a }),
		},
		{name: "F5", in: wrap(1, errors.Join(a, b)), code: codes.InvalidArgument, text: "a: 1", info: info + "BadRequest{a:1; b:2}", by: by},
		{name: "F6", in: errors.Join(a, ErrStockGone), code: codes.InvalidArgument, text: "a: 1", info: info + "BadRequest{a:1}", by: by},
		{name: "F6 turned", in: errors.Join(ErrStockGone, a), code: codes.FailedPrecondition, text: "stock is gone", by: "sentinel stock is gone"},
		{name: "F joins in joins", in: errors.Join(errors.Join(a, errors.New(secret)), wrap(2, b), multi{nil, c}), code: codes.InvalidArgument, text: "a: 1", info: info + "BadRequest{a:1; b:2; c:3}", by: by},
		{name: "F two types", in: errors.Join(a, &Invalid{Fields: []Violation{{"x", "y", "Z"}}}), code: codes.InvalidArgument, text: "a: 1", info: info + "BadRequest{a:1; x:y:Z}", by: by},
		{
			name: "F the first has none", in: errors.Join(errmap.InvalidArgument, a, errmap.InvalidArgument.New("x"), b),
			code: codes.InvalidArgument, text: errmap.InvalidArgument.Error(), info: "BadRequest{a:1; b:2}", by: "code",
		},
		{
			name: "F the first is a rule's that has none", in: errors.Join(&ValidationError{}, a), code: codes.InvalidArgument,
			text: errmap.InvalidArgument.Error(), info: "BadRequest{a:1}", by: "type *errmap_test.ValidationError",
		},
		{name: "F a status takes none", in: errors.Join(status.Error(codes.InvalidArgument, "s"), a), code: codes.InvalidArgument, text: "s", by: "status"},
		{name: "F beside a defect", in: errors.Join(a, (*NetErr)(nil), bomb{in: "Is"}, b), code: codes.InvalidArgument, text: "a: 1", info: info + "BadRequest{a:1; b:2}", by: by},
	}
}

func sizeRows() []row {
	many := &Invalid{}
	for i := range 2000 {
		many.Fields = append(many.Fields, Violation{Path: fmt.Sprintf("f%d", i), Why: strings.Repeat("d", 30)}) // 40 bytes on the wire
	}
	long := strings.Repeat("m", 3000)
	shop := strings.Repeat("s", 50_000)
	return []row{
		{
			name: "F9", in: fieldErrors(500), code: codes.InvalidArgument, text: "f0: " + strings.Repeat("d", 30),
			info: "INVALID_FIELD@" + domain + " BadRequest{117 violations}", by: "tagged errmap_test.FieldError BadRequest(part)",
		},
		{name: "J1", in: errmap.NotFound.New(long), code: codes.NotFound, text: long, by: "explicit"},
		{
			name: "J3", in: many, code: codes.InvalidArgument, text: "the request is invalid",
			info: "INVALID_REQUEST@" + domain + " BadRequest{111 violations}", by: "tagged *errmap_test.Invalid BadRequest(part)",
		},
		{name: "J4", in: status.Error(codes.NotFound, strings.Repeat("ж", 10_000)), code: codes.NotFound, text: strings.Repeat("ж", 998) + "...", by: "status message"},
		{
			name: "J5", in: &OrderNotFound{OrderID: 1, Shop: shop}, code: codes.NotFound, text: ("order 1 not found in " + shop)[:1021] + "...",
			info: "ORDER_NOT_FOUND@orders.acme.com orderId=1 shop=" + shop[:509] + "... ResourceInfo{order/1}", by: "tagged *errmap_test.OrderNotFound",
		},
	}
}

// as holds what a client gets back to a condition.
func as[E error](holds func(E) bool) func(error) bool {
	return func(err error) bool {
		e, ok := errors.AsType[E](err)
		return ok && holds(e)
	}
}

func statusRows() []row {
	detailed := withInfo(codes.Aborted, "a", "X_Y", "d.e", map[string]string{"k": "v"})
	notUTF8 := &spb.Status{Code: int32(codes.NotFound), Message: "b\xffd", Details: details(&errdetails.ErrorInfo{Reason: "X_Y", Domain: "d.e"})}
	return []row{
		{name: "E1", in: status.Error(codes.NotFound, "nf"), code: codes.NotFound, text: "nf", by: "status", is: []error{errmap.NotFound}},
		{name: "E2", in: detailed, code: codes.Aborted, text: "a", info: "X_Y@d.e k=v", by: "status"},
		{name: "E3 wrapped", in: fmt.Errorf("loading 10.0.0.3: %w", detailed), code: codes.Aborted, text: "a", info: "X_Y@d.e k=v", by: "status"},
		{name: "E4", in: status.Error(codes.NotFound, ""), code: codes.NotFound, text: empty, by: "status"},
		{name: "E5", in: carrier{}, code: codes.Unknown, by: "unknown nil-status"},
		{name: "E6", in: carrier{inner: ErrOrderNotFound}, code: codes.NotFound, text: "order not found", info: "ORDER_MISSING@" + domain, by: "sentinel order not found nil-status"},
		{name: "E7", in: carrier{status: status.New(codes.OK, "")}, code: codes.Internal, by: "defect ok-status"},
		{name: "E8", in: wrap(1, carrier{status: status.New(codes.OK, "")}), code: codes.Internal, by: "defect ok-status"},
		{name: "E9", in: status.Error(99, "ninety"), code: codes.Unknown, text: "ninety", by: "status"},
		{name: "E10", in: status.ErrorProto(notUTF8), code: codes.NotFound, text: "b\uFFFDd", info: "X_Y@d.e", by: "status"},
		{name: "E12", in: status.Error(codes.Unknown, "explicit"), code: codes.Unknown, text: "explicit", by: "status"},
		{name: "E13", in: errmap.Internal.Wrap(status.Error(codes.NotFound, "nf"), "hidden"), code: codes.Internal, text: "hidden", by: "explicit", isNot: []error{errmap.NotFound}},
		{name: "E14", in: fmt.Errorf("w: %w", status.Error(99, "n")), code: codes.Unknown, text: "n", by: "status"},
	}
}

func joinRows() []row {
	missing := "ORDER_MISSING@" + domain
	return []row{
		{name: "F1", in: errors.Join(ErrOrderNotFound, errors.New("rollback failed pw=x")), code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found", is: []error{ErrOrderNotFound}},
		{name: "F2", in: errors.Join(errors.New(secret), ErrOrderNotFound), code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found"},
		{name: "F3", in: errors.Join(status.Error(codes.NotFound, "nf"), ErrStockGone), code: codes.NotFound, text: "nf", by: "status"},
		{name: "F7", in: errors.Join(context.Canceled, ErrOrderNotFound), code: codes.Canceled, by: "context local"},
		{name: "F8 depth first", in: errors.Join(wrap(2, ErrStockGone), ErrOrderNotFound), code: codes.FailedPrecondition, text: "stock is gone", by: "sentinel stock is gone"},
		{name: "F10", in: errors.Join(ErrOrderNotFound, nil), code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found"},
		{name: "F10 nil member", in: multi{nil, ErrOrderNotFound}, code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found"},
		{name: "F11", in: errors.Join(ErrOrderNotFound, context.DeadlineExceeded), code: codes.NotFound, text: "order not found", info: missing, by: "sentinel order not found"},
	}
}

// contextRows have a caller who is still waiting.
func contextRows() []row {
	sub, cancel := context.WithTimeout(context.Background(), 0)
	defer cancel()
	return []row{
		{name: "G1", in: context.Canceled, code: codes.Canceled, by: "context local", is: []error{errmap.Canceled}, isNot: []error{context.Canceled}},
		{name: "G2", in: fmt.Errorf("query orders on 10.0.0.3: %w", context.DeadlineExceeded), code: codes.DeadlineExceeded, by: "context local", is: []error{context.DeadlineExceeded, errmap.DeadlineExceeded}},
		{name: "G3", in: sub.Err(), code: codes.DeadlineExceeded, by: "context local"},
	}
}

func explicitRows() []row {
	return []row{
		{name: "H1", in: errmap.NotFound.New("custom"), code: codes.NotFound, text: "custom", by: "explicit", is: []error{errmap.NotFound}},
		{name: "H2", in: errmap.NotFound.Newf("order %d", 7), code: codes.NotFound, text: "order 7", by: "explicit", is: []error{errmap.NotFound}},
		{name: "H3", in: fmt.Errorf("id 7 at db 10.0.0.3: %w", errmap.NotFound), code: codes.NotFound, by: "code", is: []error{errmap.NotFound}},
		{name: "H4", in: errmap.Aborted.Wrap(errors.New(secret), "try again"), code: codes.Aborted, text: "try again", by: "explicit"},
		{name: "H4 formatted", in: errmap.Aborted.Wrapf(errors.New(secret), "try again in %s", "1s"), code: codes.Aborted, text: "try again in 1s", by: "explicit"},
		{name: "H5", in: fmt.Errorf("at db 10.0.0.3: %w", errmap.DataLoss.New("lost")), code: codes.DataLoss, text: "lost", by: "explicit"},
		{name: "H6", in: errmap.NotFound.New(""), code: codes.NotFound, text: empty, by: "explicit"},
		{name: "H7", in: errmap.NotFound.New("100%d"), code: codes.NotFound, text: "100%d", by: "explicit"},
		{name: "H9 not UTF-8", in: errmap.NotFound.New("b\xffd"), code: codes.NotFound, text: "b\uFFFDd", by: "explicit"},
		{name: "T11 code OK", in: errmap.Code(codes.OK), code: codes.Internal, by: "defect invalid-code"},
		{name: "T11 made by OK", in: errmap.Code(codes.OK).New(secret), code: codes.Internal, by: "defect invalid-code"},
		{name: "T11 made by 17", in: errmap.Code(17).Wrap(errors.New(secret), secret), code: codes.Internal, by: "defect invalid-code"},
	}
}

// codeRows are H8, one for each code.
func codeRows() (all []row) {
	for c := errmap.Canceled; c <= errmap.Unauthenticated; c++ {
		all = append(all, row{name: "H8 " + c.Name(), in: fmt.Errorf("secret 10.0.0.3: %w", c), code: c.Code(), by: "code", is: []error{c}})
	}
	return all
}

func brokenRows() []row {
	loop := &cycle{}
	loop.inner = loop
	wide := make(multi, 5000)
	for i := range wide {
		wide[i] = errors.New(secret)
	}
	return []row{
		{name: "I1", in: (*ValidationError)(nil), code: codes.Internal, by: "defect typed-nil"},
		{name: "I1 wrapped", in: wrap(2, (*ValidationError)(nil)), code: codes.Internal, by: "defect typed-nil"},
		{name: "I2", in: (*pointerCarrier)(nil), code: codes.Internal, by: "defect typed-nil"},
		{name: "I2 *Error", in: (*errmap.Error)(nil), code: codes.Internal, by: "defect typed-nil"},
		{name: "I4", in: loop, code: codes.Internal, by: "defect too-deep"},
		{name: "I4 wide", in: wide, code: codes.Internal, by: "defect too-deep"},
		{name: "I4 deep", in: wrap(120, errors.New(secret)), code: codes.Internal, by: "defect too-deep"},
		{name: "I5 Is", in: bomb{in: "Is"}, code: codes.Internal, by: "defect mapping-panic"},
		{name: "I5 Unwrap", in: bomb{in: "Unwrap"}, code: codes.Internal, by: "defect mapping-panic"},
		{name: "I5 GRPCStatus", in: wrap(1, statusBomb{}), code: codes.Internal, by: "defect mapping-panic"},
		{name: "I6", boom: func() { panic("pw=hunter2") }, code: codes.Internal, by: "panic"},
		{name: "I7", boom: func() { panic(ErrOrderNotFound) }, code: codes.Internal, by: "panic", isNot: []error{ErrOrderNotFound}},
		{name: "I8", boom: func() { panic(nil) }, code: codes.Internal, by: "panic"},
		{name: "I9", boom: func() { noMap()["pw="] = 1 }, code: codes.Internal, by: "panic"},
	}
}

func noMap() map[string]int { return nil }

// want is the text that the client reads.
func (r row) want() string {
	switch r.text {
	case "":
		return errmap.Code(r.code).Error()
	case empty:
		return ""
	}
	return r.text
}

// handle is the handler of the row, with a recovery around it.
func (r row) handle() (err error) {
	defer func() {
		if r.boom != nil {
			err = &errmap.PanicError{Value: recover(), Stack: []byte("goroutine 7: pw=hunter2")}
		}
	}()
	if r.boom != nil {
		r.boom()
	}
	return r.in
}

// check looks at a status, as it goes out or as it came in.
func (r row) check(t *testing.T, s *status.Status) {
	t.Helper()
	if s.Code() != r.code || s.Message() != r.want() || infoOf(s) != r.info {
		t.Errorf("%v %q %q; want %v %q %q", s.Code(), s.Message(), infoOf(s), r.code, r.want(), r.info)
	}
	noLeak(t, fmt.Sprint(s.Proto(), s.Details()))
}

func (r row) checkOutcome(t *testing.T, o errmap.Outcome) {
	t.Helper()
	if got := decidedBy(o); got != r.by {
		t.Errorf("decided by %q, want %q", got, r.by)
	}
	if o.Cause == nil {
		t.Error("no cause")
	}
}

func decidedBy(o errmap.Outcome) string {
	words := append([]string{string(o.Source), o.Rule, string(o.Flaw)}, o.Dropped...)
	if o.Local {
		words = append(words, "local")
	}
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

func noLeak(t *testing.T, text string) {
	t.Helper()
	for _, word := range leaks {
		if strings.Contains(text, word) {
			t.Errorf("%q leaks in %q", word, text)
		}
	}
}

// TestRows maps every row directly, with the rules in several orders.
func TestRows(t *testing.T) {
	t.Parallel()
	for seed := range uint64(3) {
		rules := shopRules()
		rand.New(rand.NewPCG(seed, seed)).Shuffle(len(rules), func(i, j int) { rules[i], rules[j] = rules[j], rules[i] })
		for _, r := range rows() {
			t.Run(fmt.Sprintf("row %s order %d", r.name, seed), func(t *testing.T) {
				t.Parallel()
				var seen []errmap.Outcome
				m := newMapper(t, errmap.Config{Domain: domain, Observer: func(_ context.Context, o errmap.Outcome) { seen = append(seen, o) }}, rules...)
				err := m.Error(t.Context(), unary, r.handle())
				r.check(t, status.Convert(err))
				if len(seen) != 1 {
					t.Fatalf("observed %d times, want once", len(seen))
				}
				r.checkOutcome(t, seen[0])
			})
		}
	}
}

func TestRowA1(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Observer: func(context.Context, errmap.Outcome) { t.Error("observed") }})
	if err := m.Error(t.Context(), unary, nil); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}

// A status that passes is the very same, not a copy.
func TestStatusPassesUntouched(t *testing.T) {
	t.Parallel()
	s := status.New(codes.NotFound, "nf")
	m := newMapper(t, errmap.Config{})
	if got := status.Convert(m.Error(t.Context(), unary, wrap(3, s.Err()))); got != s {
		t.Errorf("got %p, want %p", got, s)
	}
}

func TestRowD7OnTheStream(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	for method, want := range map[string]codes.Code{
		stream:              codes.PermissionDenied,
		unary:               codes.ResourceExhausted,
		"/other.v1.Svc/Get": codes.Aborted,
		"a job":             codes.Aborted,
	} {
		if got := status.Code(m.Error(t.Context(), method, ErrScoped)); got != want {
			t.Errorf("%s: %v, want %v", method, got, want)
		}
	}
}
