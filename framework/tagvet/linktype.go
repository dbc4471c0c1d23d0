package tagvet

import (
	"go/types"
	"strings"

	"github.com/sluice-go/sluice/framework"
)

const frameworkPath = "github.com/sluice-go/sluice/framework"

// interceptFunc is the method of an Interceptor, and what an InterceptorFunc is.
const interceptFunc = "func(context.Context, *" + frameworkPath + ".Call, " + frameworkPath + ".Handler) error"

// grpc's own interceptors, by their signatures.
const (
	grpcPath     = "google.golang.org/grpc"
	unaryServer  = "func(context.Context, any, *" + grpcPath + ".UnaryServerInfo, " + grpcPath + ".UnaryHandler) (any, error)"
	streamServer = "func(any, " + grpcPath + ".ServerStream, *" + grpcPath + ".StreamServerInfo, " + grpcPath + ".StreamHandler) error"
	unaryClient  = "func(context.Context, string, any, any, *" + grpcPath + ".ClientConn, " + grpcPath + ".UnaryInvoker, ..." + grpcPath + ".CallOption) error"
	streamClient = "func(context.Context, *" + grpcPath + ".StreamDesc, *" + grpcPath + ".ClientConn, string, " + grpcPath + ".Streamer, ..." + grpcPath + ".CallOption) (" + grpcPath + ".ClientStream, error)"
)

// A half is one of grpc's own interceptors: for unary calls or for streams, on one side.
type half struct {
	side   framework.Side
	stream bool
}

// halfOf is which of grpc's own interceptors a type is.
func halfOf(t types.Type) (half, bool) {
	f, ok := t.Underlying().(*types.Signature)
	if !ok || implements(t) {
		return half{}, false
	}
	switch spelt(f) {
	case unaryServer:
		return half{framework.ServerSide, false}, true
	case streamServer:
		return half{framework.ServerSide, true}, true
	case unaryClient:
		return half{framework.ClientSide, false}, true
	case streamClient:
		return half{framework.ClientSide, true}, true
	}
	return half{}, false
}

// isLink reports whether values of a type are interceptors, ours or grpc's own.
func isLink(t types.Type) bool {
	f, isFunc := t.Underlying().(*types.Signature)
	_, isHalf := halfOf(t)
	return implements(t) || isHalf || isFunc && spelt(f) == interceptFunc
}

// implements reports whether a type is a framework.Interceptor.
func implements(t types.Type) bool {
	method := types.NewMethodSet(t).Lookup(nil, "Intercept")
	if method == nil {
		return false
	}
	f, ok := method.Type().(*types.Signature)
	return ok && spelt(f) == interceptFunc
}

// isList reports whether a type is a slice of interceptors.
func isList(t types.Type) bool {
	s, ok := t.Underlying().(*types.Slice)
	return ok && implements(s.Elem())
}

// groupOf is the struct of links that a type is or points to. One without tags of ours on its fields is somebody else's.
func groupOf(t types.Type) (*types.Struct, bool) {
	typ, ok := pointedTo(t).Underlying().(*types.Struct)
	return typ, ok && !isLink(t) && !implements(types.NewPointer(t)) && hasTags(typ)
}

// hasTags reports whether fields of a struct have tags of ours, its own line aside.
func hasTags(typ *types.Struct) bool {
	for i := range typ.NumFields() {
		if own := ownPairs(typ.Tag(i)); len(own) > 0 && own[0].value() != "-" && !holdsLine(typ.Field(i)) {
			return true
		}
	}
	return false
}

// notLink says what is wrong with the type of a field of a chain, or "". A type parameter may be anything.
func notLink(t types.Type) string {
	typ, isStruct := pointedTo(t).Underlying().(*types.Struct)
	_, isGroup := groupOf(t)
	_, isParam := types.Unalias(t).(*types.TypeParam)
	cure := `; it needs the method Intercept, or grpc:"-" where it is none`
	switch {
	case isLink(t) && isStruct && hasTags(typ):
		return typeName(t) + " holds links and is, by what it embeds, one itself; give the embedded field a name"
	case isGroup || isParam || isLink(t) || isList(t):
		return ""
	case implements(types.NewPointer(t)):
		cure = "; a pointer to it is: write *" + typeName(t)
	case types.IsInterface(t):
		cure = "; a framework.Interceptor is"
	}
	return typeName(t) + " is no interceptor" + cure
}

func isRule(t types.Type) bool { return fullName(t) == frameworkPath+".Rule" }

// notRule says what is wrong with the type of a field of a policy, or "".
func notRule(t types.Type) string {
	if isRule(t) || checked(t) != "" {
		return ""
	}
	return typeName(t) + " is neither a framework.Rule nor a func(context.Context, *pb.Request) error"
}

// checked is the type of the requests that a check is for, "" where a type is no check.
func checked(t types.Type) string {
	f, ok := t.Underlying().(*types.Signature)
	if !ok || f.Variadic() || f.Params().Len() != 2 {
		return ""
	}
	request := fullName(f.Params().At(1).Type())
	if spelt(f) != "func(context.Context, "+request+") error" {
		return ""
	}
	return request
}

// spelt is a signature without the names of its parameters, and with the paths of all packages.
func spelt(f *types.Signature) string {
	return fullName(types.NewSignatureType(nil, nil, nil, nameless(f.Params()), nameless(f.Results()), f.Variadic()))
}

func nameless(t *types.Tuple) *types.Tuple {
	var vars []*types.Var
	for v := range t.Variables() {
		vars = append(vars, types.NewParam(v.Pos(), v.Pkg(), "", unaliased(v.Type())))
	}
	return types.NewTuple(vars...)
}

// fullName is a type with the paths of all packages, in one spelling.
func fullName(t types.Type) string {
	return strings.ReplaceAll(types.TypeString(unaliased(t), nil), "interface{}", "any")
}

// unaliased is the type that a type, or what it points to or is a slice of, has another name for.
func unaliased(t types.Type) types.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Pointer:
		return types.NewPointer(unaliased(t.Elem()))
	case *types.Slice:
		return types.NewSlice(unaliased(t.Elem()))
	default:
		return t
	}
}

// typeName is a type as reflect prints it: "*auth.Interceptor".
func typeName(t types.Type) string { return types.TypeString(t, (*types.Package).Name) }
