package frameworktest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func checkMessages(ctx context.Context, t *trial) error {
	for _, inputs := range [][]string{{"foo", "", "bär", "foo"}, {""}, {}} {
		got := t.execute(ctx, inputs)
		if got.err != nil {
			return fmt.Errorf("for the inputs %q the caller had the error %w", inputs, got.err)
		}
		if want := outputsOf(t.kind, inputs); !got.answered && !slices.Equal(got.outputs, want) {
			return fmt.Errorf("for the inputs %q the caller had the outputs %q, not %q", inputs, got.outputs, want)
		}
	}
	return nil
}

// checkBorrowed watches the requests of a client's caller, or the responses of a server's handler.
func checkBorrowed(ctx context.Context, t *trial) error {
	var before, after []proto.Message
	note := func(_ context.Context, msg any) (any, error) {
		if m, ok := msg.(proto.Message); ok {
			before, after = append(before, proto.Clone(m)), append(after, m)
		}
		return msg, nil
	}
	t.outer.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		if t.side == framework.ClientSide {
			call.OnRequest(note)
		}
		return next(ctx, call)
	}
	t.inner.around = func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		if t.side == framework.ServerSide {
			call.OnResponse(note)
		}
		return next(ctx, call)
	}
	if got := t.execute(ctx, twoInputs); got.err != nil {
		return got.err
	}
	for i := range before {
		if !proto.Equal(before[i], after[i]) {
			return fmt.Errorf("the message {%s} became {%s}", before[i], after[i])
		}
	}
	return nil
}

func checkEnd(ctx context.Context, t *trial) error {
	for _, input := range []string{"foo", inputFail} {
		stream, err := t.open(ctx, input)
		if err != nil {
			return err
		}
		_, first := receiveAll(stream)
		_, second := stream.Recv()
		switch {
		case first != io.EOF && errors.Is(first, io.EOF):
			return fmt.Errorf("the caller's stream ended with %q, which is io.EOF by errors.Is, but not by ==", first)
		case input != inputFail && first != io.EOF:
			return fmt.Errorf("the caller's stream ended with %q, not with io.EOF", first)
		case input == inputFail && first == io.EOF && !t.answers:
			return errors.New("the caller's stream ended with io.EOF, although the RPC had failed")
		case fmt.Sprint(first) != fmt.Sprint(second):
			return fmt.Errorf("the caller's stream ended with %q, and asked again with %v", first, second)
		}
	}
	return nil
}

// open begins an RPC that streams its responses.
func (t *trial) open(ctx context.Context, input string) (receiver, error) {
	request := &dummypb.DummyRequest{Input: input}
	if t.kind == framework.ServerStream {
		return t.client.ExecuteServerStream(ctx, request)
	}
	stream, err := t.client.ExecuteClientServerStream(ctx)
	return stream, sendOnly(stream, err, request)
}
