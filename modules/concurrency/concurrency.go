package concurrency

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"

	"github.com/sluice-go/sluice/framework"
)

// Options say how many RPCs there may be at once. The zero value has no limits but those of rules.
type Options struct {
	// Limit is for each method that no rule is for. 0 means none.
	Limit int

	// Total is for all methods of a server together, on which the interceptor stands. 0 means none.
	Total int
}

func (o Options) check() (errs []error) {
	if o.Limit < 0 {
		errs = append(errs, fmt.Errorf("concurrency: Options.Limit is %d; it is a number of RPCs of one method, 0 for no limit", o.Limit))
	}
	if o.Total < 0 {
		errs = append(errs, fmt.Errorf("concurrency: Options.Total is %d; it is a number of RPCs of all methods, 0 for no limit", o.Total))
	}
	return errs
}

// An Interceptor limits how many RPCs there are at once. It is safe for concurrent use. In the chains of several servers
// it counts for each by itself, by the name that framework.Target gives it; those without a name are one.
type Interceptor struct {
	options Options

	mu     sync.Mutex
	counts map[place]*atomic.Int64
}

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := errors.Join(o.check()...); err != nil {
		return nil, err
	}
	return &Interceptor{options: o, counts: map[place]*atomic.Int64{}}, nil
}

// Placement is the stage Admit, of a server.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:  "concurrency",
		Stage: framework.StageAdmit,
		Sides: []framework.Side{framework.ServerSide},
		Keys:  []framework.AnyKey{Key},
	}
}

// Bind makes the interceptor of one method, and none where there is no limit.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	limit, said := Key.Of(m)
	if !said {
		limit = i.options.Limit
	}
	if limit == 0 && i.options.Total == 0 {
		return nil, nil
	}
	return i.slots(place{m.Target, m.Method}, limit), nil
}

// Intercept is for an Interceptor that nobody bound to a method: it knows of no rules.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return i.slots(place{method: call.Method()}, i.options.Limit).Intercept(ctx, call, next)
}

// slots are those of one method of a server.
func (i *Interceptor) slots(p place, limit int) *slots {
	s := &slots{}
	if limit > 0 {
		s.method = newCounter(i.count(p), limit, "the server's limit of %d concurrent RPCs of this method is reached; try again later")
	}
	if i.options.Total > 0 {
		s.total = newCounter(i.count(place{target: p.target}), i.options.Total, "the server's limit of %d concurrent RPCs is reached; try again later")
	}
	return s
}

// A place is where RPCs are counted: a method of a server, or, with the zero Method, the server.
type place struct {
	target string
	method framework.Method
}

// maxPlaces bounds what callers can make an Interceptor remember: under an UnknownServiceHandler they choose the names of
// methods. Those beyond it are counted as one.
const maxPlaces = 1 << 14

// count is how many RPCs there are at a place. It is the same for a method that is bound again.
func (i *Interceptor) count(p place) *atomic.Int64 {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.counts[p] == nil && len(i.counts) >= maxPlaces && p.method != (framework.Method{}) {
		p = place{method: framework.Method{Name: "*"}}
	}
	if i.counts[p] == nil {
		i.counts[p] = new(atomic.Int64)
	}
	return i.counts[p]
}
