package headers_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/modules/headers"
)

// mutants are the texts that differ from one in one byte: changed to each other printable one, taken away, or doubled.
func mutants(text string) (all []string) {
	for i := range text {
		before, after := text[:i], text[i+1:]
		for c := byte(' '); c <= '~'; c++ {
			if c != text[i] {
				all = append(all, before+string(c)+after)
			}
		}
		all = append(all, before+after, before+text[i:i+1]+text[i:])
	}
	return all
}

func TestMutants(t *testing.T) {
	t.Parallel()
	if got := fmt.Sprintf("%q", mutants("a")[94:]); got != `["" "aa"]` || len(mutants("ab")) != 2*96 {
		t.Errorf("%d mutants of two bytes, the last of one byte %s", len(mutants("ab")), got)
	}
}

// TestMutations changes each byte of each tag of Caller. A mutant means the same, or is refused with the field named,
// or shows in what String tells, and where it does, in what is bound of the same metadata: no part of a tag goes
// unheard.
func TestMutations(t *testing.T) {
	t.Parallel()
	original := reflect.TypeFor[Caller]()
	fields := make([]reflect.StructField, original.NumField())
	for i := range fields {
		fields[i] = original.Field(i)
	}
	sound := headers.OfType(reflect.StructOf(fields))
	if err := sound.Err(); err != nil {
		t.Fatal(err)
	}
	same, refused, shown := 0, 0, 0
	for i, field := range fields {
		for _, mutant := range mutants(string(field.Tag)) {
			changed := append([]reflect.StructField{}, fields...)
			changed[i].Tag = reflect.StructTag(mutant)
			s := headers.OfType(reflect.StructOf(changed))
			err := s.Err()
			switch {
			case err != nil && names(err, field.Name):
				refused++
			case err != nil:
				t.Errorf("%s: %s: the error does not name the field: %v", field.Name, mutant, err)
			case s.String() == sound.String():
				same++
				if bindings(s) != bindings(sound) {
					t.Errorf("%s: %s: binds otherwise, and does not say so", field.Name, mutant)
				}
			default:
				shown++
				if bindings(s) == bindings(sound) {
					t.Errorf("%s: %s: says that it binds otherwise, and does not:\n%s", field.Name, mutant, s)
				}
			}
		}
	}
	t.Logf("%d mean the same, %d are refused, %d show", same, refused, shown)
	if refused == 0 || shown == 0 {
		t.Errorf("%d mean the same, %d are refused, %d show", same, refused, shown)
	}
}

// names reports whether an error is about a field; that of the struct's own line may be about the struct.
func names(err error, field string) bool {
	text := err.Error()
	return strings.Contains(text, "\n  "+field+": ") || field == "_" && strings.Contains(text, "the first field has no grpc tag")
}

// bindings is what becomes of some metadata, sound and not.
func bindings(s headers.Struct) string {
	var all []string
	for _, md := range []metadata.MD{
		metadata.Pairs("x-tenant-id", "acme", "x-trace-bin", "t", "x-role", "a", "x-role", "b"),
		metadata.Pairs("x-tenant-id", "acme"),
		metadata.Pairs("x-trace-bin", "t", "x-role", ""),
	} {
		v, err := s.Decode(md)
		all = append(all, fmt.Sprintf("%+v %v", v, err))
	}
	return strings.Join(all, "\n")
}
