package framework_test

import (
	"go/token"
	"reflect"

	"github.com/sluice-go/sluice/framework"
)

// A field is one of a struct that a test makes: its name, its whole tag, and its value.
type field struct {
	name, tag string
	value     any
}

// tagged is a field with a tag of ours.
func tagged(name, text string, value any) field {
	return field{name, `grpc:"` + text + `"`, value}
}

// A held value is one in a field of an interface type; nil leaves the field nil.
type held struct {
	typ reflect.Type
	v   any
}

// as is a value for a field of type T, an interface.
func as[T any](v any) held { return held{reflect.TypeFor[T](), v} }

// structOf is a struct with a line of its own, "" for none, and fields.
func structOf(line string, fields ...field) any { return structValueOf(line, fields).Interface() }

// pointerTo is a pointer to a struct of fields.
func pointerTo(fields ...field) any { return structValueOf("", fields).Addr().Interface() }

func structValueOf(line string, fields []field) reflect.Value {
	if line != "" {
		fields = append([]field{tagged("_", line, struct{}{})}, fields...)
	}
	types := make([]reflect.StructField, len(fields))
	for i, f := range fields {
		types[i] = reflect.StructField{Name: f.name, Type: reflect.TypeOf(f.value), Tag: reflect.StructTag(f.tag)}
		if h, ok := f.value.(held); ok {
			types[i].Type = h.typ
		}
		if !token.IsExported(f.name) {
			types[i].PkgPath = "framework_test"
		}
	}
	made := reflect.New(reflect.StructOf(types)).Elem()
	for i, f := range fields {
		v := f.value
		if h, ok := v.(held); ok {
			v = h.v
		}
		if v != nil && made.Field(i).CanSet() {
			made.Field(i).Set(reflect.ValueOf(v))
		}
	}
	return made
}

// server is the part of a struct for servers.
func server(fields ...field) framework.Part {
	return framework.Struct(structOf("chain=server", fields...))
}

// policy is the part of a policy for all services.
func policy(fields ...field) framework.Part {
	return framework.Policy(structOf("service=*", fields...))
}

// rule is a field of a policy.
func rule(name, text string) field { return tagged(name, text, framework.Rule{}) }
