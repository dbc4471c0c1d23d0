package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/examples/quickstart/greetpb"
)

// tour makes a call of each kind, one that fails and one that panics, and prints what the client saw.
func tour(ctx context.Context, out io.Writer, client greetpb.GreeterClient) {
	for _, call := range []struct {
		title string
		do    func() ([]string, error)
	}{
		{"Greet Ada: a unary call", func() ([]string, error) { return greet(ctx, client, "Ada") }},
		{"GreetTogether Ada, Bob: the client streams", func() ([]string, error) { return together(ctx, client) }},
		{"GreetInManyWays Ada: the server streams", func() ([]string, error) { return manyWays(ctx, client) }},
		{"GreetOneByOne Ada, Bob: both stream", func() ([]string, error) { return oneByOne(ctx, client) }},
		{"Greet Eve: the handler wraps a domain error; what it wraps around it stays on the server", func() ([]string, error) { return greet(ctx, client, "Eve") }},
		{"Greet Mallory: the handler panics; the server lives, and the client is told nothing of it", func() ([]string, error) { return greet(ctx, client, "Mallory") }},
	} {
		fmt.Fprintf(out, "\n%s\n", call.title)
		greetings, err := call.do()
		if err != nil {
			fmt.Fprintf(out, "  the client saw %s %q; errors.Is(err, ErrStranger): %t\n", status.Code(err), err, errors.Is(err, ErrStranger))
			continue
		}
		fmt.Fprintf(out, "  the client saw %q\n", greetings)
	}
}

func greet(ctx context.Context, client greetpb.GreeterClient, name string) ([]string, error) {
	response, err := client.Greet(ctx, &greetpb.GreetRequest{Name: name})
	if err != nil {
		return nil, err
	}
	return []string{response.GetGreeting()}, nil
}

func together(ctx context.Context, client greetpb.GreeterClient) ([]string, error) {
	stream, err := client.GreetTogether(ctx)
	if err != nil {
		return nil, err
	}
	if err := send(stream, "Ada", "Bob"); err != nil {
		return nil, err
	}
	response, err := stream.CloseAndRecv()
	if err != nil {
		return nil, err
	}
	return []string{response.GetGreeting()}, nil
}

func manyWays(ctx context.Context, client greetpb.GreeterClient) ([]string, error) {
	stream, err := client.GreetInManyWays(ctx, &greetpb.GreetRequest{Name: "Ada"})
	if err != nil {
		return nil, err
	}
	return receive(stream)
}

func oneByOne(ctx context.Context, client greetpb.GreeterClient) ([]string, error) {
	stream, err := client.GreetOneByOne(ctx)
	if err != nil {
		return nil, err
	}
	if err := send(stream, "Ada", "Bob"); err != nil {
		return nil, err
	}
	if err := stream.CloseSend(); err != nil {
		return nil, err
	}
	return receive(stream)
}

func send(stream interface {
	Send(*greetpb.GreetRequest) error
}, names ...string,
) error {
	for _, name := range names {
		if err := stream.Send(&greetpb.GreetRequest{Name: name}); err != nil {
			return err
		}
	}
	return nil
}

func receive(stream grpc.ServerStreamingClient[greetpb.GreetResponse]) (greetings []string, err error) {
	for {
		response, err := stream.Recv()
		if err == io.EOF {
			return greetings, nil
		}
		if err != nil {
			return greetings, err
		}
		greetings = append(greetings, response.GetGreeting())
	}
}
