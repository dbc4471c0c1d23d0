package frameworktest

import (
	"context"
	"io"
	"strings"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// Execute makes an RPC of a kind, so that one test serves all four: it sends the inputs, to a method that takes one
// request joined, and gives the outputs and the RPC's error. The outputs that came before an error are there, too.
// On a bidi stream it takes a response after each request that it sends, as a DummyService answers.
//
//	                      inputs "foo", "bar"        outputs of a DummyService
//	Unary                 "foobar"                   "foobar"
//	ClientStream          "foo", "bar"               "foobar"
//	ServerStream          "foobar"                   "f", "o", "o", "b", "a", "r"
//	BidiStream            "foo", "bar"               "foo", "bar"
func Execute(
	ctx context.Context, client dummypb.DummyServiceClient, kind framework.Kind, inputs []string, o ...grpc.CallOption,
) (outputs []string, err error) {
	switch kind {
	case framework.ClientStream:
		return executeClientStream(ctx, client, inputs, o)
	case framework.ServerStream:
		stream, err := client.ExecuteServerStream(ctx, &dummypb.DummyRequest{Input: strings.Join(inputs, "")}, o...)
		if err != nil {
			return nil, err
		}
		return drain(stream, nil)
	case framework.BidiStream:
		return executeBidi(ctx, client, inputs, o)
	default:
		response, err := client.Execute(ctx, &dummypb.DummyRequest{Input: strings.Join(inputs, "")}, o...)
		return one(response, err)
	}
}

func executeClientStream(ctx context.Context, client dummypb.DummyServiceClient, inputs []string, o []grpc.CallOption) ([]string, error) {
	stream, err := client.ExecuteClientStream(ctx, o...)
	if err != nil {
		return nil, err
	}
	for _, input := range inputs {
		err := stream.Send(&dummypb.DummyRequest{Input: input})
		if err == io.EOF { // CloseAndRecv has the reason
			break
		}
		if err != nil {
			return nil, err
		}
	}
	return one(stream.CloseAndRecv())
}

func executeBidi(ctx context.Context, client dummypb.DummyServiceClient, inputs []string, o []grpc.CallOption) (outputs []string, err error) {
	stream, err := client.ExecuteClientServerStream(ctx, o...)
	if err != nil {
		return nil, err
	}
	for _, input := range inputs {
		if err := stream.Send(&dummypb.DummyRequest{Input: input}); err != nil && err != io.EOF {
			return outputs, err
		}
		response, err := stream.Recv()
		if err == io.EOF {
			return outputs, nil
		}
		if err != nil {
			return outputs, err
		}
		outputs = append(outputs, response.GetOutput())
	}
	if err := stream.CloseSend(); err != nil {
		return outputs, err
	}
	return drain(stream, outputs)
}

func one(response *dummypb.DummyResponse, err error) ([]string, error) {
	if err != nil {
		return nil, err
	}
	return []string{response.GetOutput()}, nil
}

// A receiver is a stream of responses.
type receiver interface {
	Recv() (*dummypb.DummyResponse, error)
}

// drain adds what a stream still brings. It gives nil where the stream ended well.
func drain(stream receiver, outputs []string) ([]string, error) {
	rest, err := receiveAll(stream)
	if err == io.EOF {
		err = nil
	}
	return append(outputs, rest...), err
}

func receiveAll(stream receiver) (outputs []string, err error) {
	for {
		response, err := stream.Recv()
		if err != nil {
			return outputs, err
		}
		outputs = append(outputs, response.GetOutput())
	}
}
