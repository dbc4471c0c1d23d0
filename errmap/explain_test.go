package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// TestExplain holds what is told of the way to what Error does.
func TestExplain(t *testing.T) {
	t.Parallel()
	quiet := func(context.Context, errmap.Outcome) { t.Error("observed") }
	rules := append(shopRules(), errmap.Hook("legacy", func(_ context.Context, _ string, err error) error {
		if errors.Is(err, ErrNoRows) {
			return ErrStockGone
		}
		return nil
	}))
	m := newMapper(t, errmap.Config{Domain: domain, Observer: quiet}, rules...)
	loop := &cycle{}
	loop.inner = loop
	a, b := FieldError{Field: "a"}, FieldError{Field: "b"}
	const legacy = `Hook("legacy"): not its own`
	for _, tt := range []struct {
		name string
		in   error
		want []string
	}{
		{"nil", nil, nil},
		{"sentinel", wrap(1, ErrOrderNotFound), []string{
			legacy, "errmap_test.plain: nobody claims it", `  *errors.errorString: On("order not found"): claimed by ==`,
			`NOT_FOUND "order not found", ErrorInfo`,
		}},
		{"hook", ErrNoRows, []string{
			`Hook("legacy"): *errors.errorString in its place`, `*errors.errorString: On("stock is gone"): claimed by ==`,
			`FAILED_PRECONDITION "stock is gone"`,
		}},
		{"type", &ValidationError{ErrStockGone}, []string{legacy, `*errmap_test.ValidationError: OnType[*errmap_test.ValidationError]: claimed by its type`, `INVALID_ARGUMENT "The client specified an invalid argument"`}},
		{"interface", &NetErr{}, []string{legacy, `*errmap_test.NetErr: OnType[errmap_test.Temporary]: claimed by an interface that it has`, `UNAVAILABLE "The service is currently unavailable"`}},
		{"Is", Errno(2), []string{legacy, `errmap_test.Errno: On("stock is gone"): claimed by its Is method`, `FAILED_PRECONDITION "stock is gone"`}},
		{"code", errmap.Aborted, []string{legacy, `errmap.Code: it says so itself`, `ABORTED "The operation was aborted"`}},
		{"predicate", &SQLError{"23505"}, []string{
			legacy, `*errmap_test.SQLError: nobody claims it`, `*errmap_test.SQLError: OnFunc("pg-unique"): claimed by its predicate`,
			`ALREADY_EXISTS "The entity attempted to be created already exists"`,
		}},
		{"unknown", errors.New(secret), []string{legacy, "*errors.errorString: nobody claims it", "*errors.errorString: nothing is known of it", `UNKNOWN "unknown error"`}},
		{"cycle", loop, []string{`defect: too-deep`, `INTERNAL "internal error"`}},
		{"join", errors.Join(a, b), []string{
			legacy, "*errors.joinError: nobody claims it", "  errmap_test.FieldError: Tagged[errmap_test.FieldError]: claimed by its type",
			"  errmap_test.FieldError: joined: its violations are added", `INVALID_ARGUMENT "a: ", ErrorInfo, BadRequest`,
		}},
		{"too large", fieldErrors(200), []string{`too large: without BadRequest(part)`}},
		{"mapped", newMapper(t, errmap.Config{}).Error(t.Context(), "", errmap.Aborted), []string{"*errmap.Error: mapped already", `ABORTED "The operation was aborted"`}},
		{"panic", &errmap.PanicError{}, []string{"*errmap.PanicError: a panic", `INTERNAL "internal error"`}},
		{"call that ended", errors.New(secret), nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			if tt.want == nil && tt.in != nil {
				ended, cancel := context.WithCancel(ctx)
				cancel()
				ctx, tt.want = ended, []string{"nothing is known of it, and the call has ended", `CANCELLED "The operation was cancelled"`}
			}
			steps := m.Explain(ctx, unary, tt.in)
			var lines []string
			for _, s := range steps {
				lines = append(lines, places.ReplaceAllString(s.String(), ""))
			}
			got := strings.Join(lines, "\n")
			for _, want := range tt.want {
				if !strings.Contains(got, want) {
					t.Errorf("%q is missing in\n%s", want, got)
				}
			}
			noLeak(t, got)
			if tt.in == nil {
				if len(steps) > 0 {
					t.Error(got)
				}
				return
			}
			s := status.Convert(newMapper(t, errmap.Config{Domain: domain}, rules...).Error(ctx, unary, tt.in))
			if want := fmt.Sprintf("%s %q", errmap.Code(s.Code()).Name(), s.Message()); !strings.HasPrefix(lines[len(lines)-1], want) {
				t.Errorf("ends with %q, want %q", lines[len(lines)-1], want)
			}
		})
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Domain: domain},
		errmap.Tagged[*OutOfStock](), errmap.Hook("h", hook),
		errmap.On(ErrNoRows, errmap.NotFound, errmap.Reason("NO_ROWS"), errmap.For("a.B/C", "a.B/D")),
		errmap.OnType[Value](errmap.Aborted, errmap.ExposeText()),
		errmap.OnFunc("remote", errmap.IsRemote, errmap.Unavailable))
	var got []string
	for r := range m.Rules() {
		if !strings.HasPrefix(r.Place, "explain_test.go:") {
			t.Errorf("%s at %s", r.Rule, r.Place)
		}
		got = append(got, r.String())
	}
	want := `Tagged[*errmap_test.OutOfStock]: FAILED_PRECONDITION, OUT_OF_STOCK in shop.acme.com, "{SKU} is out of stock"
errmap_test.OutOfStock: error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message={SKU} is out of stock
  SKU: metadata=sku
  Again: retry.delay
OnType[errmap_test.Value]: ABORTED
Hook("h")
OnFunc("remote"): UNAVAILABLE, "The service is currently unavailable"
On("sql: no rows in result set"): NOT_FOUND, NO_ROWS in shop.acme.com, "sql: no rows in result set", for a.B/C a.B/D`
	if strings.Join(got, "\n") != want {
		t.Errorf("%s", strings.Join(got, "\n"))
	}
}
