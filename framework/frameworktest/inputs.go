package frameworktest

import (
	"context"
	"errors"
	"slices"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// The inputs for which a trial's service does not echo.
const (
	inputFail     = "frameworktest-fail"
	inputFlaky    = "frameworktest-flaky"
	inputBlock    = "frameworktest-block"
	inputMetadata = "frameworktest-metadata"
)

const (
	keyRequest = "frameworktest-request"
	keyHeader  = "frameworktest-header"
	keyTrailer = "frameworktest-trailer"
)

// specialCases are what a trial's service does for them.
func (t *trial) specialCases() map[string]func(ctx context.Context, input string) (string, error) {
	t.begun, t.over = make(chan struct{}), make(chan struct{})
	return map[string]func(ctx context.Context, input string) (string, error){
		inputFail: func(ctx context.Context, _ string) (string, error) {
			return "", errors.Join(errInside, grpc.SetTrailer(ctx, metadata.Pairs(keyTrailer, "trailer")))
		},
		inputFlaky: func(_ context.Context, input string) (string, error) {
			if t.flaky.Add(1) == 1 {
				return "", status.Error(codes.Unavailable, "not yet")
			}
			return input, nil
		},
		inputBlock: func(ctx context.Context, _ string) (string, error) {
			select {
			case t.begun <- struct{}{}:
			case <-ctx.Done():
			}
			select {
			case <-ctx.Done():
			case <-t.over:
			}
			return "", status.Error(codes.Canceled, "cancelled")
		},
		inputMetadata: func(ctx context.Context, input string) (string, error) {
			if values := metadata.ValueFromIncomingContext(ctx, keyRequest); !slices.Equal(values, []string{"request"}) {
				return "", status.Errorf(codes.InvalidArgument, "the handler had %q for the caller's metadata %s: request", values, keyRequest)
			}
			return input, errors.Join(
				grpc.SetHeader(ctx, metadata.Pairs(keyHeader, "header")), grpc.SetTrailer(ctx, metadata.Pairs(keyTrailer, "trailer")),
			)
		},
	}
}

// errInside is an error with an identity besides its status.
var errInside error = insideError{}

type insideError struct{}

func (insideError) Error() string { return "an error inside" }

func (insideError) GRPCStatus() *status.Status { return status.New(codes.NotFound, "an error inside") }

var twoInputs = []string{"foo", "bär"}
