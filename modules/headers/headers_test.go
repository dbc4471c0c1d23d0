package headers_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/headers"
)

type Caller struct {
	_      struct{} `grpc:"headers"`
	Tenant string   `grpc:"x-tenant-id,required"`
	Trace  []byte   `grpc:"x-trace-bin"`
	Roles  []string `grpc:"x-role"`
}

// Everything has a field of each form, and of each shape.
type Everything struct {
	_        struct{}        `grpc:"headers"`
	Text     string          `grpc:"text"`
	Whole    int             `grpc:"whole"`
	Small    int8            `grpc:"small"`
	Port     uint16          `grpc:"port"`
	Big      uint64          `grpc:"big"`
	Ratio    float64         `grpc:"ratio"`
	Half     float32         `grpc:"half"`
	Dry      bool            `grpc:"dry"`
	Budget   time.Duration   `grpc:"budget"`
	Since    time.Time       `grpc:"since"`
	Level    Level           `grpc:"level"`
	Address  netip.Addr      `grpc:"address"`
	Raw      []byte          `grpc:"raw-bin"`
	JSON     json.RawMessage `grpc:"json-bin"`
	Plan     Plan            `grpc:"plan,oneof=gold silver"`
	Page     int             `grpc:"page,default=20"`
	Langs    []string        `grpc:"lang,default='de en'"`
	Perhaps  *string         `grpc:"perhaps"`
	Count    *int            `grpc:"count,default=3"`
	Blob     *[]byte         `grpc:"blob-bin"`
	Shards   []int32         `grpc:"shard,oneof=1 2 3"`
	Blobs    [][]byte        `grpc:"blobs-bin"`
	Levels   []Level         `grpc:"levels"`
	Prefixes Words           `grpc:"prefixes"`
	Bits     []Bit           `grpc:"bits"`
	Left     string          `grpc:"-"`
}

type (
	Plan  string
	Words []string
	Bit   uint8
)

// Level is text by methods of the pointer.
type Level int

var levels = []string{"low", "mid", "high"}

func (l *Level) MarshalText() ([]byte, error) {
	if *l < 0 || int(*l) >= len(levels) {
		return nil, errors.New("no such level")
	}
	return []byte(levels[*l]), nil
}

func (l *Level) UnmarshalText(text []byte) error {
	*l = Level(slices.Index(levels, string(text)))
	if *l < 0 {
		return fmt.Errorf("no such level: %s", text)
	}
	return nil
}

func to[T any](v T) *T { return &v }

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

func newHeaders(t testing.TB, bind ...headers.Struct) *headers.Interceptor {
	t.Helper()
	i, err := headers.New(headers.Options{Bind: bind})
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// serving is a client of a service whose handler gives what it was bound to a test, on the input "bind".
func serving[T any](t testing.TB, bound chan<- T, o ...frameworktest.Option) dummypb.DummyServiceClient {
	t.Helper()
	bind := func(ctx context.Context, _ string) (string, error) {
		bound <- headers.From[T](ctx)
		return "x", nil
	}
	return frameworktest.DummyClient(t, append(o,
		frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){"bind": bind}))...)
}

func onServer(i *headers.Interceptor) frameworktest.Option {
	return frameworktest.ServerParts(framework.Use(i))
}

func onClient(i *headers.Interceptor) frameworktest.Option {
	return frameworktest.ClientParts(framework.Use(i))
}

// A struct with everything is sent whole, in all kinds, and comes in as it was.
func TestThroughTheWire(t *testing.T) {
	t.Parallel()
	want := Everything{
		Text: "a, b=c", Whole: -7, Small: -128, Port: 65535, Big: 1<<64 - 1, Ratio: 6.02e23, Half: 0.1, Dry: true,
		Budget: 1500 * time.Microsecond, Since: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC), Level: 2,
		Address: netip.MustParseAddr("2001:db8::1"), Raw: []byte{0, 255, '\n'}, JSON: json.RawMessage(`{"a":1}`),
		Plan: "gold", Page: 5, Langs: []string{"fr"}, Perhaps: to(""), Count: to(0), Blob: to([]byte{}),
		Shards: []int32{3, 1}, Blobs: [][]byte{{1}, {}, {2, 3}}, Levels: []Level{0, 1}, Prefixes: Words{"", "b"}, Bits: []Bit{0, 255},
	}
	i := newHeaders(t, headers.Of[Everything]())
	bound := make(chan Everything, 1)
	client := serving(t, bound, onServer(i), onClient(i))
	for _, kind := range kinds {
		_, err := frameworktest.Execute(headers.Send(t.Context(), want), client, kind, []string{"bind"})
		if err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if got := <-bound; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got\n%+v\nwant\n%+v", kind, got, want)
		}
	}
}

// violationsOf are an error's violations, one a line, if it is INVALID_ARGUMENT.
func violationsOf(err error) string {
	s := status.Convert(err)
	if s.Code() != codes.InvalidArgument || len(s.Details()) != 1 {
		return fmt.Sprintf("%v %q with %v", s.Code(), s.Message(), s.Details())
	}
	bad, _ := s.Details()[0].(*errdetails.BadRequest)
	var lines []string
	for _, v := range bad.GetFieldViolations() {
		lines = append(lines, fmt.Sprintf("%s %s: %s", v.GetReason(), v.GetField(), v.GetDescription()))
	}
	return strings.Join(lines, "\n")
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	i := newHeaders(t, headers.Of[Caller]())
	p := i.Placement()
	if p.Name != "headers" || p.Stage != framework.StageAuthenticate || len(p.Sides) > 0 {
		t.Errorf("%+v", p)
	}
	var order []string
	link := func(name string) framework.Interceptor {
		return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			_, bound := headers.Lookup[Caller](ctx)
			order = append(order, fmt.Sprint(name, " ", bound))
			return next(ctx, call)
		})
	}
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(
		framework.Use(link("app")), framework.Use(link("validate"), framework.At(framework.StageValidate)),
		framework.Use(link("authorize"), framework.At(framework.StageAuthorize)), framework.Use(i),
		framework.Use(link("auth"), framework.Name("auth"), framework.At(framework.StageAuthenticate)),
		framework.Use(link("admit"), framework.At(framework.StageAdmit)),
	))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-tenant-id", "acme")
	if _, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"x"}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(order, ", "); got != "admit false, auth false, authorize true, validate true, app true" {
		t.Error(got)
	}
}

// The zero Options bind nothing, on no method.
func TestZeroOptions(t *testing.T) {
	t.Parallel()
	i := newHeaders(t)
	if bound, err := i.Bind(framework.MethodInfo{}); bound != nil || err != nil {
		t.Errorf("%v, %v", bound, err)
	}
	client := frameworktest.DummyClient(t, onServer(i), onClient(i))
	for _, kind := range kinds {
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
	}
}

// unbound hides Bind, so that Intercept of the whole is what runs.
type unbound struct{ framework.Interceptor }

func TestUnbound(t *testing.T) {
	t.Parallel()
	i := framework.Use(unbound{newHeaders(t, headers.Of[Caller]())})
	bound := make(chan Caller, 1)
	client := serving(t, bound, frameworktest.ServerParts(i), frameworktest.ClientParts(i))
	for _, kind := range kinds {
		if _, err := frameworktest.Execute(headers.Send(t.Context(), Caller{Tenant: "acme"}), client, kind, []string{"bind"}); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if got := <-bound; got.Tenant != "acme" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
}

// What the options were made of may change afterwards.
func TestOptionsAreCopied(t *testing.T) {
	t.Parallel()
	bind := []headers.Struct{headers.Of[Caller]()}
	i := newHeaders(t, bind...)
	bind[0] = headers.Struct{}
	if got := frameworktest.Run(t, i, frameworktest.Case{Metadata: metadata.Pairs("x-tenant-id", "acme")}); got.Err != nil {
		t.Error(got.Err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	always := headers.Sending(func(context.Context) (Caller, bool) {
		return Caller{Tenant: "acme", Trace: []byte{0, 1}, Roles: []string{"a", "b"}}, true
	})
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return newHeaders(t, always) },
		frameworktest.OnSides(framework.ClientSide))
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return newHeaders(t, headers.Of[Caller]()) },
		frameworktest.OnSides(framework.ServerSide), frameworktest.Using(onClient(newHeaders(t, always))))
}
