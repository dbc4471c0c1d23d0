package frameworktest

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"runtime/pprof"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// A trial is a tested interceptor between two probes, on a connection of its own.
type trial struct {
	terms
	side   framework.Side
	kind   framework.Kind
	tested framework.Interceptor

	outer, inner probe
	client       dummypb.DummyServiceClient
	begun        chan struct{} // gets one for each handler of the blocking input
	over         chan struct{} // closed when the rule has been tried: a handler whose context does not end ends then
	flaky        atomic.Int32  // handlers of the flaky input so far
}

// A probe is a link next to the tested one. It notes what it returned.
type probe struct {
	around framework.InterceptorFunc // what it does; nil: it calls next

	mu       sync.Mutex
	entered  int
	returned []error
}

func (p *probe) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) (err error) {
	p.mu.Lock()
	p.entered++
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		p.returned = append(p.returned, err)
		p.mu.Unlock()
	}()
	if p.around != nil {
		return p.around(ctx, call, next)
	}
	return next(ctx, call)
}

// times is how often the probe was entered.
func (p *probe) times() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.entered
}

// last is what the probe returned last; false where it did not.
func (p *probe) last() (error, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.returned) == 0 {
		return nil, false
	}
	return p.returned[len(p.returned)-1], true
}

// judge tries the tested interceptor by the rule.
func (r rule) judge(t *trial) error {
	ctx, cancel := context.WithTimeout(context.Background(), t.within)
	defer cancel()
	verdict := make(chan error, 1)
	label := pprof.Labels(labelKey, t.label())
	go pprof.Do(ctx, label, func(ctx context.Context) { r.try(ctx, t, verdict) })
	hanging := time.NewTimer(3 * t.within) // for what does not heed its context
	defer hanging.Stop()
	select {
	case err := <-verdict:
		return err
	case <-hanging.C:
		return fmt.Errorf("an RPC, or the closing of its connection, still hung %s after its context had ended", 2*t.within)
	}
}

func (r rule) try(ctx context.Context, t *trial, verdict chan<- error) {
	err := errors.New("the interceptor ended the goroutine that it ran on")
	defer func() { verdict <- err }()
	loop, failed := t.dial()
	if failed != nil {
		err = failed
		return
	}
	err = unpanicked(func() error { return r.check(ctx, t) })
	close(t.over)
	if err != nil {
		go func() { _ = loop.close() }() // what broke the rule may hold it up
		return
	}
	err = loop.close()
}

// unpanicked is what f returns, or its panic as an error.
func unpanicked(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("the interceptor panicked: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

func (t *trial) dial() (*loop, error) {
	options, err := t.options()
	if err != nil {
		return nil, err
	}
	service := &DummyService{SpecialCases: t.specialCases()}
	l, err := dial(func(s grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(s, service) }, options)
	if err == nil {
		t.client = dummypb.NewDummyServiceClient(l.conn)
	}
	return l, err
}

// options are a connection's with the tested interceptor and the probes, or why it can't stand there.
func (t *trial) options() (options, error) {
	if t.tested == nil {
		return options{}, errors.New("frameworktest: TestInterceptor: the interceptor is nil")
	}
	o := newOptions(t.using)
	parts := []framework.Part{
		framework.Use(&t.outer, framework.Name("outer")),
		// Its own stage and neighbours are replaced: what is tested is not where it stands.
		framework.Use(t.tested, framework.At(framework.StageApp), framework.After("outer"), framework.Before("inner")),
		framework.Use(&t.inner, framework.Name("inner")),
	}
	if t.side == framework.ClientSide {
		o.client = slices.Concat(parts, o.client)
		_, err := framework.NewClientChain(o.client...)
		return o, err
	}
	o.server = slices.Concat(parts, o.server)
	_, err := framework.NewServerChain(o.server...)
	return o, err
}

// An outcome is what came of one RPC.
type outcome struct {
	outputs  []string
	err      error
	answered bool // by the tested interceptor, in place of next
}

// execute makes an RPC. It is not for RPCs side by side.
func (t *trial) execute(ctx context.Context, inputs []string, o ...grpc.CallOption) outcome {
	before := t.inner.times()
	outputs, err := Execute(ctx, t.client, t.kind, inputs, o...)
	return outcome{outputs, err, t.answers && t.inner.times() == before}
}
