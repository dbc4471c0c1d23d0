package framework_test

import (
	"context"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// refusing refuses the requests that are "bad".
func refusing() framework.Interceptor {
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnRequest(func(_ context.Context, msg any) (any, error) {
			if r, ok := msg.(*dummypb.DummyRequest); ok && r.GetInput() == "bad" {
				return nil, status.Error(codes.InvalidArgument, "bad it is")
			}
			return msg, nil
		})
		return next(ctx, call)
	})
}

// insisting calls next again whatever came of it, three times in all.
func insisting() framework.Interceptor {
	return framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) (err error) {
		if call.Kind().StreamsRequests() {
			call.KeepRequests(10)
		}
		for range 3 {
			if err = next(ctx, call); err == nil {
				return nil
			}
		}
		return err
	})
}

// TestRefusedRequestIsNotLost has a link that tries again inside of one that refuses a request, which it never had: the
// RPC fails, and does not go on without it.
func TestRefusedRequestIsNotLost(t *testing.T) {
	t.Parallel()
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		inputs := []string{"bad"}
		if kind.StreamsRequests() {
			inputs = []string{"a", "bad", "b"}
		}
		for name, links := range map[string][2][]framework.Part{
			"client, outside": {nil, parts(refusing(), insisting())},
			"client, inside":  {nil, parts(insisting(), refusing())},
			"server, outside": {parts(refusing(), insisting()), nil},
			"server, inside":  {parts(insisting(), refusing()), nil},
		} {
			outputs, err := execute(withTimeout(t), start(t, &service{}, links[0], links[1]), kind, inputs...)
			if status.Code(err) != codes.InvalidArgument {
				t.Errorf("%s: got %q, %v", name, outputs, err)
			}
		}
	})
}
