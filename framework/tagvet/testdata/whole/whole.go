package whole // want package:`services \["grpc.health.v1.Health"\], keys \[\]`

// Structs that are used for declarations, and do not say so.

import (
	"context"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/tagvet/testdata/foreign"
	"github.com/sluice-go/sluice/framework/tagvet/testdata/parts"
	"github.com/sluice-go/sluice/fxgrpc"
)

type Auth struct{}

func (*Auth) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

type used struct { // want `the struct has no line of its own; begin it with _ struct{} .grpc:"chain=server".`
	Unary grpc.UnaryServerInterceptor `grpc:"raw,unary"`
}

type Filled struct { // want `the embedded fx.In has no grpc tag; write fx.In .grpc:"chain=server".`
	fx.In
	Auth *Auth `grpc:"auth"`
}

type Rules struct {
	_   struct{}       `grpc:"service=*"`
	All framework.Rule `grpc:"*,timeout=2s"`
}

type misspelt struct {
	_    struct{} `gprc:"chain=server"` // want `the struct's own line has the key "gprc" \(did you mean "grpc"\?\)`
	Auth *Auth    `grpc:"auth"`
}

type Misspelt struct {
	fx.In `json:"-" rgpc:"chain=server"` // want `the struct's own line has the key "rgpc" \(did you mean "grpc"\?\)`
	Auth  *Auth                          `grpc:"auth"`
}

type misread struct {
	_    struct{} `grpc: "chain=server"` // want `reflect can not read the tag`
	Auth *Auth    `grpc:"auth"`
}

type ungrammatical struct {
	_    struct{} `grpc:"chain:server"` // want `':' is not part of a name`
	Auth *Auth    `grpc:"auth"`
}

// hidden is nobody's part.
type hidden struct { // want `the struct has no line of its own`
	Auth *Auth `grpc:"auth,stage=observe"`
}

// Exported may be part of a chain of another package, and part is of one here.
type Exported struct {
	Auth *Auth `grpc:"auth"`
}

type part struct {
	Auth *Auth `grpc:"auth"`
}

type whole struct {
	_    struct{} `grpc:"chain=server"`
	Part *part    `grpc:"part"`
}

// Far has its mistakes where this package can not show them.
type Far struct {
	fx.In `grpc:"chain=server,inhert=none"` // want `unknown option "inhert" \(did you mean "inherit"\?\)`
	Parts *parts.Parts                      `grpc:"parts"` // want `Parts.Auth: unknown option "stge" \(did you mean "stage"\?\)` `Parts.Deep.Plain: no grpc tag; write one` `Parts.Key: no grpc tag, but one with the key "gprc"` `Parts.Deep.Name: string is no interceptor`
}

var _ = []framework.Part{
	framework.Struct(used{}),
	framework.Struct(&misspelt{}),
	framework.Struct(misread{}),
	framework.Struct(whole{}),
	framework.Policy(Rules{}),
	framework.Policy(whole{}), // want `a policy's own line begins with "service", not with "chain", which begins a chain's own line`
	framework.Struct(struct { // want `the struct has no line of its own`
		Auth *Auth `grpc:"auth"`
	}{}),
	framework.Struct(foreign.Autowired{}), // want `the struct has no line of its own`
	framework.Struct(nil),
}

var _ = fx.Options(
	fxgrpc.Interceptors[Filled](),
	fxgrpc.Interceptors[Misspelt](),
	fxgrpc.Policy[Rules](fxgrpc.OnServers("public")),
	fxgrpc.Interceptors[Rules](), // want `a chain's own line begins with "chain", not with "service", which begins a policy's own line`
)
