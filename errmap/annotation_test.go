package errmap_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/errmap"
)

func violation(field, description string) *errdetails.BadRequest {
	return &errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{{Field: field, Description: description}}}
}

// Annotations count where they stand around what decides.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	const missing = "ORDER_MISSING@" + domain
	field := FieldError{Field: "a", Desc: "1"}
	with := errmap.With
	for _, tt := range []struct {
		name string
		in   error
		code codes.Code
		text string
		info string
	}{
		{"sentinel", with(ErrOrderNotFound, errmap.RetryAfter(time.Second)), codes.NotFound, "order not found", missing + " RetryInfo{1s}"},
		{"wrapped", wrap(2, with(wrap(2, ErrOrderNotFound), errmap.Localized("fr", "absente"))), codes.NotFound, "order not found", missing + " LocalizedMessage{fr absente}"},
		{"explicit", with(errmap.Aborted.New("again"), errmap.Detail(wrapperspb.Bool(true))), codes.Aborted, "again", "*wrapperspb.BoolValue"},
		{"code", with(errmap.Aborted, errmap.RetryAfter(time.Second)), codes.Aborted, errmap.Aborted.Error(), "RetryInfo{1s}"},
		{"status", with(status.Error(codes.Aborted, "a"), errmap.RetryAfter(time.Second)), codes.Aborted, "a", "RetryInfo{1s}"},
		{"outer wins", with(with(errmap.Aborted, errmap.RetryAfter(time.Second)), errmap.RetryAfter(time.Minute)), codes.Aborted, errmap.Aborted.Error(), "RetryInfo{1m0s}"},
		{"never", with(with(errmap.Aborted, errmap.RetryAfter(time.Second)), errmap.RetryAfter(-1)), codes.Aborted, errmap.Aborted.Error(), ""},
		{"violations are joined", with(field, errmap.Detail(violation("b", "2"))), codes.InvalidArgument, "a: 1", "INVALID_FIELD@" + domain + " BadRequest{a:1; b:2}"},
		{
			"members are joined", errors.Join(
				with(errmap.InvalidArgument.New("x"), errmap.Detail(violation("a", "1"))), with(errmap.InvalidArgument, errmap.Detail(violation("b", "2")))),
			codes.InvalidArgument, "x", "BadRequest{a:1; b:2}",
		},
		{"info", with(errmap.Aborted.New("a"), errmap.Info("WHY_NOT", "d.e", "k", "v", "odd")), codes.Aborted, "a", "WHY_NOT@d.e k=v odd="},
		{"info in the domain of the mapper", with(errmap.Aborted.New("a"), errmap.Info("WHY_NOT", "")), codes.Aborted, "a", "WHY_NOT@" + domain},
		{"info adds metadata", with(ErrOrderNotFound, errmap.Info("", "", "k", "v")), codes.NotFound, "order not found", missing + " k=v"},
		{"info without reason", with(errmap.Aborted.New("a"), errmap.Info("", "d.e", "k", "v")), codes.Aborted, "a", ""},
		{"below what decides", &ValidationError{with(ErrOrderNotFound, errmap.RetryAfter(time.Second))}, codes.InvalidArgument, errmap.InvalidArgument.Error(), ""},
		{"beside what decides", errors.Join(with(errors.New(secret), errmap.RetryAfter(time.Second)), ErrOrderNotFound), codes.NotFound, "order not found", missing},
		{"unknown", fmt.Errorf("w: %w", with(errors.New(secret), errmap.RetryAfter(time.Second))), codes.Unknown, "unknown error", "RetryInfo{1s}"},
		{"predicate", with(&SQLError{"23505"}, errmap.RetryAfter(time.Second)), codes.AlreadyExists, errmap.AlreadyExists.Error(), "RetryInfo{1s}"},
		{"defect", with((*NetErr)(nil), errmap.RetryAfter(time.Second)), codes.Internal, "internal error", ""},
		{"panic", with(&errmap.PanicError{}, errmap.RetryAfter(time.Second)), codes.Internal, "internal error", ""},
		{"not UTF-8", with(errmap.Aborted, errmap.Detail(violation("a\xff", "b\xff")), errmap.Info("WHY_NOT", "", "k\xff", "v\xff")), codes.Aborted, errmap.Aborted.Error(), "BadRequest{a\uFFFD:b\uFFFD} WHY_NOT@" + domain + " k\uFFFD=v\uFFFD"},
		{"nothing", with(errmap.Aborted, nil, errmap.Detail(nil), errmap.Detail((*errdetails.Help)(nil))), codes.Aborted, errmap.Aborted.Error(), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := status.Convert(newMapper(t, errmap.Config{Domain: domain}, shopRules()...).Error(t.Context(), unary, tt.in))
			if s.Code() != tt.code || s.Message() != tt.text || infoOf(s) != tt.info {
				t.Errorf("%v %q %q, want %v %q %q", s.Code(), s.Message(), infoOf(s), tt.code, tt.text, tt.info)
			}
		})
	}
}

// An annotated error is the error.
func TestWith(t *testing.T) {
	t.Parallel()
	if err := errmap.With(nil, errmap.RetryAfter(1)); err != nil {
		t.Errorf("nil became %v", err)
	}
	err := errmap.With(ErrStockGone, errmap.RetryAfter(1))
	if err.Error() != ErrStockGone.Error() || !errors.Is(err, ErrStockGone) {
		t.Errorf("%v", err)
	}
}

// What the mapper was given stays as it was, also where it is joined or cut.
func TestDetailsAreNotChanged(t *testing.T) {
	t.Parallel()
	mine := violation("a", "1")
	m := newMapper(t, errmap.Config{Domain: domain}, shopRules()...)
	_ = m.Error(t.Context(), unary, errors.Join(errmap.With(errmap.InvalidArgument, errmap.Detail(mine)), fieldErrors(500)))
	if !proto.Equal(mine, violation("a", "1")) {
		t.Errorf("became %v", mine)
	}
}

func TestTrailer(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		config  errmap.Config
		in      error
		want    metadata.MD
		dropped string
	}{
		{"none", errmap.Config{}, errmap.Aborted, nil, ""},
		{"added", errmap.Config{}, errmap.With(errmap.With(errmap.Aborted, errmap.Trailer(metadata.Pairs("a", "1"))), errmap.Trailer(metadata.Pairs("A", "2", "b-bin", "\xff"))), metadata.Pairs("a", "1", "a", "2", "b-bin", "\xff"), ""},
		{"not for grpc", errmap.Config{}, errmap.With(errmap.Aborted, errmap.Trailer(metadata.MD{"grpc-status": {"0"}, ":path": {"x"}, "a b": {"x"}, "ok": {"b\n", "fine"}})), metadata.Pairs("ok", "fine"), `trailer ":path" trailer "a b" trailer "grpc-status"`},
		{"too large", errmap.Config{}, errmap.With(errmap.Aborted, errmap.Trailer(metadata.Pairs("a", strings.Repeat("a", 900)))), nil, "trailers"},
		{"no pushback unless asked for", errmap.Config{}, errmap.With(errmap.Aborted, errmap.RetryAfter(time.Second)), nil, ""},
		{"pushback", errmap.Config{Pushback: true}, errmap.With(errmap.Aborted, errmap.RetryAfter(1500*time.Millisecond)), metadata.Pairs("grpc-retry-pushback-ms", "1500"), ""},
		{"pushback of a rule", errmap.Config{Pushback: true}, &NetTimeout{}, metadata.Pairs("grpc-retry-pushback-ms", "1000"), ""},
		{"pushback of a tag", errmap.Config{Pushback: true}, &Throttled{After: time.Second}, metadata.Pairs("grpc-retry-pushback-ms", "1000"), ""},
		{"pushback never by a tag", errmap.Config{Pushback: true}, &Throttled{After: -1}, metadata.Pairs("grpc-retry-pushback-ms", "-1"), ""},
		{"pushback never", errmap.Config{Pushback: true}, errmap.With(errmap.Aborted, errmap.RetryAfter(-1)), metadata.Pairs("grpc-retry-pushback-ms", "-1"), ""},
		{"no pushback to tell", errmap.Config{Pushback: true}, errmap.Aborted, nil, ""},
		{"of a mapper further in", errmap.Config{}, wrap(1, newMapper(t, errmap.Config{Pushback: true}).Error(t.Context(), "", errmap.With(errmap.Aborted, errmap.RetryAfter(-1)))), metadata.Pairs("grpc-retry-pushback-ms", "-1"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.config.Domain = domain
			var o errmap.Outcome
			tt.config.Observer = func(_ context.Context, seen errmap.Outcome) { o = seen }
			err := newMapper(t, tt.config, shopRules()...).Error(t.Context(), unary, tt.in)
			slices.Sort(o.Dropped)
			if got := err.(*errmap.Error).Trailer(); fmt.Sprint(got) != fmt.Sprint(tt.want) || strings.Join(o.Dropped, " ") != tt.dropped {
				t.Errorf("%v without %q, want %v without %q", got, o.Dropped, tt.want, tt.dropped)
			}
		})
	}
}
