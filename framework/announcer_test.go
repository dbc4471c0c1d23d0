package framework_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
)

// An Announcer is an interceptor that tells callers, in the header "rules", what the rules say of the method.
type Announcer struct {
	Passing
	placement framework.Placement
}

// announcer reads all the keys.
func announcer(name string, stage framework.Stage, keys ...framework.AnyKey) *Announcer {
	return &Announcer{placement: framework.Placement{Name: name, Stage: stage, Keys: keys}}
}

func (a *Announcer) Placement() framework.Placement { return a.placement }

func (a *Announcer) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	var said []string
	for _, k := range a.placement.Keys {
		if v, ok := look(k, m); ok {
			said = append(said, strings.TrimSuffix(fmt.Sprintf("%s.%s=%v", a.placement.Name, k.Name(), v), "="))
		}
	}
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		if err := grpc.SetHeader(ctx, metadata.MD{"rules": said}); err != nil {
			return err
		}
		return next(ctx, call)
	}), nil
}

// look is what the rules say of a method, of whichever type.
func look(k framework.AnyKey, m framework.MethodInfo) (any, bool) {
	switch k := k.(type) {
	case framework.Key[string]:
		return k.Of(m)
	case framework.Key[time.Duration]:
		return k.Of(m)
	}
	return nil, false
}

// announced is what a server's rules say of a method, sorted: as its links read them, over the wire.
func announced(tb testing.TB, conn grpc.ClientConnInterface, full string) string {
	tb.Helper()
	var header metadata.MD
	if err := invoke(tb, conn, full, grpc.Header(&header)); err != nil {
		tb.Errorf("%s: %v", full, err)
	}
	said := header.Get("rules")
	slices.Sort(said)
	return strings.Join(said, " ")
}
