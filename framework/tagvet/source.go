package tagvet

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
)

// A source is what the files of a package say of structs.
type source struct {
	declared []*types.Struct
	nodes    map[*types.Struct]*ast.StructType
	names    map[*types.Struct]*types.TypeName // none for a struct without
	fields   map[*types.Var]*ast.Field
	inside   map[*types.Struct]bool // those that a field of another holds
	uses     []use
}

func sourceOf(pass *analysis.Pass) *source {
	s := &source{
		nodes:  map[*types.Struct]*ast.StructType{},
		names:  map[*types.Struct]*types.TypeName{},
		fields: map[*types.Var]*ast.Field{},
		inside: map[*types.Struct]bool{},
		uses:   usesIn(pass),
	}
	for node := range inspector.All[*ast.StructType](inspected(pass)) {
		if typ, ok := pass.TypesInfo.TypeOf(node).(*types.Struct); ok {
			s.add(node, typ)
		}
	}
	for node := range inspector.All[*ast.TypeSpec](inspected(pass)) {
		if name, ok := pass.TypesInfo.Defs[node.Name].(*types.TypeName); ok {
			if typ, ok := name.Type().Underlying().(*types.Struct); ok && node.Assign == 0 {
				s.names[typ] = name
			}
		}
	}
	return s
}

func (s *source) add(node *ast.StructType, typ *types.Struct) {
	s.declared = append(s.declared, typ)
	s.nodes[typ] = node
	index := 0
	for _, field := range node.Fields.List {
		for range max(1, len(field.Names)) {
			s.fields[typ.Field(index)] = field
			index++
		}
	}
	for v := range typ.Fields() {
		if inner := structOf(v.Type()); inner != nil {
			s.inside[inner] = true
		}
	}
}

// structOf is the struct that a type is or points to, as it is declared where it is generic; or nil.
func structOf(t types.Type) *types.Struct {
	if t == nil {
		return nil
	}
	t = pointedTo(t)
	if named, ok := t.(*types.Named); ok {
		t = named.Origin()
	}
	typ, _ := t.Underlying().(*types.Struct)
	return typ
}
