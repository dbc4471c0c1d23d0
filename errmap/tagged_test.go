package errmap_test

import (
	"errors"
	"fmt"
	"math/big"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	spb "google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/errmap"
)

// OutOfStock is the design's own example.
type OutOfStock struct {
	_     struct{}      `grpc:"error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message='{SKU} is out of stock'"`
	SKU   string        `grpc:"metadata"`
	Again time.Duration `grpc:"retry.delay"`
	Query string        // stays inside
}

func (e *OutOfStock) Error() string { return errmap.Text(e) }

// Every has a field of each type that has a text.
type Every struct {
	_         struct{}      `grpc:"error=ABORTED,domain=d.e,message='{Text} {Signed} {Wait} {{x}'"`
	Text      string        `grpc:"metadata"`
	Yes       bool          `grpc:"metadata"`
	Signed    int8          `grpc:"metadata"`
	Unsigned  uint16        `grpc:"metadata"`
	Float     float32       `grpc:"metadata=float32"`
	Wait      time.Duration `grpc:"metadata"`
	At        time.Time     `grpc:"metadata"`
	Named     Level         `grpc:"metadata"`
	Address   netip.Addr    `grpc:"metadata"`
	Big       *big.Int      `grpc:"metadata"`
	Maybe     *int          `grpc:"metadata"`
	Nothing   *string       `grpc:"metadata"`
	URLPath2x string        `grpc:"metadata"`
}

type Level string

func (e *Every) Error() string { return errmap.Text(e) }

// Details has each detail that tags know, whole where it is a list.
type Details struct {
	_      struct{}  `grpc:"error=RESOURCE_EXHAUSTED,reason=DETAILS,domain=d.e,retry.delay=2s,resource.type=order,resource.owner='it''s, mine'"`
	ID     int       `grpc:"resource.name"`
	Bad    []*Bad    `grpc:"badrequest"`
	Pre    []Pre     `grpc:"precondition"`
	Quotas []Quota   `grpc:"quota"`
	Links  []Link    `grpc:"help"`
	Local  Localized `grpc:"localized"`
	Req    string    `grpc:"request.id"`
	Data   string    `grpc:"request.data"`

	Own *wrapperspb.StringValue `grpc:"detail"`

	Debug string   `grpc:"debug"`
	Stack []string `grpc:"stack"`
	Cause error    `grpc:"cause"`
	Kept  string   `grpc:"-"`
}

type (
	Bad struct {
		Field  string `grpc:"field"`
		Why    string `grpc:"description"`
		Reason Level  `grpc:"reason"`
		Kept   string
	}
	Pre struct {
		Type    string `grpc:"type"`
		Subject int    `grpc:"subject"`
		Why     string `grpc:"description"`
	}
	Quota struct {
		Subject string            `grpc:"subject"`
		Why     string            `grpc:"description"`
		Metric  string            `grpc:"metric"`
		ID      string            `grpc:"id"`
		Value   int32             `grpc:"value"`
		Where   map[string]string `grpc:"dimensions"`
	}
	Link struct {
		URL  string `grpc:"url"`
		Text string `grpc:"description"`
	}
	Localized struct {
		Locale string `grpc:"locale"`
		Text   string `grpc:"message"`
	}
)

func (e *Details) Error() string { return "for logs: " + e.Debug }

// Single has one of each.
type Single struct {
	_        struct{}          `grpc:"error=FAILED_PRECONDITION,domain=d.e,message='no',precondition.type=TOS,help.url='https://d.e/tos'"`
	Subject  string            `grpc:"precondition.subject"`
	Why      string            `grpc:"precondition.description"`
	Whose    string            `grpc:"quota.subject"`
	Limit    int64             `grpc:"quota.value"`
	Where    map[string]string `grpc:"quota.dimensions"`
	Fields   map[string]string `grpc:"badrequest"`
	Language string            `grpc:"localized.locale"`
	Text     string            `grpc:"localized.message"`
}

func (e Single) Error() string { return errmap.Text(e) }

// Tagged errors cross the wire and are the same on the other side.
func TestTaggedRoundTrip(t *testing.T) {
	t.Parallel()
	maybe := -7
	for _, want := range []error{
		&OutOfStock{SKU: "A1", Again: time.Second},
		&Every{
			Text: "a b", Yes: true, Signed: -8, Unsigned: 9, Float: 1.5, Wait: time.Minute, At: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
			Named: "high", Address: netip.MustParseAddr("::1"), Big: big.NewInt(1 << 60), Maybe: &maybe, URLPath2x: "u",
		},
		&Details{
			ID: 7, Bad: []*Bad{{Field: "a", Why: "b", Reason: "C"}, {Field: "d"}}, Pre: []Pre{{"t", 1, "w"}},
			Quotas: []Quota{{"s", "w", "m", "i", 5, map[string]string{"region": "fr"}}}, Links: []Link{{"u", "t"}, {"v", ""}},
			Local: Localized{"fr", "non"}, Req: "r1", Data: "d", Own: wrapperspb.String("own"),
		},
		Single{
			Subject: "s", Why: "w", Whose: "p", Limit: 60, Where: map[string]string{"a": "b"}, Fields: map[string]string{"x": "1", "y": "2"},
			Language: "fr", Text: "non",
		},
	} {
		t.Run(fmt.Sprintf("%T", want), func(t *testing.T) {
			t.Parallel()
			m := newMapper(t, errmap.Config{}, everyRules()...)
			mapped := m.Error(t.Context(), unary, want)
			client := m.Decode(t.Context(), status.Convert(mapped).Err())
			typed := client.(*errmap.Remote).Unwrap()
			if len(typed) != 1 || !same(typed[0], want) {
				t.Fatalf("came back as %+v\nfrom %v", typed, status.Convert(mapped).Proto())
			}
			again := m.Error(t.Context(), unary, client)
			if got, want := infoOf(status.Convert(again)), infoOf(status.Convert(mapped)); got != want || again.Error() != mapped.Error() {
				t.Errorf("of the next server: %v, want %v", got, want)
			}
		})
	}
}

// same compares errors by what they say on the wire, messages by proto.Equal.
func same(a, b error) bool {
	if x, ok := a.(*Details); ok {
		y, ok := b.(*Details)
		if !ok || !proto.Equal(x.Own, y.Own) {
			return false
		}
		xx, yy := *x, *y
		xx.Own, yy.Own = nil, nil
		return reflect.DeepEqual(xx, yy)
	}
	return reflect.DeepEqual(a, b)
}

func everyRules() []errmap.Rule {
	return []errmap.Rule{
		errmap.Tagged[*OutOfStock](), errmap.Tagged[*Every](), errmap.Tagged[*Details](), errmap.Tagged[Single](), errmap.Tagged[*Derived](),
	}
}

func TestTaggedOnTheWire(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{}, everyRules()...)
	for _, tt := range []struct {
		in         error
		text, info string
	}{
		{&OutOfStock{SKU: "A1", Query: secret}, "A1 is out of stock", "OUT_OF_STOCK@shop.acme.com sku=A1"},
		{&OutOfStock{SKU: "A\xff", Again: time.Second}, "A\uFFFD is out of stock", "OUT_OF_STOCK@shop.acme.com sku=A\uFFFD RetryInfo{1s}"},
		{&Every{Text: "a", Wait: time.Second}, "a 0 1s {x}", "EVERY@d.e address= at=0001-01-01T00:00:00Z float32=0 named= signed=0 text=a unsigned=0 urlPath2x= wait=1s yes=false"},
		{&Details{Debug: secret, Stack: []string{secret}, Kept: secret, Cause: errors.New(secret)}, "A resource has been exhausted", "DETAILS@d.e RetryInfo{2s} ResourceInfo{order/0/it's, mine}"},
		{Single{}, "no", "SINGLE@d.e Help{https://d.e/tos }"},
		{Single{Fields: map[string]string{"b": "2", "a": "1"}}, "no", "SINGLE@d.e BadRequest{a:1; b:2} Help{https://d.e/tos }"},
		{&Derived{Base: Base{ID: 7}, Shop: "fr"}, "nothing left of 7", "DERIVED@d.e key=7 shop=fr ResourceInfo{thing/7}"},
	} {
		s := status.Convert(m.Error(t.Context(), unary, tt.in))
		if s.Message() != tt.text || infoOf(s) != tt.info {
			t.Errorf("%T: %q %q, want %q %q", tt.in, s.Message(), infoOf(s), tt.text, tt.info)
		}
		noLeak(t, fmt.Sprint(s.Proto(), s.Details()))
	}
}

// Base is what several errors have in common; the outer line overrides it key by key.
type Base struct {
	_  struct{} `grpc:"error=NOT_FOUND,reason=BASE,domain=d.e,message='no {ID}',resource.type=thing"`
	ID int      `grpc:"metadata=key,resource.name"`
}

type Derived struct {
	_ struct{} `grpc:"error=RESOURCE_EXHAUSTED,reason=DERIVED,message='nothing left of {ID}'"`
	Base
	Shop string `grpc:"metadata"`
}

func (e *Derived) Error() string { return errmap.Text(e) }

// Inherits says nothing itself.
type Inherits struct {
	Base
}

func (e *Inherits) Error() string { return errmap.Text(e) }

// Reworded has another reason and message than what it embeds, and the same code.
type Reworded struct {
	_ struct{} `grpc:"message='none of {ID}',reason=REWORDED"`
	Base
}

func (e *Reworded) Error() string { return errmap.Text(e) }

// Deeper overrides what overrides.
type Deeper struct {
	_ struct{} `grpc:"reason=DEEPER"`
	Reworded
}

func (e *Deeper) Error() string { return errmap.Text(e) }

func TestEmbeddedHasTheCode(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{}, errmap.Tagged[*Reworded](), errmap.Tagged[*Deeper]())
	for _, tt := range []struct {
		in     error
		reason string
	}{
		{&Reworded{Base: Base{ID: 7}}, "REWORDED"},
		{&Deeper{Reworded: Reworded{Base: Base{ID: 7}}}, "DEEPER"},
	} {
		s := status.Convert(m.Error(t.Context(), unary, tt.in))
		if s.Code() != codes.NotFound || s.Message() != "none of 7" || infoOf(s) != tt.reason+"@d.e key=7 ResourceInfo{thing/7}" {
			t.Errorf("%v %q", s, infoOf(s))
		}
		if back := m.Decode(t.Context(), s.Err()).(*errmap.Remote).Unwrap(); len(back) != 1 || !reflect.DeepEqual(back[0], tt.in) {
			t.Errorf("came back as %+v", back)
		}
	}
}

func TestEmbedded(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{}, errmap.Tagged[*Inherits]())
	in := &Inherits{Base{ID: 7}}
	s := status.Convert(m.Error(t.Context(), unary, in))
	if s.Code() != codes.NotFound || s.Message() != "no 7" || in.Error() != "no 7" || infoOf(s) != "BASE@d.e key=7 ResourceInfo{thing/7}" {
		t.Errorf("%v %q", s, infoOf(s))
	}
	if e, ok := errors.AsType[*Inherits](m.Decode(t.Context(), s.Err())); !ok || e.ID != 7 {
		t.Errorf("came back as %+v", e)
	}
	// The two have one name to clients.
	if _, err := errmap.New(errmap.Config{}, errmap.Tagged[*Inherits](), errmap.Tagged[*baseError]()); err == nil {
		t.Error("one reason for two types was taken")
	}
}

type baseError Base

func (e *baseError) Error() string { return errmap.Text(e) }

// What only developers may see is sent by a verbose mapper, and by no other.
func TestDebugFields(t *testing.T) {
	t.Parallel()
	m := newMapper(t, errmap.Config{Verbose: true}, everyRules()...)
	d, ok := errmap.DetailOf[*errdetails.DebugInfo](m.Error(t.Context(), unary, &Details{Debug: "d\xff", Stack: []string{"s\xff"}}))
	if !ok || d.GetDetail() != "d\uFFFD" || fmt.Sprint(d.GetStackEntries()) != "[s\uFFFD]" {
		t.Errorf("%v", d)
	}
	if _, ok := errmap.DetailOf[*errdetails.DebugInfo](m.Error(t.Context(), unary, &Details{})); ok {
		t.Error("nothing to show was sent")
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in   error
		want string
	}{
		{&OutOfStock{SKU: "A1"}, "A1 is out of stock"},
		{&Details{}, "A resource has been exhausted"},
		{(*OutOfStock)(nil), "*errmap_test.OutOfStock"},
		{nil, "<nil>"},
		{ErrNoRows, "*errors.errorString"},
		{&ValidationError{}, "*errmap_test.ValidationError"},
		{Errno(1), "errmap_test.Errno"},
	} {
		if got := errmap.Text(tt.in); got != tt.want {
			t.Errorf("%T: %q, want %q", tt.in, got, tt.want)
		}
	}
}

type Busy struct {
	_ struct{} `grpc:"error=UNAVAILABLE,domain=d.e,retryable"`
}

func (e Busy) Error() string { return "busy" }

func TestRetryable(t *testing.T) {
	t.Parallel()
	loop := &cycle{}
	loop.inner = multi{loop, loop}
	m := newMapper(t, errmap.Config{}, errmap.Tagged[Busy]())
	client := m.Decode(t.Context(), status.Convert(m.Error(t.Context(), unary, Busy{})).Err())
	for _, tt := range []struct {
		in   error
		want bool
	}{
		{nil, false},
		{ErrNoRows, false},
		{&OutOfStock{}, false},
		{(*NetErr)(nil), false},
		{loop, false},
		{wrap(3, Busy{}), true},
		{errors.Join(ErrNoRows, &Busy{}), true},
		{fmt.Errorf("w: %w", client), true},
	} {
		if errmap.Retryable(tt.in) != tt.want {
			t.Errorf("%T: %v", tt.in, !tt.want)
		}
	}
}

// panicky can be written and not read.
type panicky struct{}

func (panicky) MarshalText() ([]byte, error) { return []byte("x"), nil }
func (*panicky) UnmarshalText([]byte) error  { panic(secret) }

type Panicky struct {
	_ struct{} `grpc:"error=ABORTED,domain=d.e"`
	P panicky  `grpc:"metadata=pp"`
}

func (e *Panicky) Error() string { return "p" }

// What does not parse gives no error of the type: half of one is worse than none. The status is there all the same.
func TestDecodeTaggedRows(t *testing.T) {
	t.Parallel()
	const from = "orders.acme.com"
	order := func(md map[string]string, more ...proto.Message) error {
		return status.ErrorProto(&spb.Status{Code: 5, Message: "m", Details: details(
			append([]proto.Message{&errdetails.ErrorInfo{Reason: "ORDER_NOT_FOUND", Domain: from, Metadata: md}}, more...)...)})
	}
	throttled := func(d *durationpb.Duration) error {
		return status.ErrorProto(&spb.Status{Code: 8, Details: details(
			&errdetails.ErrorInfo{Reason: "THROTTLED", Domain: domain}, &errdetails.RetryInfo{RetryDelay: d})})
	}
	m := newMapper(t, errmap.Config{Domain: domain}, append(shopRules(), errmap.Tagged[*Panicky](), errmap.Tagged[*Details]())...)
	for _, tt := range []struct {
		name string
		in   error
		as   func(error) bool
	}{
		{"N2 other domain", withInfo(codes.NotFound, "m", "ORDER_NOT_FOUND", "other.com", nil), nil},
		{"N3 other code", withInfo(codes.Aborted, "m", "ORDER_NOT_FOUND", from, nil), as(func(e *OrderNotFound) bool { return e.OrderID == 0 })},
		{"N4 no metadata", order(nil), as(func(e *OrderNotFound) bool { return *e == OrderNotFound{} })},
		{"N5 no number", order(map[string]string{"orderId": "seven"}), nil},
		{"N5 number too large", order(map[string]string{"orderId": "99999999999999999999"}), nil},
		{"N6 extra", order(map[string]string{"orderId": "1", "x": "y"}, violation("a", "b")), as(func(e *OrderNotFound) bool { return e.OrderID == 1 })},
		{"N7 the resource alone", order(nil, &errdetails.ResourceInfo{ResourceName: "9"}), as(func(e *OrderNotFound) bool { return e.OrderID == 9 })},
		{"N7 a resource that is no number", order(nil, &errdetails.ResourceInfo{ResourceName: "x"}), nil},
		{"no delay", throttled(nil), as(func(e *Throttled) bool { return e.After == 0 })},
		{"no real delay", throttled(&durationpb.Duration{Nanos: -1, Seconds: 1}), nil},
		{"a method that panics", withInfo(codes.Aborted, "m", "PANICKY", "d.e", map[string]string{"pp": "x"}), nil},
		{"a number in an entry", status.ErrorProto(&spb.Status{Code: 8, Details: details(&errdetails.ErrorInfo{Reason: "DETAILS", Domain: "d.e"},
			&errdetails.QuotaFailure{Violations: []*errdetails.QuotaFailure_Violation{{QuotaValue: 1 << 40}}})}), nil},
		{
			"an empty list", status.ErrorProto(&spb.Status{Code: 3, Details: details(&errdetails.ErrorInfo{Reason: "INVALID_FIELD", Domain: domain}, &errdetails.BadRequest{})}),
			as(func(e FieldError) bool { return e == FieldError{} }),
		},
	} {
		t.Run("row "+tt.name, func(t *testing.T) {
			t.Parallel()
			err := m.Decode(t.Context(), tt.in).(*errmap.Remote)
			if len(err.Unwrap()) > 0 != (tt.as != nil) || tt.as != nil && !tt.as(err) {
				t.Errorf("came back as %+v", err.Unwrap())
			}
			if !proto.Equal(err.GRPCStatus().Proto(), status.Convert(tt.in).Proto()) {
				t.Errorf("another status: %v", err.GRPCStatus())
			}
		})
	}
}

// A client makes errors of domains that it trusts.
func TestTrusted(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		trusted []string
		want    bool
	}{{nil, true}, {[]string{"orders.acme.com"}, true}, {[]string{domain}, false}, {[]string{}, false}} {
		m := newMapper(t, errmap.Config{Domain: domain, Trusted: tt.trusted}, shopRules()...)
		_, ok := errors.AsType[*OrderNotFound](m.Decode(t.Context(), withInfo(codes.NotFound, "m", "ORDER_NOT_FOUND", "orders.acme.com", nil)))
		if ok != tt.want {
			t.Errorf("%q: %v", tt.trusted, ok)
		}
	}
}
