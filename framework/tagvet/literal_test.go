package tagvet_test

import (
	"reflect"
	"strconv"
	"testing"
	"unicode/utf8"

	"github.com/sluice-go/sluice/framework/tagvet"
)

// FuzzPlace holds each place in a literal to what the literal is up to there.
func FuzzPlace(f *testing.F) {
	for _, seed := range []string{"", "auth,stge=app", "é\u00a0\x00\"\\'`", "\xff", "a\tb\nc"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		literals := []string{strconv.Quote(text), strconv.QuoteToASCII(text)}
		if strconv.CanBackquote(text) {
			literals = append(literals, "`"+text+"`")
		}
		for _, literal := range literals {
			for i := 0; i <= len(text); i++ {
				if !utf8.ValidString(text[:i]) || !utf8.ValidString(text[i:]) {
					continue
				}
				at := tagvet.Place(literal, i)
				before, err := strconv.Unquote(literal[:at] + literal[:1])
				if err != nil || before != text[:i] {
					t.Errorf("byte %d of %s is at %d: %q before it, %v", i, literal, at, before, err)
				}
			}
		}
	})
}

// FuzzOwnValue holds what is read of a tag to what reflect reads.
func FuzzOwnValue(f *testing.F) {
	for _, seed := range []string{
		``, `grpc:"auth"`, `json:"a" grpc:"b" grpc:"c"`, `json:"grpc:" grpc:"\u0041"`, `grpc: "a"`, `a:"\"" grpc:"b"`,
		"\tgrpc:\"a\"", `grpc:"a`, `grpc:"\q"`, "x:\"\n\" grpc:\"b\"", ` grpc:""`, "\xff:\"\" grpc:\"b\"",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		want, found := reflect.StructTag(raw).Lookup("grpc")
		got, ok := tagvet.OwnValue(raw)
		if got != want || found && !ok {
			t.Errorf("%q: got %q, %t; reflect has %q, %t", raw, got, ok, want, found)
		}
	})
}
