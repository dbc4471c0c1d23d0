package frameworktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func checkConcurrent(ctx context.Context, t *trial) error {
	errs := make([]error, 16)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			errs[i] = unpanicked(func() error { return t.oneOfMany(ctx, []string{fmt.Sprintf("caller %d,", i), " of many"}) })
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

func (t *trial) oneOfMany(ctx context.Context, inputs []string) error {
	outputs, err := Execute(ctx, t.client, t.kind, inputs)
	if err != nil {
		return fmt.Errorf("for the inputs %q the caller had the error %w", inputs, err)
	}
	if want := outputsOf(t.kind, inputs); !t.answers && !t.changesMessages && !slices.Equal(outputs, want) {
		return fmt.Errorf("for the inputs %q the caller had the outputs %q, not %q", inputs, outputs, want)
	}
	return nil
}

func checkGoroutines(ctx context.Context, t *trial) error {
	const rounds = 10
	run := func() error {
		t.outer.around = nil
		t.execute(ctx, twoInputs)
		t.execute(ctx, []string{inputFail})
		return checkAbandoned(ctx, t)
	}
	if err := run(); err != nil {
		return nil // for the rule of abandoned RPCs to report: those that go on are no leak
	}
	before := t.goroutines() // what is begun once for all RPCs is there now
	for range rounds {
		if err := run(); err != nil {
			return nil
		}
	}
	return t.quiet(ctx, before, rounds)
}

// checkAbandoned begins an RPC, goes away when the handler has begun, and waits for the chain to have ended.
func checkAbandoned(ctx context.Context, t *trial) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	left := make(chan error, 1)
	t.outer.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		left <- err
		return err
	}
	if err := t.start(ctx); err != nil {
		return fmt.Errorf("opening the stream: %w", err)
	}
	select {
	case <-t.begun:
		cancel()
		return t.awaitEnd(left)
	case err := <-left:
		if t.answers {
			return nil
		}
		return fmt.Errorf("the RPC had ended before its handler began, with the error %v", err)
	case <-ctx.Done():
		return errors.New("the RPC did not reach its handler, although the caller had half-closed")
	}
}

// awaitEnd waits for the end of an RPC that its caller has cancelled.
func (t *trial) awaitEnd(left <-chan error) error {
	select {
	case err := <-left:
		if err == nil && !t.answers {
			return errors.New("the caller had cancelled the RPC, but outside of the interceptor it succeeded")
		}
		return nil
	case <-time.After(t.within):
		return fmt.Errorf("%s after the caller had cancelled the RPC, Intercept had not returned", t.within)
	}
}

// checkOutlived has the caller go away while a link inside stays for a moment: the one outside is not to see the end of next
// before.
func checkOutlived(ctx context.Context, t *trial) error {
	const moment = 30 * time.Millisecond
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	left, verdict := make(chan struct{}), make(chan error, 1)
	t.outer.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		defer close(left)
		return next(ctx, call)
	}
	var once sync.Once
	t.inner.around = func(ctx context.Context, _ *framework.Call, _ framework.Handler) error {
		once.Do(func() {
			cancel()
			passes(ctx.Done(), t.within/4)
			if passes(left, moment) {
				verdict <- errors.New("the caller had gone away, and Intercept returned although next had not")
			}
			close(verdict)
		})
		return errInside
	}
	if t.execute(ctx, twoInputs); t.inner.times() == 0 {
		return nil // where next has to be called, other rules say so
	}
	return <-verdict
}

// passes says whether something happens within a time.
func passes(what <-chan struct{}, within time.Duration) bool {
	select {
	case <-what:
		return true
	case <-time.After(within):
		return false
	}
}

// start begins an RPC of the blocking input. Streams are left alone with it: nobody takes a response, but where one may
// come in place of next.
func (t *trial) start(ctx context.Context) (err error) {
	request := &dummypb.DummyRequest{Input: inputBlock}
	switch {
	case t.kind == framework.Unary || t.answers:
		go func() {
			_ = unpanicked(func() error { _, err := Execute(ctx, t.client, t.kind, []string{inputBlock}); return err })
		}()
		return nil
	case t.kind == framework.ClientStream:
		stream, err := t.client.ExecuteClientStream(ctx)
		return sendOnly(stream, err, request)
	default:
		_, err := t.open(ctx, inputBlock)
		return err
	}
}

func sendOnly(stream interface {
	Send(*dummypb.DummyRequest) error
	CloseSend() error
}, err error, request *dummypb.DummyRequest,
) error {
	if err != nil {
		return err
	}
	if err := stream.Send(request); err != nil && err != io.EOF { // the stream has ended, which its receiver is told
		return err
	}
	return stream.CloseSend()
}
