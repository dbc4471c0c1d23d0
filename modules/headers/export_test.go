package headers

import (
	"context"
	"reflect"

	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/internal/tag"
)

// OfType is Of for a type that is made while a test runs.
func OfType(t reflect.Type) Struct { return Struct{declare(t, "main.go:41", nil)} }

// Err is what New would say of the struct.
func (s Struct) Err() error { return tag.Group(s.problems...) }

// Decode is what a server does with metadata.
func (s Struct) Decode(md metadata.MD) (reflect.Value, error) {
	var broken violations
	v := reflect.New(s.typ).Elem()
	for i := range s.fields {
		s.fields[i].decode(v, md[s.fields[i].key], &broken)
	}
	return v, broken.status("decode")
}

// Encode is what a client does with a struct, which is addressable.
func (s Struct) Encode(v reflect.Value) (metadata.MD, error) {
	out := outgoing{given: context.Background()}
	out.add(s.declared, v)
	out.complete([]Struct{s})
	md, _ := metadata.FromOutgoingContext(out.context())
	return md, out.broken.status("encode")
}
