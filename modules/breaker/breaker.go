package breaker

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/sony/gobreaker/v2"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
)

// A Place is what a circuit is for.
type Place struct {
	Target  string // the client's, by framework.Target; "" where it has no name
	Service string // "acme.orders.v1.Orders"
	Method  string // "Get"; "" where the methods of the service share the circuit
}

// subject is what a caller reads of it.
func (p Place) subject() string {
	if p.Method == "" {
		return p.Service
	}
	return "/" + p.Service + "/" + p.Method
}

// An Interceptor has the circuits of a client. It is safe for concurrent use. In the chains of several clients it has
// circuits for each, by the name that framework.Target gives it; those without a name share theirs.
type Interceptor struct {
	options Options
	fails   [codes.Unauthenticated + 1]bool

	mu       sync.Mutex
	circuits map[Place]*circuit
}

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := errors.Join(o.check()...); err != nil {
		return nil, err
	}
	i := &Interceptor{options: o.settled(), circuits: map[Place]*circuit{}}
	for _, c := range i.options.Codes {
		i.fails[c] = true
	}
	return i, nil
}

// Placement is the stage Admit, of a client.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:  "breaker",
		Stage: framework.StageAdmit,
		Sides: []framework.Side{framework.ClientSide},
		Keys:  []framework.AnyKey{Key},
	}
}

// Bind gives a method its circuit, and no interceptor where it has none.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	per, said := Key.Of(m)
	if !said {
		per = i.options.Per
	}
	if c := i.circuit(per, m.Target, m.Method); c != nil {
		return c, nil
	}
	return nil, nil
}

// Intercept is for an Interceptor that nobody bound to a method: it knows of no rules.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if c := i.circuit(i.options.Per, "", call.Method()); c != nil {
		return c.Intercept(ctx, call, next)
	}
	return next(ctx, call)
}

// maxCircuits bounds what callers can make an Interceptor remember: a client that passes on what others ask for does not
// choose the names of methods. One beyond it has no circuit, since those that share one would be shut by each other.
const maxCircuits = 1 << 12

// circuit is that of a method, the same when it is bound again; nil where it has none.
func (i *Interceptor) circuit(per Per, target string, m framework.Method) *circuit {
	if per == None {
		return nil
	}
	place := Place{Target: target, Service: m.FullService()}
	if per == PerMethod {
		place.Method = m.Name
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.circuits[place] == nil && len(i.circuits) < maxCircuits {
		i.circuits[place] = i.newCircuit(place)
	}
	return i.circuits[place]
}

// A Circuit is the state of one.
type Circuit struct {
	Place
	State  gobreaker.State
	Counts gobreaker.Counts // since the State began
}

// States are the circuits, sorted by place. To look is to see whether a circuit's time is over: one that is open becomes
// half-open, and OnChange is told. A circuit is there when its method has been bound.
func (i *Interceptor) States() []Circuit {
	var states []Circuit
	for _, c := range i.all() {
		states = append(states, Circuit{Place: c.place, State: c.breaker.State(), Counts: c.breaker.Counts()})
		c.changes.tell()
	}
	return states
}

func (i *Interceptor) all() []*circuit {
	i.mu.Lock()
	defer i.mu.Unlock()
	all := make([]*circuit, 0, len(i.circuits))
	for _, c := range i.circuits {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b *circuit) int {
		p, q := a.place, b.place
		return cmp.Or(cmp.Compare(p.Target, q.Target), cmp.Compare(p.Service, q.Service), cmp.Compare(p.Method, q.Method))
	})
	return all
}
