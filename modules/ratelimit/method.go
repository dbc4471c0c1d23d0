package ratelimit

import (
	"context"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/sluice-go/sluice/framework"
)

// A method limits the calls of one method.
type method struct {
	bucket  Bucket
	key     keyFunc // nil: all calls share a bucket
	limiter Limiter
	refusal *status.Status
	server  bool
}

func newMethod(m framework.MethodInfo, b Bucket, key keyFunc, l Limiter) *method {
	made := &method{bucket: b, key: key, limiter: l, server: m.Side == framework.ServerSide}
	text := "rate limit of %s reached; try again later"
	if !made.server {
		text = "this client's own rate limit of %s reached, so the call was not sent; try again later"
	}
	made.refusal = status.Newf(codes.ResourceExhausted, text, m.Method)
	return made
}

// Intercept lets a call through that gets a token.
func (m *method) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	b := m.bucket
	if m.key != nil {
		b.Key = m.key(ctx, call)
	}
	wait, err := m.limiter.Take(ctx, b)
	switch {
	case err != nil:
		return err
	case wait > 0:
		return m.refused(ctx, wait)
	}
	return next(ctx, call)
}

// pushback is what grpc's own retries heed; RetryInfo they do not (gRPC A6).
const pushback = "grpc-retry-pushback-ms"

// refused tells the caller to come again when there is a token. Both ways to say it say the same: whole milliseconds.
func (m *method) refused(ctx context.Context, wait time.Duration) error {
	ms := (wait-1)/time.Millisecond + 1
	if m.server {
		// It fails only where there is no server, in a test for instance.
		_ = grpc.SetTrailer(ctx, metadata.MD{pushback: {strconv.FormatInt(int64(ms), 10)}})
	}
	refusal, err := m.refusal.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(ms * time.Millisecond)})
	if err != nil { // it can be marshalled, so this is for the compiler
		refusal = m.refusal
	}
	return refusal.Err()
}
