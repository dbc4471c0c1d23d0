package headers_test

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/headers"
	"github.com/sluice-go/sluice/modules/translate"
)

const secret = "hunter2"

// Strict has a way to be wrong for each violation.
type Strict struct {
	_      struct{}        `grpc:"headers"`
	Tenant string          `grpc:"x-tenant-id,required"`
	Token  []byte          `grpc:"x-token-bin,required"`
	Age    uint8           `grpc:"x-age"`
	Delta  int16           `grpc:"x-delta"`
	Ratio  float32         `grpc:"x-ratio"`
	Dry    bool            `grpc:"x-dry"`
	Budget time.Duration   `grpc:"x-budget"`
	Since  *time.Time      `grpc:"x-since"`
	Level  Level           `grpc:"x-level"`
	Plan   Plan            `grpc:"x-plan,oneof=gold silver"`
	Shards []int8          `grpc:"x-shard,oneof=1 2"`
	Waits  []time.Duration `grpc:"x-wait,default=1s"`
	Roles  []string        `grpc:"x-role"`
}

// sound is metadata that a Strict takes.
func sound(more ...string) metadata.MD {
	return metadata.Join(metadata.Pairs("x-tenant-id", "acme", "x-token-bin", secret), metadata.Pairs(more...))
}

var violations = []struct {
	name string
	md   metadata.MD
	want string
}{
	{"sound", sound(), ""},
	{"nothing", nil, "REQUIRED x-tenant-id: is required\nREQUIRED x-token-bin: is required"},
	{"empty is there", metadata.Pairs("x-tenant-id", "", "x-token-bin", ""), ""},
	{"other keys", sound("x-tenant", secret, "x-role-", secret), ""},
	{
		"several values", sound("x-tenant-id", secret, "x-age", "1", "x-age", "1", "x-token-bin", ""),
		"REPEATED x-tenant-id: must be given once\nREPEATED x-token-bin: must be given once\nREPEATED x-age: must be given once",
	},
	{"unsigned", sound("x-age", "256"), "MALFORMED x-age: must be a whole number from 0 to 255"},
	{"unsigned text", sound("x-age", secret), "MALFORMED x-age: must be a whole number from 0 to 255"},
	{"unsigned negative", sound("x-age", "-1"), "MALFORMED x-age: must be a whole number from 0 to 255"},
	{"unsigned plus", sound("x-age", "+1"), "MALFORMED x-age: must be a whole number from 0 to 255"},
	{"unsigned hexadecimal", sound("x-age", "0x1"), "MALFORMED x-age: must be a whole number from 0 to 255"},
	{"unsigned empty", sound("x-age", ""), "MALFORMED x-age: must be a whole number from 0 to 255"},
	{"signed", sound("x-delta", "-32769"), "MALFORMED x-delta: must be a whole number from -32768 to 32767"},
	{"signed plus", sound("x-delta", "+1"), "MALFORMED x-delta: must be a whole number from -32768 to 32767"},
	{"signed space", sound("x-delta", "1 2"), "MALFORMED x-delta: must be a whole number from -32768 to 32767"},
	{"signed underscore", sound("x-delta", "1_0"), "MALFORMED x-delta: must be a whole number from -32768 to 32767"},
	{"signed fraction", sound("x-delta", "1.0"), "MALFORMED x-delta: must be a whole number from -32768 to 32767"},
	{"signed empty", sound("x-delta", ""), "MALFORMED x-delta: must be a whole number from -32768 to 32767"},
	{"float", sound("x-ratio", "1e39"), "MALFORMED x-ratio: must be a decimal number that fits 32 bits"},
	{"float plus", sound("x-ratio", "+1"), "MALFORMED x-ratio: must be a decimal number that fits 32 bits"},
	{"float empty", sound("x-ratio", ""), "MALFORMED x-ratio: must be a decimal number that fits 32 bits"},
	{"float infinity", sound("x-ratio", "inf"), "MALFORMED x-ratio: must be a decimal number that fits 32 bits"},
	{"float NaN", sound("x-ratio", "NaN"), "MALFORMED x-ratio: must be a decimal number that fits 32 bits"},
	{"float hexadecimal", sound("x-ratio", "0x1p-2"), "MALFORMED x-ratio: must be a decimal number that fits 32 bits"},
	{"bool one", sound("x-dry", "1"), "MALFORMED x-dry: must be true or false"},
	{"bool capitals", sound("x-dry", "TRUE"), "MALFORMED x-dry: must be true or false"},
	{"duration without unit", sound("x-budget", "5"), "MALFORMED x-budget: must be a duration with units, such as 300ms or 1h30m"},
	{"duration zero without unit", sound("x-budget", "0"), "MALFORMED x-budget: must be a duration with units, such as 300ms or 1h30m"},
	{"duration zero with sign", sound("x-budget", "-0"), "MALFORMED x-budget: must be a duration with units, such as 300ms or 1h30m"},
	{"duration plus", sound("x-budget", "+5s"), "MALFORMED x-budget: must be a duration with units, such as 300ms or 1h30m"},
	{"duration empty", sound("x-budget", ""), "MALFORMED x-budget: must be a duration with units, such as 300ms or 1h30m"},
	{"duration zero", sound("x-budget", "0s"), ""},
	{"duration negative", sound("x-budget", "-5s"), ""},
	{"time", sound("x-since", "2026-01-02 03:04:05"), "MALFORMED x-since: must be a time as of RFC 3339, such as 2006-01-02T15:04:05Z"},
	{"text", sound("x-level", secret), "MALFORMED x-level: must be well formed"},
	{"text empty", sound("x-level", ""), "MALFORMED x-level: must be well formed"},
	{"oneof", sound("x-plan", secret), "NOT_ALLOWED x-plan: must be one of gold, silver"},
	{"oneof empty", sound("x-plan", ""), "NOT_ALLOWED x-plan: must be one of gold, silver"},
	{"oneof another spelling", sound("x-shard", "01"), ""},
	{
		"slice", sound("x-shard", "1", "x-shard", "128", "x-shard", "2", "x-shard", "3"),
		"MALFORMED x-shard: value 2 must be a whole number from -128 to 127",
	},
	{"slice and oneof", sound("x-shard", "1", "x-shard", "3", "x-shard", "4"), "NOT_ALLOWED x-shard: value 2 must be one of 1, 2"},
	{"slice empty value", sound("x-wait", ""), "MALFORMED x-wait: value 1 must be a duration with units, such as 300ms or 1h30m"},
	{"commas do not part", sound("x-shard", "1,2"), "MALFORMED x-shard: value 1 must be a whole number from -128 to 127"},
	{"bytes are any", sound("x-role", "a,b", "x-role", ""), ""},
	{"space", sound("x-role", "a", "x-role", " "+secret), "MALFORMED x-role: value 2 must be printable ASCII, without a space at either end"},
	{
		"all at once", metadata.Pairs("x-age", "-1", "x-plan", "tin", "x-dry", "yes", "x-role", "a "),
		"REQUIRED x-tenant-id: is required\nREQUIRED x-token-bin: is required\n" +
			"MALFORMED x-age: must be a whole number from 0 to 255\nMALFORMED x-dry: must be true or false\n" +
			"NOT_ALLOWED x-plan: must be one of gold, silver\n" +
			"MALFORMED x-role: value 1 must be printable ASCII, without a space at either end",
	},
}

// TestViolations sends metadata by hand. What is wrong is told by key, whatever stands outside, and the handler not
// called.
func TestViolations(t *testing.T) {
	t.Parallel()
	errs, err := translate.New(translate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	i := newHeaders(t, headers.Of[Strict]())
	for name, o := range map[string][]frameworktest.Option{
		"alone":          {onServer(i)},
		"with translate": {onServer(i), frameworktest.ServerParts(framework.Use(errs))},
	} {
		bound := make(chan Strict, 1)
		client := serving(t, bound, o...)
		for _, tt := range violations {
			t.Run(name+"/"+tt.name, func(t *testing.T) {
				for _, kind := range kinds {
					_, err := frameworktest.Execute(metadata.NewOutgoingContext(t.Context(), tt.md), client, kind, []string{"bind"})
					if tt.want == "" {
						if err != nil {
							t.Fatalf("%s: %v", kind, err)
						}
						<-bound
						continue
					}
					if got := violationsOf(err); got != tt.want {
						t.Errorf("%s: got\n%s\nwant\n%s", kind, got, tt.want)
					}
					if strings.Contains(fmt.Sprint(err, status.Convert(err).Proto()), secret) || len(bound) > 0 {
						t.Errorf("%s: a value was repeated, or the handler called: %v", kind, err)
					}
				}
			})
		}
	}
}

// The text has them, too, for logs that do not print details.
func TestMessage(t *testing.T) {
	t.Parallel()
	got := frameworktest.Run(t, newHeaders(t, headers.Of[Strict]()), frameworktest.Case{Metadata: sound("x-age", "x", "x-dry", "x")})
	want := "invalid request metadata: x-age must be a whole number from 0 to 255; x-dry must be true or false"
	if s := status.Convert(got.Err); s.Message() != want || got.Runs > 0 {
		t.Errorf("%q, the RPC ran %d times", s.Message(), got.Runs)
	}
}

// Characters that grpc-go's client does not send others may.
func TestUnprintable(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"a\x7f", "a\tb", "é", "\xff", "a\nb"} {
		got := frameworktest.Run(t, newHeaders(t, headers.Of[Caller]()), frameworktest.Case{Metadata: metadata.Pairs("x-tenant-id", text)})
		if v := violationsOf(got.Err); v != "MALFORMED x-tenant-id: must be printable ASCII, without a space at either end" {
			t.Errorf("%q: %s", text, v)
		}
	}
}

func TestBound(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	none := Strict{Tenant: "acme", Token: []byte(secret), Waits: []time.Duration{time.Second}}
	for _, tt := range []struct {
		name string
		md   metadata.MD
		want func(*Strict)
	}{
		{"absent", sound(), func(*Strict) {}},
		{"pointer", sound("x-since", "2026-01-02T03:04:05Z"), func(s *Strict) { s.Since = &since }},
		{"slices in order", sound("x-role", "b", "x-role", "a", "x-role", "b"), func(s *Strict) { s.Roles = []string{"b", "a", "b"} }},
		{"commas", sound("x-role", "a,b"), func(s *Strict) { s.Roles = []string{"a,b"} }},
		{"in place of a default", sound("x-wait", "1m", "x-wait", "-3us"), func(s *Strict) { s.Waits = []time.Duration{time.Minute, -3000} }},
		{"leading zeros", sound("x-delta", "-007"), func(s *Strict) { s.Delta = -7 }},
		{"exponent", sound("x-ratio", "25e-2"), func(s *Strict) { s.Ratio = 0.25 }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			want := none
			tt.want(&want)
			got := frameworktest.Run(t, newHeaders(t, headers.Of[Strict]()), frameworktest.Case{Metadata: tt.md})
			if got.Err != nil {
				t.Fatal(got.Err)
			}
			if bound := headers.From[Strict](got.Context); !reflect.DeepEqual(bound, want) {
				t.Errorf("got\n%+v\nwant\n%+v", bound, want)
			}
		})
	}
}

type Tenancy struct {
	_      struct{} `grpc:"headers"`
	Tenant string   `grpc:"x-tenant-id,required"`
	Region string   `grpc:"x-region,default=eu"`
}

// Structs may share a key. They are bound each by itself, and what is wrong with the key is told once.
func TestSharedKey(t *testing.T) {
	t.Parallel()
	i := newHeaders(t, headers.Of[Caller](), headers.Of[Tenancy]())
	got := frameworktest.Run(t, i, frameworktest.Case{Metadata: metadata.Pairs("x-tenant-id", "acme")})
	if got.Err != nil {
		t.Fatal(got.Err)
	}
	if c, y := headers.From[Caller](got.Context), headers.From[Tenancy](got.Context); c.Tenant != "acme" || y.Tenant != "acme" || y.Region != "eu" {
		t.Errorf("%+v, %+v", c, y)
	}
	got = frameworktest.Run(t, i, frameworktest.Case{})
	if v := violationsOf(got.Err); v != "REQUIRED x-tenant-id: is required" {
		t.Error(v)
	}
}

// Links that bind structs of their own on one method are all heard.
func TestTwoLinks(t *testing.T) {
	t.Parallel()
	client := serving(t, make(chan Caller, 1), frameworktest.ServerParts(
		framework.Use(newHeaders(t, headers.Of[Caller]())),
		framework.Use(newHeaders(t, headers.Of[Tenancy]()), framework.Name("tenancy")),
		framework.Use(framework.InterceptorFunc(func(ctx context.Context, _ *framework.Call, _ framework.Handler) error {
			return status.Error(codes.Aborted, headers.From[Caller](ctx).Tenant+" in "+headers.From[Tenancy](ctx).Region)
		}))))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-tenant-id", "acme")
	if _, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"x"}); status.Convert(err).Message() != "acme in eu" {
		t.Error(err)
	}
}

// A stream is bound, or refused, before its first message: here there is none.
func TestBeforeTheFirstMessage(t *testing.T) {
	t.Parallel()
	for md, want := range map[string]string{"acme": "Aborted acme", "": "InvalidArgument invalid request metadata: x-tenant-id is required"} {
		client := serving(t, make(chan Caller, 1), onServer(newHeaders(t, headers.Of[Caller]())), frameworktest.ServerParts(
			framework.Use(framework.InterceptorFunc(func(ctx context.Context, _ *framework.Call, _ framework.Handler) error {
				return status.Error(codes.Aborted, headers.From[Caller](ctx).Tenant)
			}))))
		ctx := t.Context()
		if md != "" {
			ctx = metadata.AppendToOutgoingContext(ctx, "x-tenant-id", md)
		}
		stream, err := client.ExecuteClientServerStream(ctx)
		if err != nil {
			t.Fatal(err)
		}
		_, err = stream.Recv()
		if s := status.Convert(err); s.Code().String()+" "+s.Message() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// A handler that asks for what nobody binds is INTERNAL, and the log says why.
func TestFromWithoutALink(t *testing.T) {
	t.Parallel()
	const want = "headers: no headers_test.Tenancy is bound to this RPC; put an interceptor that binds " +
		"headers.Of[headers_test.Tenancy]() on its method"
	if _, ok := headers.Lookup[Tenancy](t.Context()); ok {
		t.Error("found one in an empty context")
	}
	panicked := make(chan any, 1)
	client := serving(t, make(chan Tenancy, 1), onServer(newHeaders(t, headers.Of[Caller]())), frameworktest.ServerParts(
		framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			defer func() { panicked <- recover() }()
			return next(ctx, call)
		}))))
	ctx := metadata.AppendToOutgoingContext(t.Context(), "x-tenant-id", "acme")
	_, _ = frameworktest.Execute(ctx, client, framework.Unary, []string{"bind"})
	if got := <-panicked; got != want {
		t.Errorf("panicked with %v", got)
	}
}

// However much is wrong, a client gets to hear of it: the limit on what it takes for metadata is kept.
func TestBounded(t *testing.T) {
	t.Parallel()
	var fields []reflect.StructField
	words := "a-long-word another-long-word " + strings.Repeat("w", 300)
	md := metadata.MD{}
	for i := range 100 {
		key := fmt.Sprintf("x-a-key-as-long-as-those-that-say-what-they-are-for-%d", i)
		fields = append(fields, fieldOf(fmt.Sprint("F", i), reflect.TypeFor[string](), key+",oneof="+words))
		md.Set(key, secret)
	}
	_, broken := headers.OfType(structOf(`grpc:"headers"`, fields...)).Decode(md)
	client := frameworktest.DummyClient(t, frameworktest.DialOptions(grpc.WithMaxHeaderListSize(8<<10)),
		frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){"x": frameworktest.Raises(broken)}))
	_, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
	lines := strings.Split(violationsOf(err), "\n")
	if len(lines) != 5 || !strings.HasSuffix(status.Convert(err).Message(), "; and 95 more") {
		t.Errorf("%d lines, %v", len(lines), err)
	}
	want := "NOT_ALLOWED x-a-key-as-long-as-those-that-say-what-they-are-for-0: must be one of a-long-word, another-long-word, " +
		strings.Repeat("w", 168) + "..."
	if lines[0] != want {
		t.Errorf("got  %s\nwant %s", lines[0], want)
	}
}

// Of many wrong values of one key the first is told, so that what a client sends does not multiply.
func TestManyWrongValues(t *testing.T) {
	t.Parallel()
	md := sound()
	for range 100_000 {
		md.Append("x-shard", secret)
	}
	got := frameworktest.Run(t, newHeaders(t, headers.Of[Strict]()), frameworktest.Case{Metadata: md})
	if v := violationsOf(got.Err); v != "MALFORMED x-shard: value 1 must be a whole number from -128 to 127" {
		t.Error(v)
	}
}

// Contexts are printed by accident, and annotations logged on purpose.
func TestNothingIsShown(t *testing.T) {
	t.Parallel()
	ctx := headers.Send(t.Context(), Caller{Tenant: secret})
	got := frameworktest.Run(t, newHeaders(t, headers.Of[Caller]()), frameworktest.Case{
		Context: ctx, Metadata: metadata.Pairs("x-tenant-id", secret, "x-role", secret),
	})
	if got.Err != nil || headers.From[Caller](got.Context).Tenant != secret {
		t.Fatal(got.Err)
	}
	text := fmt.Sprint(got.Context)
	if strings.Contains(text, secret) || !strings.Contains(text, "headers(headers_test.Caller)") {
		t.Error(text)
	}
	if len(got.Annotations) > 0 {
		t.Errorf("annotated %v", []slog.Attr(got.Annotations))
	}
}

// A rule of the mapper can claim the refusal as any other.
func TestIsInvalidArgument(t *testing.T) {
	t.Parallel()
	m, err := errmap.New(errmap.Config{})
	if err != nil {
		t.Fatal(err)
	}
	got := frameworktest.Run(t, newHeaders(t, headers.Of[Caller]()), frameworktest.Case{})
	mapped := m.Error(t.Context(), "/a.B/C", got.Err)
	if violationsOf(mapped) != "REQUIRED x-tenant-id: is required" {
		t.Error(mapped)
	}
}
