package policy // want package:`services \["acme.orders.v1.Orders"\], keys \["quota"\]`

import (
	"context"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/tagvet/testdata/orderspb"
)

// quota is a key of the app's own.
var quota = framework.NewKey("quota", func(text string) (string, error) { return text, nil })

type request = orderspb.GetRequest

type Right struct {
	_      struct{}                                                 `grpc:"service=acme.orders.v1.Orders,default=allow"`
	All    framework.Rule                                           `grpc:"*,timeout=2s"`
	Get    framework.Rule                                           `grpc:"Get*,timeout=300ms,role=admin,quota=any"`
	Create func(context.Context, *orderspb.CreateRequest) error     `grpc:"Create"`
	Watch  func(context.Context, *orderspb.WatchRequest) error      `grpc:"Watch,tenants.timeout=none"`
	Upload func(context.Context, *orderspb.UploadRequest) error     `grpc:"Upload"`
	Alias  func(context.Context, *request) error                    `grpc:"GetMany"`
	Chat   func(ctx context.Context, m *orderspb.ChatMessage) error `grpc:"Chat"`
}

type RightWhole struct {
	_   struct{}                                          `grpc:"service=*"`
	One framework.Rule                                    `grpc:"acme.orders.v1.Orders/Create,timeout=2s"`
	Two framework.Rule                                    `grpc:"?acme.orders.v1.Orders/Nope,timeout=2s"`
	All framework.Rule                                    `grpc:"*,timeout=none"`
	Any func(context.Context, *orderspb.GetRequest) error `grpc:"acme.*"`
}

type Line struct {
	_   struct{}       `grpc:"service=acme.orders.v1.Orders,defalt=deny"` // want `unknown option "defalt" \(did you mean "default"\?\)`
	Get framework.Rule `grpc:"Get,timeout=2s"`
}

type Wrong struct {
	_       struct{}                                             `grpc:"service=acme.orders.v1.Orders"`
	Craete  framework.Rule                                       `grpc:"Craete,timeout=2s"`                // want `no method of acme.orders.v1.Orders matches "Craete"; did you mean "Create"\?`
	Slash   framework.Rule                                       `grpc:"Orders/Create,timeout=2s"`         // want `the method is one of the policy.s services; write its name alone`
	Nothing framework.Rule                                       `grpc:"Create"`                           // want `the rule says nothing of "Create"; add a key, as in "Create,timeout=2s"`
	Key     framework.Rule                                       `grpc:"Get,timout=2s"`                    // want `no known interceptor reads "timout"; did you mean "timeout"\?`
	Own     framework.Rule                                       `grpc:"Get,qouta=2s"`                     // want `no known interceptor reads "qouta"; did you mean "quota"\?`
	Link    framework.Rule                                       `grpc:"Get,tenants.timeuot=2s"`           // want `no known interceptor reads "tenants.timeuot"; did you mean "tenants.timeout"\?`
	Value   framework.Rule                                       `grpc:"Get,timeout=2"`                    // want `timeout: "2" is not a duration; write it with units`
	Word    framework.Rule                                       `grpc:"Get,allow=role:reader rol:reader"` // want `allow: unknown word "rol:reader"; did you mean "role:reader"\?`
	Words   framework.Rule                                       `grpc:"Get,allow=role:a authn rol:b"`     // want `allow: unknown word "authn"; did you mean "authenticated"`
	Flag    framework.Rule                                       `grpc:"Watch,timeout"`                    // want `timeout: "" is not a duration`
	Twice   framework.Rule                                       `grpc:"Watch,timeout=1s,timeout=2s"`      // want `"timeout" stands twice; keep one`
	String  string                                               `grpc:"Get,timeout=2s"`                   // want `string is neither a framework.Rule nor a func\(context.Context, \*pb.Request\) error`
	Check   func(context.Context, *orderspb.CreateRequest) error `grpc:"Get"`                              // want `the check takes \*orderspb.CreateRequest, and the requests of Get are \*orderspb.GetRequest`
	Stream  func(context.Context, *orderspb.CreateRequest) error `grpc:"Up*"`                              // want `the check takes \*orderspb.CreateRequest, and the requests of Upload are \*orderspb.UploadRequest`
	Bare    func(*orderspb.CreateRequest) error                  `grpc:"Get"`                              // want `is neither a framework.Rule nor`
}

type Misnamed struct {
	_   struct{}       `grpc:"service=acme.order.v1.Orders,clients=orders,default=deny"` // want `no imported service is called "acme.order.v1.Orders"; did you mean "acme.orders.v1.Orders"\?` `default says who may call, which a server decides; leave it out for a client`
	Get framework.Rule `grpc:"Nope,timeout=2s"`
}

// Unknown is about services that are not imported: an other version, a name that is not near.
type Unknown struct {
	_   struct{}       `grpc:"service=acme.orders.v2.Orders acme.orders.v1.Orders acme.carts.v1.Carts"`
	Get framework.Rule `grpc:"Nope,timeout=2s"`
}

type Servce struct {
	_   struct{}       `grpc:"servce=acme.orders.v1.Orders"` // want `a policy's own line begins with "service", not with "servce" \(did you mean "service"\?\)`
	Get framework.Rule `grpc:"Get,timeout=2s"`
}

type Lineless struct { // want `the struct has no line of its own; begin it with _ struct{} .grpc:"service=acme.orders.v1.Orders".`
	Get framework.Rule `grpc:"Get,timeout=2s"`
}

// Declared are structs of which framework knows, too, by their types alone, whether they are right.
func Declared() []any { return []any{Right{}, RightWhole{}, Line{}, Wrong{}, Lineless{}} }
