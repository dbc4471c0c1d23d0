// Package chain has chain structs, right ones and wrong ones.
package chain

import (
	"context"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

type Auth struct{}

func (*Auth) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

type call = framework.Call

// Aliased has another name for the types of its method.
type Aliased struct{}

func (Aliased) Intercept(context.Context, *call, framework.Handler) (err error) { return nil }

type Plain struct{ Name string }

type (
	Unary  func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error)
	Stream = grpc.StreamServerInterceptor
	Func   func(context.Context, *framework.Call, framework.Handler) error
)

// Right is what no one has anything to say about.
type Right struct {
	_       struct{}                    `json:"-" grpc:"chain=server,servers=public ?admin"`
	Logging framework.Interceptor       `grpc:"logging,stage=observe,except=grpc.health.v1.Health/* ?grpc.reflection.*"`
	Auth    *Auth                       `yaml:"a,omitempty" grpc:"auth,stage='authenticate',after=logging,before=?x" optional:"true"`
	Unary   Unary                       `grpc:"pair,on=Orders/Create"`
	Stream  Stream                      `grpc:"pair"`
	Quota   grpc.UnaryServerInterceptor `grpc:"quota,unary"`
	Func    Func                        `grpc:"func,when=night"`
	List    []*Auth                     `grpc:"?list" group:"auths"`
	Alias   Aliased                     `grpc:"alias"`
	Client  grpc.UnaryClientInterceptor `grpc:"-"`
	Group   Group                       `grpc:"group,on=acme.*"`
	Pointer *Group                      `grpc:"pointer" optional:"true"`
	Other   framework.InterceptorFunc   `grpc:"-"`
	hidden  int
}

// Group is part of a chain: it needs no line.
type Group struct {
	Inner *Auth `grpc:"inner"`
	Again *Auth `grpc:"again,stage=app"`
}

type RightFilled struct {
	fx.In `grpc:"chain=client,clients=orders"`
	Auth  *Auth                        `grpc:"auth"`
	Unary grpc.UnaryClientInterceptor  `grpc:"raw" name:"raw"`
	Strea grpc.StreamClientInterceptor `grpc:"raw" name:"raw"`
}

type Generic[T framework.Interceptor, U any] struct {
	_     struct{} `grpc:"chain=server"`
	One   T        `grpc:"one"`
	Other U        `grpc:"other,stgae=app"` // want `unknown option "stgae" \(did you mean "stage"\?\)`
}

type Options struct {
	_     struct{} `grpc:"chain=server,inherit=stge,servrs=a"` // want `unknown value "stge" of "inherit" \(did you mean "stage"\?\)` `unknown option "servrs" \(did you mean "servers"\?\)`
	Stge  *Auth    `grpc:"one,stge=app"`                       // want `^grpc tag: unknown option "stge" \(did you mean "stage"\?\)$`
	Stage *Auth    `grpc:"two,stage=authn"`                    // want `unknown stage "authn" \(did you mean "authenticate"\?\)`
	Retry *Auth    `grpc:"three,stage=retry"`                  // want `stage "retry" is not on a server; there are \["admit" "app" .*\]`
	Twice *Auth    `grpc:"four,unary,unary"`                   // want `"unary" stands twice; keep one`
	Value *Auth    `grpc:"five,unary=true"`                    // want `"unary" takes no value; write it alone`
	Name  *Auth    `grpc:"six=6"`                              // want `the first item is the name and has no value; write name,six=6`
	Empty *Auth    `grpc:"seven,,on="`                         // want `nothing beside the comma; remove it` `"on" has an empty value; write one, or leave the option out`
	Quote *Auth    `grpc:"eight,when='night"`                  // want `the quoted value of "when" does not end; close it with a single quote`
	Comma *Auth    `grpc:"nine,on=a.B/C, a.B/D"`               // want `unknown option "a.B/D"; there are`
}

type Patterns struct {
	_     struct{} `grpc:"chain=server,service=acme.Orders"`
	Slash *Auth    `grpc:"one,on=acme.Orders/Get /acme.Orders/Create ?/acme.Orders/Delete"` // want `method: pattern "/acme.Orders/Create": write "acme.Orders/Create" without the leading slash` `pattern "\?/acme.Orders/Delete": write "acme.Orders/Delete" without the leading slash`
	Svc   *Auth    `grpc:"two,except=acme.Orders"`                                          // want `method: pattern "acme.Orders": no method; write "acme.Orders/\*" for all methods of a service`
	Star  *Auth    `grpc:"three,on=*.Orders/Get"`                                           // want `"\*" stands alone`
	Same  *Auth    `grpc:"four,on=a.B/C ?a.B/C"`                                            // want `"a.B/C" stands twice in "on"; keep one`
}

type Sides struct {
	_      struct{}                    `grpc:"chain=client,servers=public"` // want `servers= is for chain=server; write clients=, or take it away`
	Auth   *Auth                       `grpc:"auth,stage=authorize"`        // want `stage "authorize" is not on a client`
	Server grpc.UnaryServerInterceptor `grpc:"one,unary"`                   // want `grpc.UnaryServerInterceptor does not serve on a client; it serves on a server`
}

type Lines struct {
	Auth *Auth    `grpc:"auth"`
	_    struct{} `grpc:"chain=server"` // want `the struct's own line is not on the first field; move the blank field to the top`
}

type Chian struct {
	_    struct{} `grpc:"chian=server"` // want `a chain's own line begins with "chain", not with "chian" \(did you mean "chain"\?\)`
	Auth *Auth    `grpc:"auth"`
}

type Nobody struct {
	_ struct{} `grpc:"chain=server"` // want `no field holds an interceptor; add one, or leave the struct out`
}

type Fields struct {
	_      struct{} `grpc:"chain=server"`
	Key    *Auth    `json:"x" gprc:"auth"` // want `no grpc tag, but one with the key "gprc" \(did you mean "grpc"\?\); write one, or grpc:"-" to leave the field out`
	Upper  *Auth    `GRPC:"auth"`          // want `no grpc tag, but one with the key "GRPC" \(did you mean "grpc"\?\)`
	None   *Auth    // want `no grpc tag; write one, or grpc:"-" to leave the field out`
	Twice  *Auth    `grpc:"a" grpc:"b"`     // want `the key grpc stands in the tag twice, and reflect reads the first; write all into one`
	Space  *Auth    `json:"x" grpc: "auth"` // want `reflect can not read the tag .*: white space after "grpc:"; write grpc:"value" without it`
	hidden *Auth    `grpc:"hidden"`         // want `the field is not exported, so that nobody can read it`
	nobody          // want `the embedded struct is not exported, so that its fields do not count`
	Name   string   `grpc:"name"`                  // want `string is no interceptor; it needs the method Intercept, or grpc:"-" where it is none`
	Value  Auth     `grpc:"value"`                 // want `chain.Auth is no interceptor; a pointer to it is: write \*chain.Auth`
	Plain  *Plain   `grpc:"plain"`                 // want `\*chain.Plain is no interceptor; it needs the method Intercept`
	Iface  error    `grpc:"iface"`                 // want `error is no interceptor; a framework.Interceptor is`
	Funcs  []Func   `grpc:"funcs"`                 // want `\[\]chain.Func is no interceptor`
	Mark   *Auth    `grpc:"?mark"`                 // want `"\?" is for a slice, which may be empty; where \*chain.Auth may be nil, say optional:"true" beside`
	Maybe  *Auth    `grpc:"maybe" optional:"t1"`   // want `optional:"t1" is neither true nor false`
	Rest   *Auth    `grpc:"rest" optional: "true"` // want `reflect can not read the tag .*: white space after "optional:"; write optional:"value" without it`
	Soft   []*Auth  `grpc:"soft" group:"a,soft"`   // want `group:"a,soft": a soft group may lack interceptors without a word; take the option away`
}

type nobody struct{}

type Inner struct {
	_    struct{} `grpc:"chain=server"`
	Auth *Auth    `grpc:"auth"`
}

type Outer struct {
	_     struct{}      `grpc:"chain=server"`
	Inner Inner         `grpc:"inner"`            // want `a struct inside another has no line of its own; say on its field what is for all of it`
	Deep  *Deep         `grpc:"deep,stage=retry"` // want `stage "retry" is not on a server`
	Far   fx.Annotation `grpc:"far"`              // want `fx.Annotation is no interceptor`
	Loop  *Loop         `grpc:"loop"`
	Both  Both          `grpc:"both"` // want `chain.Both holds links and is, by what it embeds, one itself; give the embedded field a name`
}

type Both struct {
	*Auth `grpc:"embedded"`
}

type Deep struct {
	Auth  *Auth `grpc:"auth,uanry"` // want `unknown option "uanry" \(did you mean "unary"\?\)`
	Plain *Auth // want `no grpc tag; write one`
}

type Loop struct {
	Auth *Auth `grpc:"auth"` // want `the name is taken by Inner.Auth; give one of them another`
	Loop *Loop `grpc:"loop"` // want `chain.Loop holds itself; leave the field out with grpc:"-"`
}

// Order has what is wrong with the links together.
type Order struct {
	_     struct{} `grpc:"chain=server"`
	Valid *Auth    `grpc:"valid,stage=validate"`
	Some  *Auth    `grpc:"some"`
	First *Auth    `grpc:"first,stage=observe"` // want `stage "observe" is outside of stage "validate", in which "valid" above it is; move the field up, or say stage= on one of them`
	Maybe *Auth    `grpc:"maybe,stage=observe" optional:"true"`
	Last  *Auth    `grpc:"some"` // want `the name is taken by Some; give one of them another`
	Day   *Auth    `grpc:"clock,when=day"`
	Night *Auth    `grpc:"clock,when=night"`
}

type Halves struct {
	_      struct{}                     `grpc:"chain=server"`
	Unary  Unary                        `grpc:"unary"`  // want `streams would go uncovered: add a field with the stream interceptor, and the same name, or say unary`
	Stream grpc.StreamServerInterceptor `grpc:"stream"` // want `unary RPCs would go uncovered: add a field with the unary interceptor, and the same name, or say on= with streaming methods`
	One    Unary                        `grpc:"pair"`
	Two    grpc.StreamServerInterceptor `grpc:"pair,when=night"` // want `options of a pair stand on the first of its two fields; move them there`
	Only   grpc.StreamServerInterceptor `grpc:"only,unary"`      // want `unary is said, but the unary interceptor is missing`
	Maybe  grpc.StreamServerInterceptor `grpc:"maybe" optional:"true"`
}

var literal = struct {
	_    struct{} `grpc:"chain=server"`
	Auth *Auth    `grpc:"auth,unry"` // want `unknown option "unry" \(did you mean "unary"\?\)`
}{}

// Declared are structs of which framework knows, too, by their types alone, whether they are right.
func Declared() []any {
	return []any{
		Right{}, RightFilled{}, Options{}, Patterns{}, Sides{}, Lines{}, Chian{}, Nobody{}, Fields{}, Outer{},
	}
}
