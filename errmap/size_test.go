package errmap_test

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/errmap"
)

// headerCost is what a status takes in HTTP/2 headers, written down once more.
func headerCost(s *status.Status) int {
	message := 0
	for _, c := range []byte(s.Message()) {
		if message++; c < ' ' || c > '~' || c == '%' {
			message += 2
		}
	}
	cost := len("grpc-status") + len(fmt.Sprint(int(s.Code()))) + 32 + len("grpc-message") + message + 32
	if len(s.Proto().GetDetails()) > 0 {
		n := proto.Size(s.Proto())
		cost += len("grpc-status-details-bin") + (n*4+2)/3 + 32
	}
	return cost
}

// everything has a detail of each kind, big ones of the kinds that are named.
func everything(big ...string) error {
	size := func(name string) string {
		if slices.Contains(big, name) {
			return strings.Repeat("x", 9000)
		}
		return "x"
	}
	return status.ErrorProto(&spb.Status{Code: 5, Message: size("message"), Details: details(
		&errdetails.ErrorInfo{Reason: "X_Y", Domain: "d.e", Metadata: map[string]string{"k": size("metadata")}},
		&errdetails.RetryInfo{RetryDelay: durationpb.New(1)},
		&errdetails.RequestInfo{ServingData: size("RequestInfo")},
		&errdetails.ResourceInfo{Description: size("ResourceInfo")},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "a"}, {Field: "b", Description: size("BadRequest")}, {Field: "c", Description: size("first of BadRequest")},
		}},
		&errdetails.LocalizedMessage{Message: size("LocalizedMessage")},
		&errdetails.Help{Links: []*errdetails.Help_Link{{Url: size("Help")}}},
		wrapperspb.String(size("unknown")),
		&errdetails.DebugInfo{Detail: size("DebugInfo")},
	)})
}

// TestDropOrder has one big thing a row: all that goes before it goes too, and nothing after it.
func TestDropOrder(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	m := newMapper(t, observing(&o))
	for _, tt := range []struct{ big, dropped string }{
		{"", ""},
		{"DebugInfo", "DebugInfo"},
		{"unknown", "DebugInfo google.protobuf.StringValue"},
		{"Help", "DebugInfo google.protobuf.StringValue Help"},
		{"LocalizedMessage", "DebugInfo google.protobuf.StringValue Help LocalizedMessage"},
		{"BadRequest", "DebugInfo google.protobuf.StringValue Help LocalizedMessage BadRequest(part)"},
		{"ResourceInfo", "DebugInfo google.protobuf.StringValue Help LocalizedMessage BadRequest(part) ResourceInfo"},
		{"RequestInfo", "DebugInfo google.protobuf.StringValue Help LocalizedMessage BadRequest(part) ResourceInfo RequestInfo"},
		{"metadata", "DebugInfo google.protobuf.StringValue Help LocalizedMessage BadRequest(part) ResourceInfo RequestInfo RetryInfo ErrorInfo.metadata"},
		{"message", "DebugInfo google.protobuf.StringValue Help LocalizedMessage BadRequest(part) ResourceInfo RequestInfo RetryInfo ErrorInfo.metadata message"},
	} {
		s := status.Convert(m.Error(t.Context(), unary, everything(tt.big)))
		if got := strings.Join(o.Dropped, " "); got != tt.dropped {
			t.Errorf("%s: dropped %q, want %q", tt.big, got, tt.dropped)
		}
		if reason, from := errmap.ReasonOf(s.Err()); s.Code() != codes.NotFound || reason != "X_Y" || from != "d.e" || headerCost(s) > 7168 {
			t.Errorf("%s: %d bytes, %v", tt.big, headerCost(s), s)
		}
	}
}

// What does not fit by itself goes, and nothing else with it.
func TestOversizedGoesAlone(t *testing.T) {
	t.Parallel()
	var o errmap.Outcome
	m := newMapper(t, observing(&o))
	large := strings.Repeat("x", 6000)
	retry := &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)}
	info := &errdetails.ErrorInfo{Reason: "X_Y", Domain: "d.e", Metadata: map[string]string{"k": "v"}}
	half := &errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{Description: large[:3000]}}}
	for _, tt := range []struct {
		name    string
		details []*anypb.Any
		info    string
		dropped string
	}{
		{"a violation", details(info, retry, violation("f", large)), "X_Y@d.e k=v RetryInfo{1s}", "violations"},
		{"a reason", details(&errdetails.ErrorInfo{Reason: large}, retry, violation("f", "d")), "RetryInfo{1s} BadRequest{f:d}", "ErrorInfo"},
		{"one list of two", details(info, violation("f", large), half), "X_Y@d.e k=v", "violations"},
		{"an entry by itself", details(info, &errdetails.Help_Link{Url: large}), "X_Y@d.e k=v", "google.rpc.Help.Link"},
	} {
		s := status.Convert(m.Error(t.Context(), unary, status.ErrorProto(&spb.Status{Code: 5, Message: "big", Details: tt.details})))
		if s.Message() != "big" || strings.Join(o.Dropped, " ") != tt.dropped || headerCost(s) > 7168 || !strings.HasPrefix(infoOf(s), tt.info) {
			t.Errorf("%s: %q %.200q, dropped %q", tt.name, s.Message(), infoOf(s), o.Dropped)
		}
	}
}

// A status beyond all measure still comes with its code.
func TestLimits(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\u0436", 100_000)
	huge := withInfo(codes.Aborted, long, strings.Repeat("R", 9000), long, nil)
	one := status.ErrorProto(&spb.Status{Code: 3, Message: "m", Details: details(violation("a", long))})
	for _, in := range []error{
		huge, one, errmap.Aborted.New(long), &OrderNotFound{Shop: long}, fieldErrors(2000),
		errmap.With(errmap.Aborted, errmap.Info("WHY_NOT", long, "k", long), errmap.Detail(violation(long, long))),
	} {
		for _, limit := range []int{0, 1024, 4096} {
			m := newMapper(t, errmap.Config{Domain: domain, MaxStatus: limit, MaxMessage: 8000}, shopRules()...)
			s := status.Convert(m.Error(t.Context(), unary, in))
			if limit == 0 {
				limit = 7168
			}
			if cost := headerCost(s); cost > limit || s.Code() == codes.OK || !utf8.ValidString(s.Message()) {
				t.Errorf("%.20T within %d: %d bytes, %.40q", in, limit, cost, s.Message())
			}
		}
	}
}

func TestMaxMessage(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\u0436", 1000)
	m := newMapper(
		t, errmap.Config{MaxMessage: 10},
		errmap.On(ErrStockGone, errmap.Aborted, errmap.Message(long)),
		errmap.OnType[Value](errmap.Aborted, errmap.ExposeText()),
		errmap.OnType[*ValidationError](errmap.Aborted, errmap.MessageFunc(func(error) string { return long })),
	)
	for _, in := range []error{ErrStockGone, Value{long}, &ValidationError{ErrNoRows}} {
		if got := status.Convert(m.Error(t.Context(), unary, in)).Message(); got != "\u0436\u0436\u0436..." {
			t.Errorf("%T: %q", in, got)
		}
	}
	if got := status.Convert(m.Error(t.Context(), unary, errmap.Aborted.New(long))).Message(); got != long {
		t.Errorf("a text that no rule made was cut: %.20q", got)
	}
}

// grpc-go leaves all details out when a name of one is not UTF-8. Here that one is.
func TestTypeURLIsNotUTF8(t *testing.T) {
	t.Parallel()
	p := &spb.Status{Code: 5, Message: "m", Details: append(details(&errdetails.ErrorInfo{Reason: "X_Y", Domain: "d.e"}), &anypb.Any{TypeUrl: "a/\xff"})}
	for _, in := range []error{
		status.ErrorProto(p),
		errmap.With(errmap.NotFound.New("m"), errmap.Info("X_Y", "d.e"), errmap.Detail(&anypb.Any{TypeUrl: "a/\xff"})),
	} {
		s := status.Convert(newMapper(t, errmap.Config{}).Error(t.Context(), unary, in))
		if infoOf(s) != "X_Y@d.e" {
			t.Errorf("%q", infoOf(s))
		}
		if _, err := proto.Marshal(s.Proto()); err != nil {
			t.Error(err)
		}
	}
}

// Nobody can read a detail with a text that is not UTF-8. Here it is repaired, however deep the text.
func TestPackedDetailIsNotUTF8(t *testing.T) {
	t.Parallel()
	broken := details(
		&errdetails.ErrorInfo{Reason: "X_Y", Domain: "d.e", Metadata: map[string]string{"k": "a#b"}},
		violation("f#", "d"), &errdetails.RetryInfo{RetryDelay: durationpb.New(time.Second)},
	)
	for _, packed := range broken {
		packed.Value = bytes.ReplaceAll(packed.GetValue(), []byte("#"), []byte("\xff"))
	}
	in := status.ErrorProto(&spb.Status{Code: 5, Message: "m", Details: broken})
	with := errmap.With(errmap.NotFound.New("m"), errmap.Detail(broken[0], broken[1], broken[2]))
	for _, in := range []error{in, with} {
		s := status.Convert(newMapper(t, errmap.Config{}).Error(t.Context(), unary, in))
		if want := "X_Y@d.e k=a\uFFFDb BadRequest{f\uFFFD:d} RetryInfo{1s}"; infoOf(s) != want {
			t.Errorf("%q, want %q", infoOf(s), want)
		}
	}
	torn := &anypb.Any{TypeUrl: broken[1].GetTypeUrl(), Value: broken[1].GetValue()[:3]}
	s := status.Convert(newMapper(t, errmap.Config{}).Error(t.Context(), unary, status.ErrorProto(&spb.Status{Code: 5, Details: []*anypb.Any{torn}})))
	if !proto.Equal(s.Proto().GetDetails()[0], torn) {
		t.Errorf("what is no message became %v", s)
	}
}

// A detail of a type that nobody here knows passes as it came.
func TestForeignDetailPasses(t *testing.T) {
	t.Parallel()
	foreign := &anypb.Any{TypeUrl: "type.googleapis.com/their.Own", Value: []byte{8, 1}}
	m := newMapper(t, errmap.Config{Pushback: true})
	p := &spb.Status{Code: 5, Details: []*anypb.Any{foreign}}
	for _, in := range []error{status.ErrorProto(p), errmap.With(status.ErrorProto(p), errmap.RetryAfter(1))} {
		got := status.Convert(m.Error(t.Context(), unary, in)).Proto()
		if !proto.Equal(got.GetDetails()[0], foreign) {
			t.Errorf("%v", got)
		}
	}
}

// 100 kB of details do not reach a client that takes 8 KiB, nor do they end its other calls.
func TestLargeDetailsLeaveOtherCallsAlone(t *testing.T) {
	t.Parallel()
	large := status.ErrorProto(&spb.Status{Code: 5, Message: "big", Details: details(
		&errdetails.ErrorInfo{Reason: "X_Y", Domain: "d.e"}, &errdetails.DebugInfo{Detail: strings.Repeat("x", 100_000)})})
	release := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Add(5)
	s := newShop(t, errmap.Config{}, func(ctx context.Context, in string) error {
		if in == "large" {
			return large
		}
		waiting.Done()
		<-release
		return ctx.Err()
	})
	others := make(chan error, 5)
	for range 5 {
		go func() {
			_, err := s.get(context.WithoutCancel(t.Context()), "other")
			others <- err
		}()
	}
	waiting.Wait()
	_, err := s.get(t.Context(), "large")
	close(release)
	if reason, _ := errmap.ReasonOf(err); errmap.CodeOf(err) != codes.NotFound || err.Error() != "big" || reason != "X_Y" {
		t.Errorf("%+v", err)
	}
	for range 5 {
		if err := <-others; err != nil {
			t.Errorf("another call: %v", err)
		}
	}
}
