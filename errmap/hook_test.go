package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

// T12: whatever a hook returns, the RPC fails, and what it returns is mapped.
func TestHook(t *testing.T) {
	t.Parallel()
	handler := errors.New(secret)
	for _, tt := range []struct {
		name   string
		result error
		code   codes.Code
		text   string
		by     string
	}{
		{"nil is not mine", nil, codes.Unknown, "unknown error", "unknown"},
		{"explicit", errmap.DataLoss.New("Here's some custom details"), codes.DataLoss, "Here's some custom details", "explicit"},
		{"status", status.Error(codes.Aborted, "a"), codes.Aborted, "a", "status"},
		{"sentinel", ErrStockGone, codes.FailedPrecondition, "stock is gone", "sentinel stock is gone"},
		{"wrapped handler's", fmt.Errorf("w: %w", handler), codes.Unknown, "unknown error", "unknown"},
		{"unknown", errors.New("pw="), codes.Unknown, "unknown error", "unknown"},
		{"uncomparable", Uncomparable{}, codes.Unknown, "unknown error", "unknown"},
		{"status OK", carrier{status: status.New(codes.OK, "")}, codes.Internal, "internal error", "defect ok-status"},
		{"code OK", errmap.Code(codes.OK), codes.Internal, "internal error", "defect invalid-code"},
		{"typed nil", (*NetErr)(nil), codes.Internal, "internal error", "defect typed-nil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var o errmap.Outcome
			m := newMapper(t, observing(&o), shopRules()[1], errmap.Hook("h", func(_ context.Context, method string, err error) error {
				if method != unary || err != handler {
					t.Errorf("the hook got %q, %v", method, err)
				}
				return tt.result
			}))
			err := m.Error(t.Context(), unary, handler)
			s := status.Convert(err)
			if s.Code() != tt.code || s.Message() != tt.text || decidedBy(o) != tt.by {
				t.Errorf("%v %q by %q; want %v %q by %q", s.Code(), s.Message(), decidedBy(o), tt.code, tt.text, tt.by)
			}
			if broken := o.Flaw == errmap.FlawTypedNil; errors.Is(err, handler) == broken {
				t.Errorf("the handler's error is in the cause: %v", !broken)
			}
			if (o.Hook == "h") != (tt.result != nil) {
				t.Errorf("by hook %q", o.Hook)
			}
		})
	}
}

// Hooks are asked by name, until one has an answer.
func TestHooksRunByName(t *testing.T) {
	t.Parallel()
	var asked []string
	named := func(name string, result error) errmap.Rule {
		return errmap.Hook(name, func(context.Context, string, error) error {
			asked = append(asked, name)
			return result
		})
	}
	m := newMapper(t, errmap.Config{}, named("c", errmap.Aborted), named("b", errmap.DataLoss), named("a", nil))
	if got := status.Code(m.Error(t.Context(), unary, ErrNoRows)); got != codes.DataLoss || strings.Join(asked, "") != "ab" {
		t.Errorf("%v after %v, want %v after [a b]", got, asked, codes.DataLoss)
	}
}

func TestHookThatPanics(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	m := newMapper(t, observing(&o), errmap.Hook("h", func(context.Context, string, error) error { panic("boom pw=") }))
	err := m.Error(t.Context(), unary, ErrNoRows)
	if status.Code(err) != codes.Internal || err.Error() != "internal error" || o.Flaw != errmap.FlawPanic || o.Hook != "h" {
		t.Errorf("%+v", err)
	}
	if !errors.Is(err, ErrNoRows) || !strings.Contains(o.Cause.Error(), `hook "h" panicked: boom`) || !strings.Contains(string(o.Stack), "TestHookThatPanics") {
		t.Errorf("cause %v, stack %s", o.Cause, o.Stack)
	}
}

// What a panic carries is not shown to hooks: it is decided, wherever it is.
func TestHooksDoNotSeePanics(t *testing.T) {
	t.Parallel()
	value := ErrOrderNotFound
	m := newMapper(t, errmap.Config{Domain: domain}, append(shopRules(), errmap.Hook("h", func(context.Context, string, error) error {
		t.Error("asked")
		return errmap.NotFound
	}))...)
	for name, err := range map[string]error{
		"itself":    &errmap.PanicError{Value: value},
		"wrapped":   fmt.Errorf("audit: %w", &errmap.PanicError{Value: value}),
		"validated": &ValidationError{&errmap.PanicError{Value: value}},
		"joined":    errors.Join(ErrStockGone, &errmap.PanicError{Value: value}),
		"explicit":  errmap.Unavailable.Wrap(&errmap.PanicError{Value: value}, "later"),
	} {
		var o errmap.Outcome
		mapped := m.Error(t.Context(), unary, err)
		o = mapped.(*errmap.Error).Outcome()
		if o.Status.Code() != codes.Internal || o.Source != errmap.SourcePanic {
			t.Errorf("%s: %+v", name, mapped)
		}
		if !errors.Is(mapped, value) {
			t.Errorf("%s: the value is lost", name)
		}
	}
}

func observing(o *errmap.Outcome) errmap.Config {
	return errmap.Config{Observer: func(_ context.Context, seen errmap.Outcome) { *o = seen }}
}
