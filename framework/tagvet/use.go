package tagvet

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/sluice-go/sluice/internal/tag"
)

const (
	fxgrpcPath  = "github.com/sluice-go/sluice/fxgrpc"
	headersPath = modulesPath + "headers"
)

// A use is a call that takes a struct for a declaration.
type use struct {
	*ast.CallExpr
	typ   types.Type // of the struct
	opens string     // the struct's own line
}

// users are the functions that take a struct, as a value or as a type argument, with what its own line begins with.
func users() map[string]string {
	return map[string]string{
		frameworkPath + ".Struct":    tag.ChainLine().Opens,
		frameworkPath + ".Policy":    tag.PolicyLine().Opens,
		fxgrpcPath + ".Interceptors": tag.ChainLine().Opens,
		fxgrpcPath + ".Policy":       tag.PolicyLine().Opens,
		headersPath + ".Of":          tag.HeadersLine().Opens,
		headersPath + ".Sending":     tag.HeadersLine().Opens,
	}
}

func usesIn(pass *analysis.Pass) (all []use) {
	if !slices.ContainsFunc([]string{frameworkPath, fxgrpcPath, headersPath}, func(path string) bool { return imports(pass.Pkg, path) }) {
		return nil
	}
	for call := range calls(pass) {
		callee, ok := typeutil.Callee(pass.TypesInfo, call).(*types.Func)
		if !ok || callee.Signature().Recv() != nil {
			continue
		}
		if opens := users()[callee.FullName()]; opens != "" {
			all = append(all, use{call, given(pass.TypesInfo, call), opens})
		}
	}
	return all
}

// given is the type that a call is for: its type argument, or the type of what it gets. It is nil where the code says none.
func given(info *types.Info, call *ast.CallExpr) types.Type {
	if typeArgs := info.Instances[calleeName(call)].TypeArgs; typeArgs.Len() > 0 {
		return typeArgs.At(0)
	}
	if len(call.Args) == 0 {
		return nil
	}
	return info.TypeOf(call.Args[0])
}

func calleeName(call *ast.CallExpr) *ast.Ident {
	fun := ast.Unparen(call.Fun)
	if index, ok := fun.(*ast.IndexExpr); ok {
		fun = ast.Unparen(index.X)
	}
	if selector, ok := fun.(*ast.SelectorExpr); ok {
		return selector.Sel
	}
	name, _ := fun.(*ast.Ident)
	return name
}

// use looks at the line of a struct that a call takes for a declaration. The rest of it is looked at where it is declared.
func (c *checker) use(u use) {
	typ := structOf(u.typ)
	if typ == nil {
		return
	}
	l := newLevel(typ)
	switch {
	case l.Line == nil && !c.misspeltLine(l) && !hasMisreadLine(l):
		c.noLine(u, l, exampleOf(u.opens))
	case l.Line != nil:
		c.otherLine(u, l)
	}
}

// noLine reports a struct without a line of its own, where it is declared, or else where it is used.
func (c *checker) noLine(at ast.Node, l *level, example string) {
	from, to := at.Pos(), at.End()
	if node := c.nodes[l.typ]; node != nil {
		from, to = wordStruct(node)
	}
	if e := l.Lineless(example); e != nil {
		c.report(from, to, e.Problem)
	}
}

// otherLine reports a struct that says that it is something else.
func (c *checker) otherLine(u use, l *level) {
	first := l.Line.Tag.First().Name
	wanted, _ := opened(u.opens)
	_, isOther := opened(first)
	_, isMeant := almostOpened(first)
	if first == u.opens || first == "" || isMeant && !isOther {
		return // told where the struct is declared
	}
	_, errs := wanted.line.Read(l.Struct, l.Line)
	for _, e := range errs {
		c.report(u.Pos(), u.End(), e.Problem)
	}
}
