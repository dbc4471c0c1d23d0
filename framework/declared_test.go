package framework_test

import (
	"context"
	"fmt"
	"time"

	"github.com/sluice-go/sluice/framework"
)

// What the structs of tests and examples hold: interceptors that only pass RPCs on.
type (
	Passing struct{}
	Logging struct{ Passing }
	Auth    struct{ Passing }
	Audit   struct{ Passing }
	Cache   struct{ Passing }
)

func (Passing) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// Placement of Logging is where logs belong, of Auth where callers are identified; the others have none.
func (*Logging) Placement() framework.Placement {
	return framework.Placement{Stage: framework.StageObserve}
}

func (*Auth) Placement() framework.Placement {
	return framework.Placement{Stage: framework.StageAuthenticate}
}

// Rule keys, as packages of interceptors have them in variables.
var (
	timeoutKey = framework.NewKey("timeout", parseTimeout)
	rateKey    = framework.NewKey("rate", parseText)
	allow      = framework.NewKey("allow", parseText)
	require    = framework.NewKey("require", parseText)
	anonymous  = framework.NewKey("anonymous", parseText)
	deny       = framework.NewKey("deny", parseText)
)

func parseText(value string) (string, error) { return value, nil }

func parseTimeout(value string) (time.Duration, error) {
	d, err := time.ParseDuration(value)
	if err != nil {
		return 0, fmt.Errorf("%q is not a duration; write 300ms or 2s", value)
	}
	return d, nil
}

// A Reader lists keys in its Placement, and reads in Bind what read reads: nothing where it is nil.
type Reader struct {
	Passing
	placement framework.Placement
	read      func(framework.MethodInfo) error
}

func (r *Reader) Placement() framework.Placement { return r.placement }

func (r *Reader) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	if r.read == nil {
		return r, nil
	}
	return r, r.read(m)
}

// reader is a Reader that reads all the keys that it lists.
func reader(name string, stage framework.Stage, keys ...framework.AnyKey) *Reader {
	return &Reader{
		placement: framework.Placement{Name: name, Stage: stage, Keys: keys},
		read: func(m framework.MethodInfo) error {
			for _, k := range keys {
				look(k, m)
			}
			return nil
		},
	}
}

// guard is a Reader of the keys of access, where auth stands.
func guard() *Reader {
	return reader("auth", framework.StageAuthenticate, allow, require, anonymous, deny)
}
