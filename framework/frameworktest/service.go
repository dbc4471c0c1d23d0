package frameworktest

import (
	"context"
	"io"
	"strings"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// DummyService answers requests with their own input, but for the special cases. The zero value has none.
//
//   - Execute answers with the output.
//   - ExecuteClientStream answers with the outputs of all messages, joined; of no messages, "".
//   - ExecuteServerStream answers with one message for each code point of the output; of "", none.
//   - ExecuteClientServerStream answers every message with its output before it takes the next.
//
// Handlers are concurrent, and so may be the functions.
type DummyService struct {
	dummypb.UnimplementedDummyServiceServer

	// SpecialCases turn an input into an output or into the error that ends the RPC: of the first message on, or after
	// the outputs of the messages before. The context is the handler's. "" is an input like any other. The map is not to
	// be changed while RPCs run.
	SpecialCases map[string]func(ctx context.Context, input string) (output string, err error)
}

// Execute answers one request.
func (s *DummyService) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	output, err := s.output(ctx, r)
	if err != nil {
		return nil, err
	}
	return &dummypb.DummyResponse{Output: output}, nil
}

// ExecuteClientStream answers all requests at once.
func (s *DummyService) ExecuteClientStream(stream grpc.ClientStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	var joined strings.Builder
	for {
		r, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&dummypb.DummyResponse{Output: joined.String()})
		}
		if err != nil {
			return err
		}
		output, err := s.output(stream.Context(), r)
		if err != nil {
			return err
		}
		joined.WriteString(output)
	}
}

// ExecuteServerStream answers one request in code points.
func (s *DummyService) ExecuteServerStream(r *dummypb.DummyRequest, stream grpc.ServerStreamingServer[dummypb.DummyResponse]) error {
	output, err := s.output(stream.Context(), r)
	if err != nil {
		return err
	}
	for _, point := range output {
		if err := stream.Send(&dummypb.DummyResponse{Output: string(point)}); err != nil {
			return err
		}
	}
	return nil
}

// ExecuteClientServerStream answers requests one by one.
func (s *DummyService) ExecuteClientServerStream(stream grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	for {
		r, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		output, err := s.output(stream.Context(), r)
		if err != nil {
			return err
		}
		if err := stream.Send(&dummypb.DummyResponse{Output: output}); err != nil {
			return err
		}
	}
}

func (s *DummyService) output(ctx context.Context, r *dummypb.DummyRequest) (string, error) {
	if special, ok := s.SpecialCases[r.GetInput()]; ok {
		return special(ctx, r.GetInput())
	}
	return r.GetInput(), nil
}

// Raises is a special case that ends the RPC with an error.
func Raises(err error) func(context.Context, string) (string, error) {
	return func(context.Context, string) (string, error) { return "", err }
}
