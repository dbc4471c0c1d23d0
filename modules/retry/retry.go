package retry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// Options say how is tried again where no rule says it. The zero value tries again what rules say, and nothing else.
type Options struct {
	// Attempts is how many attempts in all an RPC may take whose method is idempotent, and has neither the rule retry nor
	// hedge. It is for all kinds but bidi streams. 0 means one, as None does: only rules retry.
	Attempts int

	// On are the codes that are tried again where no retry.on is said. nil means UNAVAILABLE alone: the one code that
	// says of itself that this very call may succeed later.
	On Codes

	// Backoff is the pause before another attempt where no retry.backoff is said. It is called with the number of the
	// attempt that failed, from 1 up, concurrently. What it says beyond MaxDelay, or below zero, is MaxDelay. nil means
	// FullJitter(100*time.Millisecond, time.Second).
	Backoff ggm.BackoffFunc

	// MaxDelay is the longest pause. A server that asks for a longer one is heeded: there is no other attempt. 0 means 30
	// seconds.
	MaxDelay time.Duration

	// KeepRequests is how many messages of a client stream are kept to be sent again. A stream that fails when it has sent
	// more is not tried again. 0 means 64.
	KeepRequests int

	// Budget bounds all attempts of a client together.
	Budget Budget
}

const (
	defaultFirst        = 100 * time.Millisecond
	defaultMost         = time.Second
	defaultMaxDelay     = 30 * time.Second
	defaultKeepRequests = 64
)

func (o Options) check() (errs []error) {
	if o.Attempts < 0 {
		errs = append(errs, fmt.Errorf("retry: Options.Attempts is %d; it is the number of attempts in all, 0 for those of rules alone", o.Attempts))
	}
	if o.On != nil {
		if err := o.On.check(); err != nil {
			errs = append(errs, fmt.Errorf("retry: Options.On: %w", err))
		}
	}
	if o.MaxDelay < 0 {
		errs = append(errs, fmt.Errorf("retry: Options.MaxDelay is %s; it is the longest pause between two attempts, 0 for %s", o.MaxDelay, defaultMaxDelay))
	}
	if o.KeepRequests < 0 {
		errs = append(errs, fmt.Errorf("retry: Options.KeepRequests is %d; it is a number of messages, 0 for %d", o.KeepRequests, defaultKeepRequests))
	}
	errs = append(errs, o.Budget.check()...)
	if most := o.Budget.settled().most(); len(errs) == 0 && o.Attempts > most {
		errs = append(errs, fmt.Errorf("retry: Options.Attempts: %w", tooMany(o.Attempts, most)))
	}
	return errs
}

// settled are the Options with everything said.
func (o Options) settled() Options {
	if o.On == nil {
		o.On = Codes{errmap.Unavailable}
	}
	o.On = slices.Clone(o.On)
	if o.Backoff == nil {
		o.Backoff = FullJitter(defaultFirst, defaultMost)
	}
	if o.MaxDelay == 0 {
		o.MaxDelay = defaultMaxDelay
	}
	if o.KeepRequests == 0 {
		o.KeepRequests = defaultKeepRequests
	}
	o.Budget = o.Budget.settled()
	return o
}

// An Interceptor tries RPCs again that failed, or did not answer. It is safe for concurrent use. In the chains of several
// clients it has a budget for each, by the name that framework.Target gives it; those without a name share one.
type Interceptor struct {
	options Options

	mu      sync.Mutex
	budgets map[string]*bucket
}

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := errors.Join(o.check()...); err != nil {
		return nil, err
	}
	return &Interceptor{options: o.settled(), budgets: map[string]*bucket{}}, nil
}

// Placement is the stage Retry, of a client.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:  "retry",
		Stage: framework.StageRetry,
		Sides: []framework.Side{framework.ClientSide},
		Keys:  []framework.AnyKey{Attempts, On, Backoff, Hedge, Idempotent},
	}
}

// DialOptions turn the retries off that a service config asks grpc for: those of both would multiply, and grpc's ask nobody
// whether a method is idempotent. What grpc retries transparently, since no server has seen it, stays.
func (i *Interceptor) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithDisableRetry()}
}

// Intercept is for an Interceptor that nobody bound to a method: it knows of no rules, and makes one attempt.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// budget is that of a client.
func (i *Interceptor) budget(target string) *bucket {
	i.mu.Lock()
	defer i.mu.Unlock()
	if i.budgets[target] == nil {
		i.budgets[target] = newBucket(i.options.Budget)
	}
	return i.budgets[target]
}
