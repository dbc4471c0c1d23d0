package metrics

import (
	"context"
	"slices"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
)

// A method counts the RPCs of one method.
type method struct {
	owner  *Interceptor
	method framework.Method
	kind   framework.Kind
	side   framework.Side
	named  atomic.Pointer[record] // nil until it is known that the name is not a caller's invention
}

// learn gives the method a record of its own.
func (m *method) learn() *record {
	made := m.owner.sides[m.side].record(labelsOf(m.method, m.kind))
	m.named.Store(made)
	if m.side == framework.ServerSide {
		m.owner.methods.Store(m.method.String(), made)
	}
	return made
}

// record is the one that a call is counted in. Names that callers choose, of an UnknownServiceHandler or of a proxy, share
// one.
func (m *method) record(call *framework.Call) *record {
	if r := m.named.Load(); r != nil {
		return r
	}
	if m.isNamed(call) {
		return m.learn()
	}
	return m.owner.sides[m.side].unknown(m.kind)
}

// isNamed reports whether the name of a method without a descriptor is one of a bounded number: that of a service which
// the server has, or one that the client's code was compiled with.
func (m *method) isNamed(call *framework.Call) bool {
	if m.side == framework.ServerSide {
		return call.Service() != nil
	}
	return slices.ContainsFunc(call.CallOptions(), func(o grpc.CallOption) bool {
		_, static := o.(grpc.StaticMethodCallOption)
		return static
	})
}

// Intercept counts the RPC.
func (m *method) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	r := begin(m.record(call))
	r.watch(call)
	t := m.enter(ctx)
	defer func() { m.leave(ctx, t, r) }()
	err := next(ctx, call)
	r.code = codeOf(err)
	return err
}

// enter tells the stats handler that the RPC is counted here. A client's RPC is not one of the server in whose context it
// is made.
func (m *method) enter(ctx context.Context) *tag {
	if m.side == framework.ClientSide {
		return nil
	}
	t := m.owner.tagOf(ctx)
	if t != nil {
		t.entered.Store(true)
	}
	return t
}

// leave counts the end of the RPC, or leaves that to the stats handler where a response is still to be sent.
func (m *method) leave(ctx context.Context, t *tag, r rpc) {
	defer func() { // also where exemplarOf panics, which is INTERNAL
		if t == nil || !r.awaitsSend() || !t.hold(r) {
			r.end(ctx)
		}
	}()
	code := r.code
	r.code = codes.Internal
	r.exemplar = m.owner.exemplarOf(ctx)
	r.code = code
}
