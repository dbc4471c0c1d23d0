package tagvet

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/types/typeutil"

	"github.com/sluice-go/sluice/framework"
)

// known is what a package and all that it imports say of services and rule keys. It is passed on from package to package:
// a fact reaches only those that import its package themselves.
type known struct {
	Services []service // sorted by name
	Keys     []string  // of rules, that interceptors other than our modules read; sorted
}

// A service is one for which the package with its generated code is imported.
type service struct {
	Name    string // "acme.orders.v1.Orders"
	Methods []method
}

type method struct {
	Name  string
	Input string // the Go type of the requests, "*example.com/pb.CreateRequest"; "" for not known
}

// AFact marks known as a fact.
func (*known) AFact() {}

func (k *known) String() string {
	names := make([]string, len(k.Services))
	for i, s := range k.Services {
		names[i] = s.Name
	}
	return fmt.Sprintf("services %q, keys %q", names, k.Keys)
}

// learn collects what is known to a package, and passes it on.
func learn(pass *analysis.Pass) *known {
	all := &known{}
	for _, imported := range pass.Pkg.Imports() {
		var k known
		if pass.ImportPackageFact(imported, &k) {
			all.merge(k)
		}
	}
	all.merge(known{declaredServices(pass.Pkg), declaredKeys(pass)})
	if len(all.Services)+len(all.Keys) > 0 {
		pass.ExportPackageFact(all)
	}
	return all
}

func (k *known) merge(other known) {
	k.Keys = slices.Compact(slices.Sorted(slices.Values(append(k.Keys, other.Keys...))))
	for _, s := range other.Services {
		i, found := slices.BinarySearchFunc(k.Services, s.Name, func(s service, name string) int { return strings.Compare(s.Name, name) })
		if found {
			k.Services[i] = k.Services[i].with(s)
		} else {
			k.Services = slices.Insert(k.Services, i, s)
		}
	}
}

// with is the service with the methods of another of its name: it may be generated twice, and for another version.
func (s service) with(other service) service {
	s.Methods = slices.Clone(s.Methods)
	for _, m := range other.Methods {
		i := slices.IndexFunc(s.Methods, func(own method) bool { return own.Name == m.Name })
		switch {
		case i < 0:
			s.Methods = append(s.Methods, m)
		case s.Methods[i].Input != m.Input:
			s.Methods[i].Input = ""
		}
	}
	slices.SortFunc(s.Methods, func(a, b method) int { return strings.Compare(a.Name, b.Name) })
	return s
}

const fullMethodName = "_FullMethodName"

// declaredServices are those whose generated code is in a package: for each method there is a constant, and for the
// service an interface of its servers. Without that the constant is somebody's own, and the others may be missing.
func declaredServices(pkg *types.Package) []service {
	var found known
	for _, name := range pkg.Scope().Names() {
		c, ok := pkg.Scope().Lookup(name).(*types.Const)
		if !ok || !strings.HasSuffix(name, fullMethodName) || c.Val().Kind() != constant.String {
			continue
		}
		m, err := framework.ParseMethod(constant.StringVal(c.Val()))
		handler := handlerOf(pkg, strings.TrimSuffix(name, fullMethodName))
		if err == nil && handler != nil {
			found.merge(known{Services: []service{{m.FullService(), []method{{m.Name, inputOf(handler)}}}}})
		}
	}
	return found.Services
}

// handlerOf is the method of a server's interface that a constant is about: that of OrdersServer for "Orders_Create".
func handlerOf(pkg *types.Package, name string) *types.Func {
	for i := range name {
		server, ok := pkg.Scope().Lookup(name[:i] + "Server").(*types.TypeName)
		if name[i] != '_' || !ok || !types.IsInterface(server.Type()) {
			continue
		}
		if found, _, _ := types.LookupFieldOrMethod(server.Type(), false, pkg, name[i+1:]); found != nil {
			handler, _ := found.(*types.Func)
			return handler
		}
	}
	return nil
}

// inputOf is the type of a handler's requests: the parameter that is one, or what the parameter that is a stream receives.
func inputOf(handler *types.Func) string {
	params := handler.Signature().Params()
	for param := range params.Variables() {
		t := types.Unalias(param.Type())
		if _, ok := t.(*types.Pointer); ok {
			return fullName(t)
		}
	}
	if params.Len() != 1 {
		return ""
	}
	recv, _, _ := types.LookupFieldOrMethod(params.At(0).Type(), false, handler.Pkg(), "Recv")
	if f, ok := recv.(*types.Func); ok && f.Signature().Results().Len() == 2 {
		return fullName(f.Signature().Results().At(0).Type())
	}
	return ""
}

const modulesPath = "github.com/sluice-go/sluice/modules/"

// declaredKeys are the names of the keys that a package makes. Those of our modules are the driver's to give.
func declaredKeys(pass *analysis.Pass) (names []string) {
	if !imports(pass.Pkg, frameworkPath) || strings.HasPrefix(pass.Pkg.Path(), modulesPath) {
		return nil
	}
	for call := range calls(pass) {
		callee := typeutil.Callee(pass.TypesInfo, call)
		if callee == nil || callee.Pkg() == nil || callee.Pkg().Path() != frameworkPath || callee.Name() != "NewKey" || len(call.Args) == 0 {
			continue
		}
		if v := pass.TypesInfo.Types[call.Args[0]].Value; v != nil && v.Kind() == constant.String {
			names = append(names, constant.StringVal(v))
		}
	}
	return names
}

func imports(pkg *types.Package, path string) bool {
	return slices.ContainsFunc(pkg.Imports(), func(p *types.Package) bool { return p.Path() == path })
}

func calls(pass *analysis.Pass) func(yield func(*ast.CallExpr) bool) {
	return inspector.All[*ast.CallExpr](inspected(pass))
}
