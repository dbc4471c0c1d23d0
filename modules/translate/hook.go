package translate

import (
	"context"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// callKey is where a mapper's context has the Call, for OnError.
type callKey struct{}

// asking gives a mapper that asks OnError before its own hooks.
func asking(m *errmap.Mapper, onError func(ctx context.Context, call *framework.Call, err error) error) *errmap.Mapper {
	if onError == nil {
		return m
	}
	return m.First("OnError", func(ctx context.Context, _ string, err error) error {
		call, ok := ctx.Value(callKey{}).(*framework.Call)
		if !ok {
			return nil
		}
		return onError(ctx, call, err)
	})
}
