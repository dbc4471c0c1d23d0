package translate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/translate"
)

// loop is an error that wraps itself: errors.Is and errors.As never end on it.
type loop struct{}

func (l *loop) Error() string { return secret }
func (l *loop) Unwrap() error { return l }

// Whatever OnError does, the RPC fails, with nothing told that nobody chose to tell.
func TestHookMisbehaves(t *testing.T) {
	t.Parallel()
	var typedNil *orderError
	for _, tt := range []struct {
		name   string
		raised error
		answer func(err error) error
	}{
		{"panics", errmap.NotFound.New("nf"), func(error) error { panic(secret) }},
		{"panics with the error", errmap.NotFound.New("nf"), func(err error) error { panic(err) }},
		{"panics with nil", errmap.NotFound.New("nf"), func(error) error { panic(nil) }},
		{"typed nil", errmap.NotFound.New("nf"), func(error) error { return typedNil }},
		{"OK", errmap.NotFound.New("nf"), func(error) error { return okStatus{} }},
		{"code OK", errmap.NotFound.New("nf"), func(error) error { return errmap.Code(0) }},
		{"the loop it was given", &loop{}, func(err error) error { return err }},
		{"is given a typed nil", typedNil, func(error) error { return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := fails(t, tt.raised, framework.Use(newTranslate(t, translate.Options{
				Mapper:  newMapper(t, errmap.Config{}),
				OnError: func(_ context.Context, _ *framework.Call, err error) error { return tt.answer(err) },
			})))
			eachKind(t, func(t *testing.T, kind framework.Kind) {
				execute(t, client, kind, "error").want(t, errmap.Internal, "internal error")
			})
		})
	}
}

// A panic is INTERNAL before anybody is asked, and so is not for a hook; nor is what another mapper decided on.
func TestHookNotAsked(t *testing.T) {
	t.Parallel()
	inner := newMapper(t, errmap.Config{})
	for _, tt := range []struct {
		name   string
		raised error
		code   errmap.Code
		msg    string
	}{
		{"panic", &errmap.PanicError{Value: errmap.NotFound}, errmap.Internal, "internal error"},
		{"wrapped panic", fmt.Errorf("%s: %w", secret, errors.Join(errmap.Aborted, &errmap.PanicError{})), errmap.Internal, "internal error"},
		{"mapped", inner.Error(t.Context(), "", errmap.NotFound.New("nf")), errmap.NotFound, "nf"},
		{"mapped panic", inner.Error(t.Context(), "", &errmap.PanicError{}), errmap.Internal, "internal error"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			client := fails(t, tt.raised, framework.Use(newTranslate(t, translate.Options{
				Mapper: newMapper(t, errmap.Config{}),
				OnError: func(_ context.Context, _ *framework.Call, err error) error {
					t.Errorf("asked about %v", err)
					return errmap.DataLoss
				},
			})))
			eachKind(t, func(t *testing.T, kind framework.Kind) {
				execute(t, client, kind, "error").want(t, tt.code, tt.msg)
			})
		})
	}
}

// OnError comes before the mapper's own hooks, which see its answer.
func TestHookBeforeTheMappers(t *testing.T) {
	t.Parallel()
	var order []string
	mapper := newMapper(t, errmap.Config{}, errmap.Hook("mapper", func(_ context.Context, _ string, err error) error {
		order = append(order, "mapper")
		if errors.Is(err, errmap.Aborted) {
			return errmap.DataLoss.Wrap(err, "gone")
		}
		return nil
	}))
	client := fails(t, errmap.NotFound.New("nf"), framework.Use(newTranslate(t, translate.Options{
		Mapper: mapper,
		OnError: func(_ context.Context, _ *framework.Call, err error) error {
			order = append(order, "OnError")
			return errmap.Aborted.Wrap(err, "again")
		},
	})))
	execute(t, client, framework.Unary, "error").want(t, errmap.DataLoss, "gone")
	if got := strings.Join(order, " "); got != "OnError mapper" {
		t.Error(got)
	}
}

// The answer is what counts; the handler's error is in the text that logs show, and found by errors.Is.
func TestHookKeepsTheCause(t *testing.T) {
	t.Parallel()
	raised := errors.New(secret)
	for _, tt := range []struct {
		name   string
		answer func(error) error
		found  bool
	}{
		{"wrapped", func(err error) error { return errmap.DataLoss.Wrap(err, "gone") }, true},
		{"replaced", func(error) error { return errmap.DataLoss.New("gone") }, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var outcome errmap.Outcome
			client := fails(t, raised, framework.Use(newTranslate(t, translate.Options{
				Mapper:  newMapper(t, errmap.Config{Observer: func(_ context.Context, o errmap.Outcome) { outcome = o }}),
				OnError: func(_ context.Context, _ *framework.Call, err error) error { return tt.answer(err) },
			})))
			execute(t, client, framework.Unary, "error").want(t, errmap.DataLoss, "gone")
			if got, want := outcome.Cause.Error(), "gone (by hook \"OnError\", in place of: "+secret+")"; got != want {
				t.Errorf("cause %q, want %q", got, want)
			}
			if errors.Is(outcome.Cause, raised) != tt.found {
				t.Errorf("errors.Is is %v", !tt.found)
			}
		})
	}
}
