package metrics

import (
	"context"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// An Interceptor counts RPCs, of all the servers and clients that it stands in. It is safe for concurrent use.
type Interceptor struct {
	registry *prometheus.Registry // its own; nil where it has none
	exemplar func(ctx context.Context) prometheus.Labels
	sides    [2]instruments
	stray    atomic.Pointer[record] // of RPCs that no handler was there for

	methods sync.Map // the records of a server's methods by their full names, for RPCs that do not reach Intercept
}

// New makes an Interceptor, or tells all that is wrong with the options. Metrics that it can not register all are registered
// not at all.
func New(o Options) (*Interceptor, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	i := &Interceptor{exemplar: o.Exemplar}
	if err := i.toOpenTelemetry(o); err != nil {
		return nil, err
	}
	if err := i.toPrometheus(o); err != nil { // last, since it can't be taken back
		return nil, err
	}
	return i, nil
}

// Registry is the registry that the Interceptor made for itself, for an HTTP handler of package promhttp. It is nil where
// the options have a Registerer, or a MeterProvider.
func (i *Interceptor) Registry() *prometheus.Registry { return i.registry }

// Placement is the stage Observe, on both sides.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{Name: "metrics", Stage: framework.StageObserve}
}

// ServerOptions are a stats handler, for the RPCs that end before they reach Intercept. A ServerChain passes it on.
func (i *Interceptor) ServerOptions() []grpc.ServerOption {
	return []grpc.ServerOption{grpc.StatsHandler(&watcher{i})}
}

// Bind makes the interceptor of one method, which has its labels looked up. The numbers of a server's method are there,
// and 0, from then on.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	made := i.on(m.Method, m.Kind, m.Side)
	if m.Descriptor != nil {
		made.learn()
	}
	return made, nil
}

// Intercept is for an Interceptor that nobody bound to a method.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return i.on(call.Method(), call.Kind(), call.Side()).Intercept(ctx, call, next)
}

func (i *Interceptor) on(m framework.Method, kind framework.Kind, side framework.Side) *method {
	return &method{owner: i, method: m, kind: kind, side: side}
}
