package headers_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/headers"
)

// half can be read and not written, other the other way round.
type (
	half  struct{}
	other struct{}
)

func (*half) UnmarshalText([]byte) error       { return nil }
func (other) MarshalText() (_ []byte, _ error) { return nil, nil }

// broken are fields with what is wrong with them, tag and caret included.
var broken = []struct {
	typ  reflect.Type
	tag  string
	want string
}{
	{reflect.TypeFor[string](), "X-Tenant", `
  Field: key "X-Tenant" has capitals, and grpc sends none; write "x-tenant"
    grpc:"X-Tenant"
          ^`},
	{reflect.TypeFor[string](), "x/tenant", `
  Field: key "x/tenant" has more than lower case letters, digits, and ._-, which are all that grpc allows
    grpc:"x/tenant"
           ^`},
	{reflect.TypeFor[string](), "x-ténant", `
  Field: key "x-ténant" has more than lower case letters, digits, and ._-, which are all that grpc allows
    grpc:"x-ténant"
             ^`},
	{reflect.TypeFor[string](), "?x-tenant", `
  Field: key "?x-tenant" has more than lower case letters, digits, and ._-, which are all that grpc allows
    grpc:"?x-tenant"
          ^`},
	{reflect.TypeFor[string](), ":authority", `
  Field: ':' is not part of a name, which has letters, digits and ._-/#*?; a comma ends an option, "=" begins a value
    grpc:":authority"
          ^`},
	{reflect.TypeFor[string](), "grpc-timeout", `
  Field: key "grpc-timeout" is grpc's own, as are all that begin with "grpc-"; take another one
    grpc:"grpc-timeout"
          ^`},
	{reflect.TypeFor[string](), "user-agent", `
  Field: key "user-agent" belongs to grpc and HTTP/2, which drop or refuse it as metadata; take another key
    grpc:"user-agent"
          ^`},
	{reflect.TypeFor[string](), "authorization,required", `
  Field: key "authorization" holds credentials, which nothing has verified here; leave it to the interceptor that verifies or provides them
    grpc:"authorization,required"
          ^`},
	{reflect.TypeFor[[]byte](), "x-trace", `
  Field: bytes go under a key that ends in "-bin", which grpc encodes; write "x-trace-bin"
    grpc:"x-trace"
          ^`},
	{reflect.TypeFor[[][]byte](), "x-trace", `
  Field: bytes go under a key that ends in "-bin", which grpc encodes; write "x-trace-bin"
    grpc:"x-trace"
          ^`},
	{reflect.TypeFor[string](), "x-trace-bin", `
  Field: a key that ends in "-bin" is for []byte, and string is not; write "x-trace", or make it []byte
    grpc:"x-trace-bin"
          ^`},
	{reflect.TypeFor[[]time.Time](), "x-trace-bin", `
  Field: a key that ends in "-bin" is for []byte, and time.Time is not; write "x-trace", or make it []byte
    grpc:"x-trace-bin"
          ^`},
	{reflect.TypeFor[net.IP](), "x-ip-bin", `
  Field: a key that ends in "-bin" is for []byte, and net.IP is not; write "x-ip", or make it []byte
    grpc:"x-ip-bin"
          ^`},
	{reflect.TypeFor[map[string]string](), "x", `
  Field: map[string]string can not be metadata; strings, numbers, bools, []byte, time.Time, time.Duration and types with MarshalText and UnmarshalText can, and slices of these, and pointers to them
    grpc:"x"`},
	{reflect.TypeFor[[][]string](), "x", `
  Field: []string can not be metadata; strings, numbers, bools, []byte, time.Time, time.Duration and types with MarshalText and UnmarshalText can, and slices of these, and pointers to them
    grpc:"x"`},
	{reflect.TypeFor[*[]string](), "x", `
  Field: []string can not be metadata; strings, numbers, bools, []byte, time.Time, time.Duration and types with MarshalText and UnmarshalText can, and slices of these, and pointers to them
    grpc:"x"`},
	{reflect.TypeFor[any](), "x", `
  Field: interface {} can not be metadata; strings, numbers, bools, []byte, time.Time, time.Duration and types with MarshalText and UnmarshalText can, and slices of these, and pointers to them
    grpc:"x"`},
	{reflect.TypeFor[half](), "x", `
  Field: headers_test.half has UnmarshalText and no MarshalText: it could be read and not be sent; write the other
    grpc:"x"`},
	{reflect.TypeFor[*other](), "x", `
  Field: headers_test.other has MarshalText and no UnmarshalText: it could be sent and not be read; write the other
    grpc:"x"`},
	{reflect.TypeFor[string](), "x=y", `
  Field: the first item is the key and has no value; write key,x=y
    grpc:"x=y"
          ^`},
	{reflect.TypeFor[string](), "x,requird,default=é", `
  Field: unknown option "requird" (did you mean "required"?)
    grpc:"x,requird,default=é"
            ^
  Field: default "é" can not be: it must be printable ASCII, without a space at either end
    grpc:"x,requird,default=é"
                            ^`},
	{reflect.TypeFor[string](), "x,required=true", `
  Field: "required" takes no value; write it alone
    grpc:"x,required=true"
                     ^`},
	{reflect.TypeFor[string](), "x,required,required", `
  Field: "required" stands twice; keep one
    grpc:"x,required,required"
                     ^`},
	{reflect.TypeFor[string](), "x,default", `
  Field: "default" needs a value, default=…: text
    grpc:"x,default"
            ^`},
	{reflect.TypeFor[string](), "x,default=", `
  Field: "default" has an empty value; write one, or leave the option out
    grpc:"x,default="
                    ^`},
	{reflect.TypeFor[string](), "x,default=' a'", `
  Field: default " a" can not be: it must be printable ASCII, without a space at either end
    grpc:"x,default=' a'"
                     ^`},
	{reflect.TypeFor[string](), "x,required,default=a", `
  Field: "default" is for requests without "x", which "required" refuses; keep one
    grpc:"x,required,default=a"
                     ^`},
	{reflect.TypeFor[string](), "x,default=b,oneof=a c", `
  Field: default "b" is not in oneof=a c
    grpc:"x,default=b,oneof=a c"
                    ^`},
	{reflect.TypeFor[[]uint8](), "x-bin,default=b,oneof=a", `
  Field: "oneof" is text, and Field holds bytes; remove it
    grpc:"x-bin,default=b,oneof=a"
                          ^
  Field: "default" is text, and Field holds bytes; remove it
    grpc:"x-bin,default=b,oneof=a"
                ^`},
	{reflect.TypeFor[int8](), "x,default=128", `
  Field: default "128" can not be: it must be a whole number from -128 to 127
    grpc:"x,default=128"
                    ^`},
	{reflect.TypeFor[[]bool](), "x,default=true yes", `
  Field: default "yes" can not be: it must be true or false
    grpc:"x,default=true yes"
                         ^`},
	{reflect.TypeFor[[]string](), "x,default=' '", `
  Field: "default" has no values; write some, or leave the option out
    grpc:"x,default=' '"
                     ^`},
	{reflect.TypeFor[time.Duration](), "x,default=5", `
  Field: default "5" can not be: it must be a duration with units, such as 300ms or 1h30m
    grpc:"x,default=5"
                    ^`},
	{reflect.TypeFor[*time.Time](), "x,default=2026-01-02", `
  Field: default "2026-01-02" can not be: it must be a time as of RFC 3339, such as 2006-01-02T15:04:05Z
    grpc:"x,default=2026-01-02"
                    ^`},
	{reflect.TypeFor[Level](), "x,default=top", `
  Field: default "top" can not be: it must be well formed
    grpc:"x,default=top"
                    ^`},
	{reflect.TypeFor[float32](), "x,default=1e39", `
  Field: default "1e39" can not be: it must be a decimal number that fits 32 bits
    grpc:"x,default=1e39"
                    ^`},
	{reflect.TypeFor[uint16](), "x,oneof=1 -2 65536", `
  Field: oneof "-2" can not be: it must be a whole number from 0 to 65535
    grpc:"x,oneof=1 -2 65536"
                    ^
  Field: oneof "65536" can not be: it must be a whole number from 0 to 65535
    grpc:"x,oneof=1 -2 65536"
                       ^`},
	{reflect.TypeFor[time.Duration](), "x,oneof=60s 5m 1m", `
  Field: "60s" and "1m" are one value; keep one
    grpc:"x,oneof=60s 5m 1m"
                         ^`},
	{reflect.TypeFor[string](), "x,oneof=a b a", `
  Field: "a" stands twice in "oneof"; keep one
    grpc:"x,oneof=a b a"
                      ^`},
}

func TestBrokenFields(t *testing.T) {
	t.Parallel()
	for _, tt := range broken {
		t.Run(tt.tag, func(t *testing.T) {
			t.Parallel()
			s := headers.OfType(structOf(`grpc:"headers"`, fieldOf("Field", tt.typ, tt.tag)))
			want := fmt.Sprintf("sluice: %s in struct (main.go:41)%s", problems(strings.Count(tt.want, "\n  Field")), tt.want)
			if err := s.Err(); err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func problems(n int) string {
	if n == 1 {
		return "1 problem"
	}
	return fmt.Sprintf("%d problems", n)
}

func fieldOf(name string, t reflect.Type, text string) reflect.StructField {
	return reflect.StructField{Name: name, Type: t, Tag: reflect.StructTag(fmt.Sprintf("grpc:%q", text))}
}

// structOf is a struct type with its own line.
func structOf(line string, fields ...reflect.StructField) reflect.Type {
	own := reflect.StructField{Name: "_", PkgPath: "headers_test", Type: reflect.TypeFor[struct{}](), Tag: reflect.StructTag(line)}
	return reflect.StructOf(append([]reflect.StructField{own}, fields...))
}

type (
	lineless struct {
		Tenant string `grpc:"x-tenant"`
	}
	chained struct {
		_      struct{} `grpc:"chain=server"`
		Tenant string   `grpc:"x-tenant"`
	}
	misspelt struct {
		_      struct{} `grpc:"header"`
		Tenant string   `grpc:"x-tenant"`
	}
	empty struct {
		_ struct{} `grpc:"headers"`
	}
	untagged struct {
		_      struct{} `grpc:"headers"`
		Tenant string   `gprc:"x-tenant"`
		Role   string
	}
	twice struct {
		_ struct{} `grpc:"headers"`
		A string   `grpc:"x-tenant"`
		B []string `grpc:"x-tenant"`
	}
	embedding struct {
		_      struct{} `grpc:"headers"`
		Caller `grpc:"x-caller"`
	}
)

func TestBrokenStructs(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		s    headers.Struct
		want string
	}{
		{"no line", headers.Of[lineless](), "sluice: 1 problem in headers_test.lineless (construct_test.go:0)\n" +
			"  the struct has no line of its own; begin it with _ struct{} `grpc:\"headers\"`"},
		{"another's line", headers.Of[chained](), `sluice: 1 problem in headers_test.chained (construct_test.go:0)
  _: a headers struct's own line begins with "headers", not with "chain", which begins a chain's own line
    grpc:"chain=server"
          ^`},
		{"misspelt line", headers.Of[misspelt](), `sluice: 1 problem in headers_test.misspelt (construct_test.go:0)
  _: a headers struct's own line begins with "headers", not with "header" (did you mean "headers"?)
    grpc:"header"
          ^`},
		{"no fields", headers.Of[empty](), `sluice: 1 problem in headers_test.empty (construct_test.go:0)
  _: no field is a header; add one, or leave the struct out
    grpc:"headers"`},
		{"no tags", headers.Of[untagged](), `sluice: 2 problems in headers_test.untagged (construct_test.go:0)
  Tenant: no grpc tag, but one with the key "gprc" (did you mean "grpc"?); write one, or grpc:"-" to leave the field out
  Role: no grpc tag; write one, or grpc:"-" to leave the field out`},
		{"a key twice", headers.Of[twice](), `sluice: 1 problem in headers_test.twice (construct_test.go:0)
  B: "x-tenant" is the key of A already; a key has one field
    grpc:"x-tenant"
          ^`},
		{"embedded", headers.Of[embedding](), `sluice: 1 problem in headers_test.embedding (construct_test.go:0)
  Caller: an embedded struct is not looked into; bind headers_test.Caller beside this one
    grpc:"x-caller"`},
		{"pointer", headers.Of[*Caller](), `sluice: 1 problem in headers_test.Caller (construct_test.go:0)
  Of was given a pointer to it; give the struct itself, Of[headers_test.Caller]`},
		{"no struct", headers.Of[string](), `sluice: 1 problem in string (construct_test.go:0)
  not a struct; declare with a struct, or a pointer to one`},
		{
			"nil function", headers.Sending[Caller](nil),
			"headers: Sending (construct_test.go:0) was given a nil function for headers_test.Caller; give one, or use Of",
		},
		{"zero", headers.Struct{}, "headers: Options.Bind[0] is the zero Struct; make it with headers.Of"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := headers.New(headers.Options{Bind: []headers.Struct{tt.s}})
			if err == nil || unnumbered(err) != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

// unnumbered is an error's text, with lines of this file as line 0.
func unnumbered(err error) string {
	return regexp.MustCompile(`(construct_test\.go:)\d+`).ReplaceAllString(err.Error(), "${1}0")
}

// Everything wrong with all structs is told at once, each struct with its place; the mistakes in tags are TagErrors.
func TestAllProblems(t *testing.T) {
	t.Parallel()
	_, err := headers.New(headers.Options{Bind: []headers.Struct{
		headers.Of[misspelt](), headers.Of[Caller](),
		{},
		headers.Of[twice](),
		headers.Sending(func(context.Context) (c Caller, ok bool) { return c, ok }),
	}})
	want := `sluice: 1 problem in headers_test.misspelt (construct_test.go:0)
  _: a headers struct's own line begins with "headers", not with "header" (did you mean "headers"?)
    grpc:"header"
          ^
headers: Options.Bind[2] is the zero Struct; make it with headers.Of
sluice: 1 problem in headers_test.twice (construct_test.go:0)
  B: "x-tenant" is the key of A already; a key has one field
    grpc:"x-tenant"
          ^
headers: Options.Bind has headers_test.Caller twice (construct_test.go:0 and construct_test.go:0); keep one`
	if err == nil || unnumbered(err) != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	if e, ok := errors.AsType[*framework.TagError](err); !ok || e.Type != "headers_test.misspelt" || e.Field != "_" {
		t.Errorf("no TagError: %v", e)
	}
}

func TestString(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		s    headers.Struct
		want string
	}{
		{headers.Of[Caller](), `headers_test.Caller
  Tenant  string    x-tenant-id  required
  Trace   []uint8   x-trace-bin
  Roles   []string  x-role`},
		{headers.OfType(structOf(`grpc:"headers"`,
			fieldOf("A", reflect.TypeFor[time.Duration](), "a,default='1m, 30s',oneof=x"),
			fieldOf("B", reflect.TypeFor[*int](), "b,oneof=01 2 ,default= 1"),
		)), `struct
  A  time.Duration  a
  B  *int           b  default=1,oneof=1 2`},
		{headers.OfType(structOf(`grpc:"headers"`, fieldOf("A", reflect.TypeFor[string](), "a,default='x, y'"))), `struct
  A  string  a  default='x, y'`},
		{headers.Struct{}, "no struct"},
	} {
		if got := tt.s.String(); got != tt.want {
			t.Errorf("got\n%s\nwant\n%s", got, tt.want)
		}
	}
}
