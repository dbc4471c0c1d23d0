package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/examples/quickstart/greetpb"
)

// ErrStranger is a domain error. It knows nothing of gRPC; a rule in main.go says what it is to a client.
var ErrStranger = errors.New("we have not been introduced")

// Greeter implements the service.
type Greeter struct {
	greetpb.UnimplementedGreeterServer
}

// NewGreeter is called by fx.
func NewGreeter() *Greeter { return &Greeter{} }

// Greet greets one.
func (g *Greeter) Greet(_ context.Context, in *greetpb.GreetRequest) (*greetpb.GreetResponse, error) {
	switch in.GetName() {
	case "Eve":
		return nil, fmt.Errorf("row 7 of people@10.0.0.3: %w", ErrStranger) // the text around it stays here
	case "Mallory":
		panic("secret")
	}
	return greeting(in.GetName()), nil
}

// GreetTogether greets all who come with one greeting.
func (g *Greeter) GreetTogether(stream grpc.ClientStreamingServer[greetpb.GreetRequest, greetpb.GreetResponse]) error {
	var names []string
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(greeting(strings.Join(names, " and ")))
		}
		if err != nil {
			return err
		}
		names = append(names, in.GetName())
	}
}

// GreetInManyWays greets one again and again.
func (g *Greeter) GreetInManyWays(in *greetpb.GreetRequest, stream grpc.ServerStreamingServer[greetpb.GreetResponse]) error {
	for _, word := range []string{"Hello", "Salut", "Hallo"} {
		if err := stream.Send(&greetpb.GreetResponse{Greeting: word + " " + in.GetName()}); err != nil {
			return err
		}
	}
	return nil
}

// GreetOneByOne greets all as they come.
func (g *Greeter) GreetOneByOne(stream grpc.BidiStreamingServer[greetpb.GreetRequest, greetpb.GreetResponse]) error {
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(greeting(in.GetName())); err != nil {
			return err
		}
	}
}

func greeting(name string) *greetpb.GreetResponse {
	return &greetpb.GreetResponse{Greeting: "Hello " + name}
}
