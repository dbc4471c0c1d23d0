package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
)

func TestDecodeRows(t *testing.T) {
	t.Parallel()
	two := status.ErrorProto(&spb.Status{Code: 5, Message: "m", Details: details(
		&errdetails.Help{}, &errdetails.ErrorInfo{Reason: "OTHER", Domain: domain}, &errdetails.ErrorInfo{Reason: "ORDER_MISSING", Domain: domain},
	)})
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	for _, tt := range []struct {
		name string
		in   error
		is   bool
	}{
		{"N1 unknown reason", withInfo(codes.NotFound, "m", "NEW_REASON", domain, nil), false},
		{"N2 other domain", withInfo(codes.NotFound, "m", "ORDER_MISSING", "other.com", nil), false},
		{"N3 other code", withInfo(codes.Aborted, "m", "ORDER_MISSING", domain, nil), true},
		{"N6 extra metadata", withInfo(codes.NotFound, "m", "ORDER_MISSING", domain, map[string]string{"k": "v"}), true},
		{"N8 first of two", two, false},
		{"N9 text alone", status.Error(codes.NotFound, "order not found"), false},
		{"K6 plain server", status.Error(codes.NotFound, "nf"), false},
	} {
		t.Run("row "+tt.name, func(t *testing.T) {
			t.Parallel()
			want := status.Convert(tt.in)
			err := m.Decode(t.Context(), tt.in)
			if errors.Is(err, ErrOrderNotFound) != tt.is || errors.Is(err, ErrStockGone) {
				t.Errorf("the sentinel came back: %v, want %v", !tt.is, tt.is)
			}
			if status.Convert(err) != want || err.Error() != want.Message() {
				t.Errorf("%v, want the status as it came: %v", err, want)
			}
			if !errors.Is(err, errmap.Code(want.Code())) || errors.Is(err, errmap.DataLoss) || !errors.Is(err, tt.in) {
				t.Errorf("%+v is not its code", err)
			}
			if got := err.(*errmap.Remote).LogValue().String(); !strings.Contains(got, "code="+errmap.Code(want.Code()).Name()) {
				t.Errorf("logged as %s", got)
			}
			if again := m.Decode(t.Context(), err); again != err {
				t.Errorf("decoded twice: %v", again)
			}
		})
	}
}

// Row N10: what did not come from the other side stays what it is.
func TestDecodeLeavesAlone(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{})
	for _, err := range []error{
		nil, io.EOF, errors.New("own"), context.Canceled,
		carrier{},
		carrier{status: status.New(codes.OK, "")},
		(*pointerCarrier)(nil),
		errmap.NotFound, errmap.NotFound.New("own"), &errmap.PanicError{}, m.Error(t.Context(), unary, ErrNoRows),
		fmt.Errorf("w: %w", m.Decode(t.Context(), status.Error(codes.NotFound, "nf"))),
		fmt.Errorf("w: %w", (*pointerCarrier)(nil)),
	} {
		if got := m.Decode(t.Context(), err); got != err {
			t.Errorf("%T became %T", err, got)
		}
	}
}

// grpc wraps the last status when its retries are exhausted.
func TestDecodeWrapped(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	in := fmt.Errorf("max retries exhausted: %w", withInfo(codes.NotFound, "nf", "ORDER_MISSING", domain, nil))
	err := m.Decode(t.Context(), in)
	if err.Error() != "nf" || !errors.Is(err, errmap.NotFound) || !errors.Is(err, ErrOrderNotFound) || !errors.Is(err, in) {
		t.Errorf("%+v", err)
	}
	if got := fmt.Sprintf("%+v", err); !strings.Contains(got, "max retries exhausted") {
		t.Error(got)
	}
}

// A code that another implementation made up is received as it is.
func TestDecodeUnknownCode(t *testing.T) {
	t.Parallel()
	err := newMapper(t, errmap.Config{}).Decode(t.Context(), status.Error(99, ""))
	if got := fmt.Sprintf("%v, %+v", err, err); got != `Code(99), Code(99)(code=Code(99), message="", remote=true)` {
		t.Error(got)
	}
	if errors.Is(err, errmap.Unknown) || status.Code(err) != 99 {
		t.Error("it is another code")
	}
}

// An error type of another library keeps its identity inside.
func TestDecodeKeepsForeignTypes(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{})
	own := &pointerCarrier{status.New(codes.Aborted, "a")}
	err := m.Decode(t.Context(), own)
	if _, ok := err.(*errmap.Remote); !ok || !errors.Is(err, own) || !errors.Is(err, errmap.Aborted) {
		t.Errorf("%+v", err)
	}
}

// A cancellation in the server is not the caller's own.
func TestDecodeContexts(t *testing.T) {
	t.Parallel()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	m := newMapper(t, errmap.Config{})
	for _, tt := range []struct {
		name               string
		ctx                context.Context
		code               codes.Code
		canceled, deadline bool
	}{
		{"G1 the server's", t.Context(), codes.Canceled, false, false},
		{"M1 the caller's", ended, codes.Canceled, true, false},
		{"G2", t.Context(), codes.DeadlineExceeded, false, true},
		{"ended, but not by that", ended, codes.Unavailable, false, false},
	} {
		err := m.Decode(tt.ctx, status.Error(tt.code, "x"))
		if errors.Is(err, context.Canceled) != tt.canceled || errors.Is(err, context.DeadlineExceeded) != tt.deadline {
			t.Errorf("%s: %+v", tt.name, err)
		}
	}
}

// Rows K2, K3 and K4: a server that calls another one.
func TestRemoteInAHandler(t *testing.T) {
	t.Parallel()
	upstream := withInfo(codes.NotFound, "order not found", "ORDER_MISSING", domain, map[string]string{"k": "v"})
	client := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	remote := client.Decode(t.Context(), upstream)
	stale := errmap.On(ErrOrderNotFound, errmap.FailedPrecondition, errmap.Message("cart is stale"))
	broken := errmap.OnType[*errmap.Remote](errmap.Unavailable)
	for _, tt := range []struct {
		name  string
		rules []errmap.Rule
		in    error
		code  codes.Code
		text  string
		info  string
		by    string
	}{
		{"K2 no rules", nil, remote, codes.NotFound, "order not found", "ORDER_MISSING@" + domain + " k=v", "remote"},
		{"K2 wrapped", nil, fmt.Errorf("calling C at 10.0.0.3: %w", remote), codes.NotFound, "order not found", "ORDER_MISSING@" + domain + " k=v", "remote"},
		{"K3 a rule for what is inside", []errmap.Rule{stale}, remote, codes.FailedPrecondition, "cart is stale", "", "sentinel order not found"},
		{"a rule for all remotes", []errmap.Rule{stale, broken}, remote, codes.Unavailable, errmap.Unavailable.Error(), "", "type *errmap.Remote"},
		{"nothing inside", []errmap.Rule{stale}, client.Decode(t.Context(), status.Error(99, "x\xff")), codes.Unknown, "x\uFFFD", "", "remote"},
		{"a foreign one inside", nil, client.Decode(t.Context(), carrier{status: status.New(codes.Aborted, "a")}), codes.Aborted, "a", "", "remote"},
	} {
		t.Run("row "+tt.name, func(t *testing.T) {
			t.Parallel()
			var o errmap.Outcome
			s := status.Convert(newMapper(t, observing(&o), tt.rules...).Error(t.Context(), unary, tt.in))
			if s.Code() != tt.code || s.Message() != tt.text || infoOf(s) != tt.info || decidedBy(o) != tt.by {
				t.Errorf("%v %q %q by %q; want %v %q %q by %q", s.Code(), s.Message(), infoOf(s), decidedBy(o), tt.code, tt.text, tt.info, tt.by)
			}
		})
	}
	t.Run("row K4 a plain server", func(t *testing.T) {
		t.Parallel()
		s := status.Convert(fmt.Errorf("calling C: %w", remote))
		if s.Message() != "calling C: order not found" || !errors.Is(client.Decode(t.Context(), s.Err()), ErrOrderNotFound) {
			t.Error(s)
		}
	})
}
