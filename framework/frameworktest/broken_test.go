package frameworktest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/framework"
)

// Links that break the contract.

func swallow(ctx context.Context, call *framework.Call, next framework.Handler) error {
	_ = next(ctx, call)
	return nil
}

func wrapEOF(ctx context.Context, call *framework.Call, next framework.Handler) error {
	err := next(ctx, call)
	if err == nil {
		err = io.EOF
	}
	return fmt.Errorf("stream: %w", err)
}

func dropContext(_ context.Context, call *framework.Call, next framework.Handler) error {
	return next(context.Background(), call)
}

func cutCancellation(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(context.WithoutCancel(ctx), call)
}

func makeLater(ctx context.Context, call *framework.Call, next framework.Handler) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return next(ctx, call)
}

func answerNil(context.Context, *framework.Call, framework.Handler) error { return nil }

func callTwice(ctx context.Context, call *framework.Call, next framework.Handler) error {
	_ = next(ctx, call)
	return next(ctx, call)
}

func lagBehind(ctx context.Context, call *framework.Call, next framework.Handler) error {
	var last any
	call.OnRequest(func(_ context.Context, msg any) (any, error) {
		defer func(msg any) { last = msg }(proto.Clone(msg.(proto.Message)))
		if last != nil {
			return last, nil
		}
		return msg, nil
	})
	return next(ctx, call)
}

func swallowPanics(ctx context.Context, call *framework.Call, next framework.Handler) error {
	defer func() { _ = recover() }()
	return next(ctx, call)
}

func panicOnError(ctx context.Context, call *framework.Call, next framework.Handler) error {
	err := next(ctx, call)
	if err != nil && ctx.Err() == nil {
		panic(err)
	}
	return err
}

// newLeak makes interceptors whose goroutines wait until the test has ended.
func newLeak(t *testing.T) func() framework.Interceptor {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	return function(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		go func() { <-done }()
		return next(ctx, call)
	})
}

// newHang makes interceptors that, when their RPC was cancelled, wait until the test has ended.
func newHang(t *testing.T) func() framework.Interceptor {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	return function(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		if status.Code(err) == codes.Canceled {
			<-done
		}
		return err
	})
}

// newOnce makes an interceptor that does not expect to be run again for the same Call.
func newOnce() framework.Interceptor {
	var seen sync.Map
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		if _, again := seen.LoadOrStore(call, true); again {
			return errors.New("the same Call again")
		}
		return next(ctx, call)
	})
}

// newOnly makes an interceptor that serves one RPC and no more.
func newOnly() framework.Interceptor {
	var once sync.Once
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := errors.New("only one RPC")
		once.Do(func() { err = next(ctx, call) })
		return err
	})
}

func runAway(ctx context.Context, call *framework.Call, next framework.Handler) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if p := recover(); p != nil {
				done <- fmt.Errorf("recovered from %v", p)
			}
		}()
		done <- next(ctx, call)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return status.FromContextError(ctx.Err()).Err()
	}
}
