package frameworktest_test

import (
	"context"
	"fmt"
	"strings"
	"sync"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// A cache answers requests that it has seen before without calling next: of all kinds but bidi, which is a conversation.
type cache struct {
	mu        sync.Mutex
	responses map[string][]any
}

func newCache() framework.Interceptor { return &cache{responses: map[string][]any{}} }

func (c *cache) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if call.Kind() == framework.BidiStream {
		return next(ctx, call)
	}
	requests, err := call.BufferRequests(ctx, 100)
	if err != nil {
		return err
	}
	key := keyOf(call.Method(), requests)
	if responses, ok := c.get(key); ok {
		answer(call, responses)
		return nil
	}
	return c.fill(ctx, call, next, key)
}

func (c *cache) fill(ctx context.Context, call *framework.Call, next framework.Handler, key string) error {
	var responses []any
	call.OnResponse(func(_ context.Context, msg any) (any, error) {
		responses = append(responses, msg)
		return msg, nil
	})
	if err := next(ctx, call); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.responses[key] = responses
	return nil
}

func (c *cache) get(key string) ([]any, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	responses, ok := c.responses[key]
	return responses, ok
}

func keyOf(method framework.Method, requests []any) string {
	var key strings.Builder
	key.WriteString(method.String())
	for _, r := range requests {
		fmt.Fprintf(&key, "\n%q", r.(*dummypb.DummyRequest).GetInput())
	}
	return key.String()
}

func answer(call *framework.Call, responses []any) {
	if !call.Kind().StreamsResponses() {
		call.SetResponse(responses[0])
		return
	}
	call.SetResponses(func(yield func(any, error) bool) {
		for _, r := range responses {
			if !yield(r, nil) {
				return
			}
		}
	})
}
