package frameworktest_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// Links that keep to the contract, each with a reason to be let off a rule.

func passThrough(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// function makes an interceptor that keeps nothing.
func function(f framework.InterceptorFunc) func() framework.Interceptor {
	return func() framework.Interceptor { return f }
}

func watchAll(ctx context.Context, call *framework.Call, next framework.Handler) error {
	message := func(_ context.Context, msg any) (any, error) { return msg, nil }
	header := func(_ context.Context, md metadata.MD) (metadata.MD, error) { return md, nil }
	call.OnRequest(message)
	call.OnResponse(message)
	call.OnHeader(header)
	call.OnTrailer(header)
	return next(ctx, call)
}

func fallBack(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if next(ctx, call) != nil {
		call.SetResponse(&dummypb.DummyResponse{Output: "fallback"})
	}
	return nil
}

func answerAll(_ context.Context, call *framework.Call, _ framework.Handler) error {
	if call.Kind().StreamsResponses() {
		call.SetResponses(func(func(any, error) bool) {})
	} else {
		call.SetResponse(&dummypb.DummyResponse{})
	}
	return nil
}

func hideErrors(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if next(ctx, call) != nil {
		return status.Error(codes.Internal, "hidden")
	}
	return nil
}

func copyErrors(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if err := next(ctx, call); err != nil {
		return status.Errorf(status.Code(err), "a copy of %v", err)
	}
	return nil
}

func recoverPanics(ctx context.Context, call *framework.Call, next framework.Handler) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("recovered from %v", p)
		}
	}()
	return next(ctx, call)
}

func retryOnce(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.KeepRequests(1)
	if err := next(ctx, call); err == nil || ctx.Err() != nil {
		return err
	}
	return next(ctx, call)
}

func deadlineIn(d time.Duration) framework.InterceptorFunc {
	return func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		ctx, cancel := context.WithTimeout(ctx, d)
		defer cancel()
		return next(ctx, call)
	}
}

func redact(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.OnResponse(func(context.Context, any) (any, error) { return &dummypb.DummyResponse{Output: "*"}, nil })
	return next(ctx, call)
}

func redactInPlace(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.OnRequest(func(_ context.Context, msg any) (any, error) {
		if request := msg.(*dummypb.DummyRequest); !strings.HasPrefix(request.Input, "frameworktest-") {
			request.Input = "*"
		}
		return msg, nil
	})
	call.OnResponse(func(_ context.Context, msg any) (any, error) {
		msg.(*dummypb.DummyResponse).Output = "*"
		return msg, nil
	})
	return next(ctx, call)
}

func dropTrailers(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.OnTrailer(func(context.Context, metadata.MD) (metadata.MD, error) { return nil, nil })
	return next(ctx, call)
}

func dropRequestMetadata(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if call.Side() == framework.ServerSide {
		return next(metadata.NewIncomingContext(ctx, nil), call)
	}
	return next(metadata.NewOutgoingContext(ctx, nil), call)
}

type clientOnly struct{}

func (clientOnly) Placement() framework.Placement {
	return framework.Placement{
		Name: "retry", Stage: framework.StageRetry, Sides: []framework.Side{framework.ClientSide}, Before: []string{"breaker"},
	}
}

func (clientOnly) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if call.Side() != framework.ClientSide {
		return errors.New("on a server")
	}
	return next(ctx, call)
}

type needsTenant struct{}

func (needsTenant) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	if metadata.ValueFromIncomingContext(ctx, "tenant") == nil {
		return status.Error(codes.Unauthenticated, "no tenant")
	}
	return next(ctx, call)
}

func addTenant(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(metadata.AppendToOutgoingContext(ctx, "tenant", "a"), call)
}
