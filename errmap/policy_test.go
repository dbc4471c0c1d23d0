package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sluice-go/sluice/errmap"
)

// A masked code of somebody else's status says nothing more; what was chosen here is sent.
func TestMask(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	c := observing(&o)
	c.Mask = []errmap.Code{errmap.Internal, errmap.Unknown}
	m := newMapper(t, c, errmap.On(ErrStockGone, errmap.Internal))
	detailed := withInfo(codes.Internal, secret, "WHY_NOT", "d.e", map[string]string{"k": secret})
	for _, tt := range []struct {
		name     string
		in       error
		code     codes.Code
		text     string
		redacted bool
	}{
		{"status", detailed, codes.Internal, "internal error", true},
		{"wrapped", wrap(2, detailed), codes.Internal, "internal error", true},
		{"remote", m.Decode(t.Context(), detailed), codes.Internal, "internal error", true},
		{"a code that is none", status.Error(99, secret), codes.Unknown, "unknown error", true},
		{"another code", status.Error(codes.NotFound, "nf"), codes.NotFound, "nf", false},
		{"explicit", errmap.Internal.New("chosen"), codes.Internal, "chosen", false},
		{"rule", ErrStockGone, codes.Internal, "stock is gone", false},
	} {
		s := status.Convert(m.Error(t.Context(), unary, tt.in))
		if s.Code() != tt.code || s.Message() != tt.text || infoOf(s) != "" || o.Redacted != tt.redacted {
			t.Errorf("%s: %v, redacted %v", tt.name, s.Proto(), o.Redacted)
		}
	}
}

// TestTranslateRemote has a row for each code that another server may answer with.
func TestTranslateRemote(t *testing.T) {
	t.Parallel()
	want := map[errmap.Code]errmap.Code{
		errmap.Unknown: errmap.Unknown, errmap.Unavailable: errmap.Unavailable,
		errmap.ResourceExhausted: errmap.ResourceExhausted, errmap.DeadlineExceeded: errmap.DeadlineExceeded,
	}
	var o errmap.Outcome
	c := observing(&o)
	c.Domain, c.Remote = domain, errmap.TranslateRemote
	m := newMapper(t, c, shopRules()...)
	for code := errmap.Canceled; code <= errmap.Unauthenticated+1; code++ {
		remote := m.Decode(t.Context(), status.ErrorProto(&spb.Status{Code: int32(code), Message: secret, Details: details(
			&errdetails.ErrorInfo{Reason: "X_Y", Domain: "d.e"}, &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)},
		)}))
		expected, ok := want[code]
		switch {
		case code > errmap.Unauthenticated:
			expected = errmap.Unknown
		case !ok:
			expected = errmap.Internal
		}
		s := status.Convert(m.Error(t.Context(), unary, fmt.Errorf("w: %w", remote)))
		if s.Code() != expected.Code() || s.Message() != expected.Error() || infoOf(s) != "RetryInfo{1s}" || !o.Redacted || o.Source != errmap.SourceRemote {
			t.Errorf("%v became %v %+v", code.Name(), s.Proto(), o)
		}
	}
	known := m.Decode(t.Context(), withInfo(codes.NotFound, "x", "ORDER_MISSING", domain, nil))
	if s := status.Convert(m.Error(t.Context(), unary, known)); s.Code() != codes.NotFound || s.Message() != "order not found" {
		t.Errorf("a rule for what is inside: %v", s)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if s := status.Convert(m.Error(ended, unary, m.Decode(ended, status.Error(codes.Canceled, "x")))); s.Code() != codes.Canceled {
		t.Errorf("of a caller who left: %v", s)
	}
}

// Row M6: contexts of the handler's own have codes of their own.
func TestLocalContexts(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	c := observing(&o)
	c.LocalCancel, c.LocalDeadline = errmap.Unavailable, errmap.Aborted
	m := newMapper(t, c)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	for _, tt := range []struct {
		ctx   context.Context
		in    error
		code  codes.Code
		local bool
	}{
		{t.Context(), context.Canceled, codes.Unavailable, true},
		{t.Context(), context.DeadlineExceeded, codes.Aborted, true},
		{ended, context.DeadlineExceeded, codes.Canceled, false},
	} {
		err := m.Error(tt.ctx, unary, tt.in)
		if status.Code(err) != tt.code || o.Local != tt.local || status.Convert(err).Message() != errmap.Code(tt.code).Error() {
			t.Errorf("%v: %+v", tt.in, err)
		}
		if client := m.Decode(t.Context(), status.Convert(err).Err()); errors.Is(client, context.Canceled) {
			t.Errorf("%v is a cancellation to the client", tt.in)
		}
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	type key struct{}
	m := newMapper(t, errmap.Config{Domain: domain, RequestID: func(ctx context.Context) string {
		id, _ := ctx.Value(key{}).(string)
		return id
	}}, shopRules()...)
	own := status.ErrorProto(&spb.Status{Code: 5, Details: details(&errdetails.RequestInfo{RequestId: "theirs"})})
	for _, tt := range []struct {
		id   string
		in   error
		want string
	}{
		{"r1", ErrOrderNotFound, "ORDER_MISSING@" + domain + " RequestInfo{r1}"},
		{"r\xff", errors.New(secret), "RequestInfo{r\uFFFD}"},
		{"r3", (*NetErr)(nil), "RequestInfo{r3}"},
		{"r4", own, "RequestInfo{theirs}"},
		{"", errors.New(secret), ""},
	} {
		s := status.Convert(m.Error(context.WithValue(t.Context(), key{}, tt.id), unary, tt.in))
		if infoOf(s) != tt.want {
			t.Errorf("%q, want %q", infoOf(s), tt.want)
		}
	}
}

func TestLocalizer(t *testing.T) {
	t.Parallel()
	var asked errmap.LocalizeRequest
	m := newMapper(t, errmap.Config{Domain: domain, Localizer: func(_ context.Context, r errmap.LocalizeRequest) (string, string, bool) {
		asked = r
		return "fr", "introuvable", r.Reason == "ORDER_NOT_FOUND"
	}}, shopRules()...)
	s := status.Convert(m.Error(t.Context(), unary, &OrderNotFound{OrderID: 7, Shop: "fr", Secret: secret}))
	if d, ok := s.Details()[2].(*errdetails.LocalizedMessage); !ok || d.GetLocale() != "fr" || d.GetMessage() != "introuvable" {
		t.Errorf("%q", infoOf(s))
	}
	want := errmap.LocalizeRequest{
		Method: unary, Code: errmap.NotFound, Reason: "ORDER_NOT_FOUND", Domain: "orders.acme.com",
		Metadata: map[string]string{"orderId": "7", "shop": "fr"}, Message: "order 7 not found in fr",
	}
	if fmt.Sprint(asked) != fmt.Sprint(want) {
		t.Errorf("asked %v, want %v", asked, want)
	}
	if s := status.Convert(m.Error(t.Context(), unary, ErrOrderNotFound)); infoOf(s) != "ORDER_MISSING@"+domain {
		t.Errorf("%q", infoOf(s))
	}
	chosen := errmap.With(&OrderNotFound{}, errmap.Localized("de", "weg"))
	if d, ok := errmap.DetailOf[*errdetails.LocalizedMessage](m.Error(t.Context(), unary, chosen)); !ok || d.GetLocale() != "de" {
		t.Errorf("the handler's own text: %v", d)
	}
}

// A function of the Config that panics is a defect, and says so to the observer.
func TestConfigFunctionsThatPanic(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	for _, c := range []errmap.Config{
		{RequestID: func(context.Context) string { panic(secret) }},
		{Localizer: func(context.Context, errmap.LocalizeRequest) (string, string, bool) { panic(secret) }},
	} {
		c.Observer = observing(&o).Observer
		s := status.Convert(newMapper(t, c).Error(t.Context(), unary, ErrOrderNotFound))
		if s.Code() != codes.Internal || s.Message() != "internal error" || o.Flaw != errmap.FlawPanic || !errors.Is(o.Cause, ErrOrderNotFound) {
			t.Errorf("%v %+v", s, o)
		}
		noLeak(t, fmt.Sprint(s.Proto()))
	}
}

// OTel's six are the server's fault, and logged as errors where no tag says otherwise.
func TestOutcomeFault(t *testing.T) {
	t.Parallel()
	faults := map[errmap.Code]bool{
		errmap.Unknown: true, errmap.DeadlineExceeded: true, errmap.Unimplemented: true, errmap.Internal: true,
		errmap.Unavailable: true, errmap.DataLoss: true,
	}
	var o errmap.Outcome
	m := newMapper(t, observing(&o), errmap.Tagged[*quiet]())
	for c := errmap.Canceled; c <= errmap.Unauthenticated; c++ {
		_ = m.Error(t.Context(), unary, c)
		if o.Fault() != faults[c] || (o.Level().String() == "ERROR") != faults[c] {
			t.Errorf("%s: fault %v, level %v", c.Name(), o.Fault(), o.Level())
		}
	}
	if _ = m.Error(t.Context(), unary, &quiet{}); !o.Fault() || o.Level().String() != "DEBUG" {
		t.Errorf("level %v", o.Level())
	}
}

type quiet struct {
	_ struct{} `grpc:"error=INTERNAL,domain=a.com,log=debug"`
}

func (e *quiet) Error() string { return errmap.Text(e) }
