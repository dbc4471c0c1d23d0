package tagvet

import (
	"go/types"
	"reflect"
	"strings"
)

// A structType stands in for the reflect.Type of a struct that is only known from source, before internal/tag: it has
// what that package asks for, and is an empty struct to all other questions.
type structType struct {
	reflect.Type
	fields []reflect.StructField
}

func (s *structType) NumField() int                   { return len(s.fields) }
func (s *structType) Field(i int) reflect.StructField { return s.fields[i] }

func standIn(typ *types.Struct) reflect.Type {
	s := &structType{Type: reflect.TypeFor[struct{}]()}
	for i := range typ.NumFields() {
		v := typ.Field(i)
		f := reflect.StructField{
			Name: v.Name(), Type: namedLike(v.Type()), Index: []int{i},
			Tag: reflect.StructTag(typ.Tag(i)), Anonymous: v.Embedded(),
		}
		if !v.Exported() {
			f.PkgPath = v.Pkg().Path()
		}
		s.fields = append(s.fields, f)
	}
	return s
}

// A namedType stands in for the type of a field: its name, and whether it is a struct.
type namedType struct {
	reflect.Type
	name, pkgPath string
}

func (n namedType) Name() string    { return n.name }
func (n namedType) PkgPath() string { return n.pkgPath }

func namedLike(t types.Type) reflect.Type {
	t = pointedTo(t)
	n := namedType{Type: reflect.TypeFor[int]()}
	if _, ok := t.Underlying().(*types.Struct); ok {
		n.Type = reflect.TypeFor[struct{}]()
	}
	if named, ok := t.(*types.Named); ok && named.Obj().Pkg() != nil {
		n.name, n.pkgPath = named.Obj().Name(), named.Obj().Pkg().Path()
	}
	return n
}

// pointedTo is the type that a pointer points to, else the type.
func pointedTo(t types.Type) types.Type {
	if p, ok := types.Unalias(t).(*types.Pointer); ok {
		t = p.Elem()
	}
	return types.Unalias(t)
}

// isIn reports whether a field is an embedded fx.In, which is dig's under another name.
func isIn(v *types.Var) bool {
	named, ok := types.Unalias(v.Type()).(*types.Named)
	return v.Embedded() && ok && named.Obj().Name() == "In" && named.Obj().Pkg() != nil && strings.HasPrefix(named.Obj().Pkg().Path(), "go.uber.org/")
}

// holdsLine reports whether a field is one that may hold a struct's own line.
func holdsLine(v *types.Var) bool { return v.Name() == "_" || isIn(v) }
