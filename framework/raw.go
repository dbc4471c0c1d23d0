package framework

import (
	"context"

	"google.golang.org/grpc"
)

// rawServer is a pair of grpc's server interceptors as one link.
type rawServer struct {
	unary  grpc.UnaryServerInterceptor
	stream grpc.StreamServerInterceptor
}

func (r *rawServer) halves() halves {
	return halves{noUnary: r.unary == nil, noStream: r.stream == nil}
}

// Intercept runs the half for the kind of the call, which finds in its handler the rest of the chain.
func (r *rawServer) Intercept(ctx context.Context, c *Call, next Handler) error {
	switch d := c.driver.(type) {
	case *serverUnary:
		return r.interceptUnary(ctx, c, next, d)
	case *serverStream:
		return d.through(ctx, c, r.stream, next)
	default: // a Clone that was refused says so
		return next(ctx, c)
	}
}

func (r *rawServer) interceptUnary(ctx context.Context, c *Call, next Handler, d *serverUnary) error {
	response, err := r.unary(ctx, c.request, d.info, func(ctx context.Context, req any) (any, error) {
		if req != c.request {
			c.SetRequest(req)
		}
		err := next(ctx, c)
		return c.response, err
	})
	if err != nil {
		return err
	}
	if isNil(response) {
		c.response = nil
	} else if response != c.response {
		c.SetResponse(response)
	}
	return nil
}

// rawClient is a pair of grpc's client interceptors as one link.
type rawClient struct {
	unary  grpc.UnaryClientInterceptor
	stream grpc.StreamClientInterceptor
}

func (r *rawClient) halves() halves {
	return halves{noUnary: r.unary == nil, noStream: r.stream == nil}
}

// Intercept runs the unary half. Streams have the other half between two lines of their own; see segment.
func (r *rawClient) Intercept(ctx context.Context, c *Call, next Handler) error {
	if u, ok := c.driver.(*clientUnary); ok {
		return u.through(ctx, c, r.unary, next)
	}
	return next(ctx, c)
}
