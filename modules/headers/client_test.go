package headers_test

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/headers"
)

// listed is metadata as text, sorted, without what grpc sends of its own.
func listed(md metadata.MD) string {
	var lines []string
	for _, key := range slices.Sorted(maps.Keys(md)) {
		if key != ":authority" && key != "content-type" && key != "user-agent" && key != "grpc-accept-encoding" {
			lines = append(lines, fmt.Sprintf("%s=%q", key, md[key]))
		}
	}
	return strings.Join(lines, " ")
}

// hearing is a client of a service whose handlers list the metadata that came in, on the input "list".
func hearing(t testing.TB, heard chan<- string, o ...frameworktest.Option) dummypb.DummyServiceClient {
	t.Helper()
	list := func(ctx context.Context, _ string) (string, error) {
		md, _ := metadata.FromIncomingContext(ctx)
		heard <- listed(md)
		return "x", nil
	}
	return frameworktest.DummyClient(t, append(o,
		frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){"list": list}))...)
}

// TestSent is what a server gets of a struct: zero values are not sent, what pointers point to and slices hold is.
func TestSent(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	client := hearing(t, heard, onClient(newHeaders(t, headers.Of[Everything]())))
	for _, tt := range []struct {
		name string
		v    Everything
		want string
	}{
		{"nothing", Everything{}, ""},
		{"what is zero by its own account", Everything{Since: time.Time{}.In(time.FixedZone("", 3600)), Raw: []byte{}, Langs: []string{}}, ""},
		{"zeros that are pointed to", Everything{Perhaps: to(""), Count: to(0), Blob: to([]byte(nil))}, `blob-bin=[""] count=["0"] perhaps=[""]`},
		{"zeros in a slice", Everything{Langs: []string{""}, Blobs: [][]byte{nil}, Levels: []Level{0}}, `blobs-bin=[""] lang=[""] levels=["low"]`},
		{"numbers", Everything{Whole: -1, Big: math.MaxUint64, Ratio: 1e21, Half: 0.1}, `big=["18446744073709551615"] half=["0.1"] ratio=["1e+21"] whole=["-1"]`},
		{"durations", Everything{Budget: 1500 * time.Nanosecond}, `budget=["1.5us"]`},
		{"times", Everything{Since: time.Date(2026, 1, 2, 3, 4, 5, 6, time.FixedZone("", 3600))}, `since=["2026-01-02T03:04:05.000000006+01:00"]`},
		{"several", Everything{Langs: []string{"b", "a,c", "b"}}, `lang=["b" "a,c" "b"]`},
		{"bytes", Everything{Raw: []byte{0, 255}}, `raw-bin=["\x00\xff"]`},
		{"what equals a default", Everything{Page: 20}, `page=["20"]`},
	} {
		for _, kind := range kinds {
			if _, err := frameworktest.Execute(headers.Send(t.Context(), tt.v), client, kind, []string{"list"}); err != nil {
				t.Fatalf("%s, %s: %v", tt.name, kind, err)
			}
			if got := <-heard; got != tt.want {
				t.Errorf("%s, %s: got %s, want %s", tt.name, kind, got, tt.want)
			}
		}
	}
}

// Loose requires nothing, and can be wrong in all ways.
type Loose struct {
	_      struct{}  `grpc:"headers"`
	Name   string    `grpc:"x-name"`
	Names  []string  `grpc:"x-names"`
	Ratio  float64   `grpc:"x-ratio"`
	Level  Level     `grpc:"x-level"`
	Plan   Plan      `grpc:"x-plan,oneof=gold silver"`
	Since  time.Time `grpc:"x-since"`
	Tenant *string   `grpc:"x-tenant-id"`
}

// TestRefused is what is not sent, and what the caller is told: whatever the kind, and before the server hears of it.
func TestRefused(t *testing.T) {
	t.Parallel()
	const plain = "printable ASCII, without a space at either end"
	for _, tt := range []struct {
		name string
		send func(ctx context.Context) context.Context
		hand []string
		want string
	}{
		{
			"no struct", func(ctx context.Context) context.Context { return ctx }, nil,
			"REQUIRED x-tenant-id: is required; give the call a headers_test.Caller that has it, with headers.Send",
		},
		{
			"zero", func(ctx context.Context) context.Context { return headers.Send(ctx, Caller{Roles: []string{"a"}}) }, nil,
			"REQUIRED x-tenant-id: is required; give the call a headers_test.Caller that has it, with headers.Send",
		},
		{
			"newline", func(ctx context.Context) context.Context { return headers.Send(ctx, Caller{Tenant: secret + "\n"}) }, nil,
			"MALFORMED x-tenant-id: must be " + plain,
		},
		{
			"not ASCII", func(ctx context.Context) context.Context { return headers.Send(ctx, Caller{Tenant: "é"}) }, nil,
			"MALFORMED x-tenant-id: must be " + plain,
		},
		{
			"space", func(ctx context.Context) context.Context {
				return headers.Send(ctx, Caller{Tenant: "acme", Roles: []string{"a", secret + " ", "\n"}})
			}, nil,
			"MALFORMED x-role: value 2 must be " + plain,
		},
		{
			"all at once", func(ctx context.Context) context.Context {
				return headers.Send(ctx, Loose{
					Name: "\x00", Names: []string{"\x7f"}, Ratio: math.NaN(), Level: 7, Plan: "tin",
					Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC),
				})
			}, nil,
			"MALFORMED x-name: must be " + plain + "\nMALFORMED x-names: value 1 must be " + plain +
				"\nMALFORMED x-ratio: must be a decimal number that fits 64 bits\nMALFORMED x-level: must be well formed" +
				"\nNOT_ALLOWED x-plan: must be one of gold, silver" +
				"\nMALFORMED x-since: must be a time as of RFC 3339, such as 2006-01-02T15:04:05Z" +
				"\nREQUIRED x-tenant-id: is required; give the call a headers_test.Caller that has it, with headers.Send",
		},
		{
			"infinity", func(ctx context.Context) context.Context {
				return headers.Send(headers.Send(ctx, Caller{Tenant: "acme"}), Loose{Ratio: math.Inf(-1)})
			}, nil,
			"MALFORMED x-ratio: must be a decimal number that fits 64 bits",
		},
		{
			"structs that differ", func(ctx context.Context) context.Context {
				return headers.Send(headers.Send(ctx, Caller{Tenant: "acme"}), Loose{Tenant: to(secret)})
			}, nil,
			"CONFLICT x-tenant-id: has different values in headers_test.Caller and headers_test.Loose",
		},
		{
			"by hand besides", func(ctx context.Context) context.Context {
				return headers.Send(ctx, Caller{Tenant: "acme", Roles: []string{"a"}})
			},
			[]string{"x-role", secret},
			"CONFLICT x-role: is in the outgoing metadata already; what is declared is sent with headers.Send alone",
		},
		{
			"by hand alone", func(ctx context.Context) context.Context { return headers.Send(ctx, Caller{Tenant: "acme"}) },
			[]string{"x-role", secret},
			"CONFLICT x-role: is in the outgoing metadata already; what is declared is sent with headers.Send alone",
		},
		{
			"by hand in capitals", func(ctx context.Context) context.Context { return ctx },
			[]string{"X-Tenant-ID", secret},
			"CONFLICT x-tenant-id: is in the outgoing metadata already; what is declared is sent with headers.Send alone",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			heard := make(chan string, 1)
			client := hearing(t, heard, onClient(newHeaders(t, headers.Of[Caller](), headers.Of[Loose]())))
			for _, kind := range kinds {
				ctx := metadata.AppendToOutgoingContext(tt.send(t.Context()), tt.hand...)
				_, err := frameworktest.Execute(ctx, client, kind, []string{"list"})
				if got := violationsOf(err); got != tt.want {
					t.Errorf("%s: got\n%s\nwant\n%s", kind, got, tt.want)
				}
				if !strings.HasPrefix(status.Convert(err).Message(), "headers: request metadata was not sent: x-") {
					t.Errorf("%s: %v", kind, err)
				}
				if len(heard) > 0 || strings.Contains(err.Error(), secret) {
					t.Errorf("%s: the server heard of it, or a value was repeated: %v", kind, err)
				}
			}
		})
	}
}

// What is the same is no conflict: structs that share a key, and a link further out, or a hand, that said the same.
func TestAgreement(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	client := hearing(t, heard, frameworktest.ClientParts(
		framework.Use(newHeaders(t, headers.Of[Caller](), headers.Of[Loose]())),
		framework.Use(newHeaders(t, headers.Of[Tenancy]()), framework.Name("tenancy"))))
	ctx := headers.Send(t.Context(), Caller{Tenant: "acme", Roles: []string{"a", "b"}})
	ctx = headers.Send(ctx, Loose{Tenant: to("acme"), Name: "ann"})
	ctx = headers.Send(ctx, Tenancy{Tenant: "acme", Region: "us"})
	ctx = metadata.AppendToOutgoingContext(ctx, "x-role", "a", "x-other", "o", "x-role", "b")
	for _, kind := range kinds {
		if _, err := frameworktest.Execute(ctx, client, kind, []string{"list"}); err != nil {
			t.Fatalf("%s: %v", kind, err)
		}
		if got := <-heard; got != `x-name=["ann"] x-other=["o"] x-region=["us"] x-role=["a" "b"] x-tenant-id=["acme"]` {
			t.Errorf("%s: %s", kind, got)
		}
	}
}

// A key that one struct requires another may give.
func TestRequiredByAnother(t *testing.T) {
	t.Parallel()
	i := newHeaders(t, headers.Of[Caller](), headers.Of[Loose]())
	got := frameworktest.Run(t, i, frameworktest.Case{
		Side: framework.ClientSide, Context: headers.Send(t.Context(), Loose{Tenant: to("acme")}),
	})
	if got.Err != nil {
		t.Error(got.Err)
	}
}

// The last Send of a type counts, as a whole.
func TestSendAgain(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	client := hearing(t, heard, onClient(newHeaders(t, headers.Of[Caller]())))
	ctx := headers.Send(t.Context(), Caller{Tenant: "a", Roles: []string{"a"}})
	if _, err := frameworktest.Execute(headers.Send(ctx, Caller{Tenant: "b"}), client, framework.Unary, []string{"list"}); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != `x-tenant-id=["b"]` {
		t.Error(got)
	}
}

// What no link of the client binds is not sent.
func TestSendWithoutALink(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	client := hearing(t, heard, onClient(newHeaders(t, headers.Of[Loose]())))
	if _, err := frameworktest.Execute(headers.Send(t.Context(), Caller{Tenant: "acme"}), client, framework.Unary, []string{"list"}); err != nil {
		t.Fatal(err)
	}
	if got := <-heard; got != "" {
		t.Error(got)
	}
}

type tenantKey struct{}

func TestSending(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	client := hearing(t, heard, onClient(newHeaders(t, headers.Sending(func(ctx context.Context) (Caller, bool) {
		tenant, ok := ctx.Value(tenantKey{}).(string)
		return Caller{Tenant: tenant, Roles: []string{"each"}}, ok
	}))))
	given := context.WithValue(t.Context(), tenantKey{}, "acme")
	for _, tt := range []struct {
		name string
		ctx  context.Context
		want string
	}{
		{"of the function", given, `x-role=["each"] x-tenant-id=["acme"]`},
		{"Send wins", headers.Send(given, Caller{Tenant: "b"}), `x-tenant-id=["b"]`},
		{"none", t.Context(), ""},
	} {
		for _, kind := range kinds {
			_, err := frameworktest.Execute(tt.ctx, client, kind, []string{"list"})
			if tt.want == "" {
				if status.Code(err) != codes.InvalidArgument {
					t.Errorf("%s, %s: %v", tt.name, kind, err)
				}
				continue
			}
			if err != nil {
				t.Fatalf("%s, %s: %v", tt.name, kind, err)
			}
			if got := <-heard; got != tt.want {
				t.Errorf("%s, %s: got %s, want %s", tt.name, kind, got, tt.want)
			}
		}
	}
}

// On a server Sending is Of.
func TestSendingOnAServer(t *testing.T) {
	t.Parallel()
	i := newHeaders(t, headers.Sending(func(context.Context) (Caller, bool) { return Caller{Tenant: "each"}, true }))
	got := frameworktest.Run(t, i, frameworktest.Case{Metadata: metadata.Pairs("x-tenant-id", "acme")})
	if got.Err != nil || headers.From[Caller](got.Context).Tenant != "acme" {
		t.Error(got.Err)
	}
}

// Each attempt of a retry, and of a hedge, sends the same, once.
func TestAttempts(t *testing.T) {
	t.Parallel()
	for name, again := range map[string]framework.InterceptorFunc{
		"retry": func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.KeepRequests(10)
			_ = next(ctx, call)
			return next(ctx, call)
		},
		"clone": func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			if call.Kind() != framework.Unary {
				return next(ctx, call)
			}
			first, second := call.Clone(), call.Clone()
			_ = next(ctx, first)
			err := next(ctx, second)
			call.Adopt(second)
			return err
		},
	} {
		for _, stage := range []framework.Stage{framework.StageRetry, framework.StageTranslate} { // outside, inside
			heard := make(chan string, 2)
			client := frameworktest.DummyClient(t, onClient(newHeaders(t, headers.Of[Caller]())),
				frameworktest.ClientParts(framework.Use(again, framework.At(stage))),
				frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
					"fail": func(ctx context.Context, _ string) (string, error) {
						md, _ := metadata.FromIncomingContext(ctx)
						heard <- listed(md)
						return "", status.Error(codes.Unavailable, "again")
					},
				}))
			for _, kind := range kinds {
				_, err := frameworktest.Execute(headers.Send(t.Context(), Caller{Tenant: "acme", Roles: []string{"a"}}), client, kind, []string{"fail"})
				if status.Code(err) != codes.Unavailable {
					t.Fatalf("%s, %s: %v", name, kind, err)
				}
				attempts := 2
				if name == "clone" && kind != framework.Unary {
					attempts = 1
				}
				for range attempts {
					if got := <-heard; got != `x-role=["a"] x-tenant-id=["acme"]` {
						t.Errorf("%s, %s, %s: %s", name, stage, kind, got)
					}
				}
			}
		}
	}
}

// TestForwarding calls a server that calls another. Nothing goes on by itself.
func TestForwarding(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		bind headers.Struct // of the client in the middle
		send func(ctx context.Context) context.Context
		want string
	}{
		{"by itself", headers.Of[Loose](), func(ctx context.Context) context.Context { return ctx }, ""},
		{"by hand", headers.Of[Caller](), func(ctx context.Context) context.Context {
			return headers.Send(ctx, headers.From[Caller](ctx))
		}, `x-role=["a" "b"] x-tenant-id=["acme"]`},
		{
			"by declaration", headers.Sending(headers.Lookup[Caller]), func(ctx context.Context) context.Context { return ctx },
			`x-role=["a" "b"] x-tenant-id=["acme"]`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			heard := make(chan string, 1)
			last := hearing(t, heard, onClient(newHeaders(t, tt.bind)))
			middle := func(ctx context.Context, _ string) (string, error) {
				outputs, err := frameworktest.Execute(tt.send(ctx), last, framework.Unary, []string{"list"})
				return strings.Join(outputs, ""), err
			}
			i := newHeaders(t, headers.Of[Caller]())
			first := frameworktest.DummyClient(t, onServer(i), onClient(i),
				frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){"on": middle}))
			for _, kind := range kinds {
				ctx := headers.Send(t.Context(), Caller{Tenant: "acme", Roles: []string{"a", "b"}})
				if _, err := frameworktest.Execute(ctx, first, kind, []string{"on"}); err != nil {
					t.Fatalf("%s: %v", kind, err)
				}
				if got := <-heard; got != tt.want {
					t.Errorf("%s: got %s, want %s", kind, got, tt.want)
				}
			}
		})
	}
}

// TestGRPCsOwn pins what grpc-go does with what is refused here.
func TestGRPCsOwn(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	client := hearing(t, heard)
	_, err := frameworktest.Execute(metadata.AppendToOutgoingContext(t.Context(), "x-a", "a\n"), client, framework.Unary, []string{"list"})
	if status.Code(err) != codes.Internal {
		t.Errorf("a newline: %v", err)
	}
	for _, key := range []string{"content-type", "user-agent", "te", "grpc-timeout"} {
		if _, err := frameworktest.Execute(metadata.AppendToOutgoingContext(t.Context(), key, "a"), client, framework.Unary, []string{"list"}); err != nil {
			t.Fatalf("%s: %v", key, err)
		}
		if got := <-heard; got != "" {
			t.Errorf("%s: %s", key, got)
		}
	}
	if _, err := frameworktest.Execute(metadata.AppendToOutgoingContext(t.Context(), "connection", "a"), client, framework.Unary, []string{"list"}); err == nil {
		t.Error("connection was sent")
	}
}

// A pointer is no struct that a link could bind: it would be sent by nobody.
func TestSendOfAPointer(t *testing.T) {
	t.Parallel()
	type tenant struct {
		_    struct{} `grpc:"headers"`
		Name string   `grpc:"x-tenant-id"`
	}
	defer func() {
		if p := fmt.Sprint(recover()); !strings.Contains(p, "give it the headers_test.tenant itself") {
			t.Errorf("got %s", p)
		}
	}()
	headers.Send(t.Context(), &tenant{Name: "acme"})
}
