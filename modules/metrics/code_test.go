package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/metrics"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/translate"
)

// errOdd is an error that says it is none.
type errOdd struct{}

func (errOdd) Error() string { return "odd" }

func (errOdd) GRPCStatus() *status.Status { return status.New(codes.OK, "") }

var errSentinel = errors.New("a sentinel that a rule is for")

// The code that is counted is the one that the client gets, on both sides and for every kind, with and without what maps
// errors and recovers from panics.
func TestCode(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(ctx context.Context) error
		code [2]codes.Code // without and with translate and recovery
	}{
		{"success", func(context.Context) error { return nil }, [2]codes.Code{}},
		{"status", func(context.Context) error { return status.Error(codes.Aborted, "a") }, [2]codes.Code{codes.Aborted, codes.Aborted}},
		{"wrapped status", func(context.Context) error { return fmt.Errorf("w: %w", status.Error(codes.Aborted, "a")) }, [2]codes.Code{codes.Aborted, codes.Aborted}},
		{"code of errmap", func(context.Context) error { return errmap.OutOfRange.New("o") }, [2]codes.Code{codes.OutOfRange, codes.OutOfRange}},
		{"mapped", func(context.Context) error { return fmt.Errorf("w: %w", errSentinel) }, [2]codes.Code{codes.Unknown, codes.FailedPrecondition}},
		{"plain", func(context.Context) error { return errors.New("p") }, [2]codes.Code{codes.Unknown, codes.Unknown}},
		{"EOF", func(context.Context) error { return io.EOF }, [2]codes.Code{codes.Unknown, codes.Unknown}},
		{"context", func(context.Context) error { return context.DeadlineExceeded }, [2]codes.Code{codes.DeadlineExceeded, codes.DeadlineExceeded}},
		{"wrapped context", func(context.Context) error { return fmt.Errorf("w: %w", context.Canceled) }, [2]codes.Code{codes.Canceled, codes.Canceled}},
		{"says OK", func(context.Context) error { return errOdd{} }, [2]codes.Code{codes.Internal, codes.Internal}},
		{"panic", func(context.Context) error { panic("p") }, [2]codes.Code{codes.Internal, codes.Internal}},
		{"panic with an error", func(context.Context) error { panic(errSentinel) }, [2]codes.Code{codes.Internal, codes.Internal}},
	} {
		for n, name := range []string{"alone", "mapped"} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				each(t, func(t *testing.T, kind framework.Kind) {
					i := newMetrics(t, metrics.Options{})
					o := both(i, doing(tt.do))
					if name == "mapped" {
						o = append(o, mapping(t)...)
					}
					_, err := frameworktest.Execute(t.Context(), frameworktest.DummyClient(t, o...), kind, []string{"x"})
					if status.Code(err) != tt.code[n] {
						t.Errorf("the client got %v", err)
					}
					want := numbers{}
					for _, side := range sides {
						maps.Copy(want, ended(side, kind, tt.code[n], 1))
					}
					read(t, i.Registry()).without("msg").want(t, want)
				})
			})
		}
	}
}

// mapping are translate on both sides and recovery.
func mapping(t testing.TB) []frameworktest.Option {
	t.Helper()
	mapper, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}}, errmap.On(errSentinel, errmap.FailedPrecondition))
	if err != nil {
		t.Fatal(err)
	}
	errors, err := translate.New(translate.Options{Mapper: mapper})
	if err != nil {
		t.Fatal(err)
	}
	panics, err := recovery.New(recovery.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return []frameworktest.Option{
		on(framework.ServerSide, framework.Use(errors), framework.Use(panics)), on(framework.ClientSide, framework.Use(errors)),
	}
}

// Codes that a server invents share a label.
func TestInventedCodes(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		next := codes.Code(17)
		client := frameworktest.DummyClient(t, both(i, doing(func(context.Context) error {
			next++
			return status.Error(next, "")
		}))...)
		for range 20 {
			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); status.Code(err) != next {
				t.Errorf("%v, want %v", err, next)
			}
		}
		for _, side := range sides {
			read(t, i.Registry()).of(side.String()+" handled").want(t, ended(side, kind, codes.Unknown, 20).of(side.String()+" handled"))
		}
	})
}
