package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"

	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// Options say what is limited beside the rules, and how. The zero value limits what rules say, in memory.
type Options struct {
	// Limit and Burst are for each method that no rule is for: so many calls a second, and so many at once. All calls of
	// a method share them, unless a rule.key is said. A Limit of 0 is none; a Burst of 0 is the Limit rounded up.
	Limit rate.Limit
	Burst int

	// Keys are keys of one's own, by the name that rate.key calls them. A function says which calls share a bucket:
	// those of which it says the same. False, and "", mean that it can't tell; those calls share one, too. It is called
	// once for each call, before anything inside of the limiter has run, concurrently. What it gives is not kept.
	Keys map[string]func(ctx context.Context, call *framework.Call) (key string, ok bool)

	// MaxKeys is how many buckets are kept in memory for a method with a rate.key. 0 means 10000. Each takes about 150
	// bytes, however long its key is. It should be above the number of keys that call within the time that a bucket takes
	// to fill, burst/rate; what becomes of more is in the package's doc.
	MaxKeys int

	// Limiter has the buckets in place of memory. nil means memory.
	Limiter Limiter

	// Logger gets a warning where MaxKeys was too few, at most once a minute for a method. nil means slog.Default(), as it
	// is then.
	Logger *slog.Logger
}

const defaultMaxKeys = 10000

func (o Options) check() (errs []error) {
	if o.Limit != 0 && !(o.Limit > 0) { // nor a NaN
		errs = append(errs, fmt.Errorf("ratelimit: Options.Limit is %v; it is the number of calls a second, 0 for no limit", o.Limit))
	}
	switch {
	case o.Burst < 0:
		errs = append(errs, fmt.Errorf("ratelimit: Options.Burst is %d; it is the number of calls at once, 0 for Limit rounded up", o.Burst))
	case o.Burst > 0 && o.Limit == 0:
		errs = append(errs, fmt.Errorf("ratelimit: Options.Burst is %d, and Options.Limit is 0, which is no limit; set it as well", o.Burst))
	}
	if o.MaxKeys < 0 {
		errs = append(errs, fmt.Errorf("ratelimit: Options.MaxKeys is %d; it is the number of buckets of a method, 0 for %d", o.MaxKeys, defaultMaxKeys))
	}
	for _, name := range slices.Sorted(maps.Keys(o.Keys)) {
		if err := checkOwn(name, o.Keys[name]); err != nil {
			errs = append(errs, fmt.Errorf("ratelimit: Options.Keys[%q] %w", name, err))
		}
	}
	return errs
}

// An Interceptor refuses the calls of a method that are too many. It is safe for concurrent use. In each chain it has
// buckets of its own.
type Interceptor struct{ options Options }

// New makes an Interceptor, or tells all that is wrong with the options.
func New(o Options) (*Interceptor, error) {
	if err := errors.Join(o.check()...); err != nil {
		return nil, err
	}
	o.Keys = maps.Clone(o.Keys)
	if o.MaxKeys == 0 {
		o.MaxKeys = defaultMaxKeys
	}
	return &Interceptor{o}, nil
}

// Placement is the stage Admit, on both sides.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:  "ratelimit",
		Stage: framework.StageAdmit,
		Keys:  []framework.AnyKey{Rate, Burst, By},
	}
}

// Bind makes the limiter of one method, and none where there is no limit.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	b := i.bucket(m)
	if b.Limit == 0 || b.Limit == rate.Inf {
		return nil, nil
	}
	key, err := i.key(m, b.By)
	if err != nil {
		return nil, err
	}
	return newMethod(m, b, key, i.limiter(b)), nil
}

// bucket is what is said of a method's buckets. Without a rate the other rules are not read, for they mean nothing then,
// and framework refuses them.
func (i *Interceptor) bucket(m framework.MethodInfo) (b Bucket) {
	limit, said := Rate.Of(m)
	if !said {
		limit = i.options.Limit
	}
	if !said && limit == 0 {
		return b
	}
	b = Bucket{Method: m.Method, Limit: limit, Burst: roundedUp(limit)}
	if !said && i.options.Burst > 0 {
		b.Burst = i.options.Burst
	}
	if burst, ok := Burst.Of(m); ok {
		b.Burst = burst
	}
	b.By, _ = By.Of(m)
	return b
}

func (i *Interceptor) limiter(b Bucket) Limiter {
	switch {
	case i.options.Limiter != nil:
		return i.options.Limiter
	case b.By == "":
		return newSingle(b)
	default:
		return newTable(b, i.options.MaxKeys, i.options.Logger)
	}
}

// Intercept is for an Interceptor that nobody bound to a method, and that therefore can't count.
func (i *Interceptor) Intercept(_ context.Context, call *framework.Call, _ framework.Handler) error {
	return status.Errorf(codes.Internal, "ratelimit: %s: the interceptor was not bound to the method; who wraps it passes Bind on", call.Method())
}
