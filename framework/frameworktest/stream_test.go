package frameworktest_test

import (
	"context"
	"errors"
	"io"
	"testing"

	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// Go has one way to write a streaming handler where Python has iterators and read/write. The links stand on the server, as
// there, and on the client.
func onBothSides(t *testing.T, f func(t *testing.T, on func(...framework.InterceptorFunc) frameworktest.Option, over frameworktest.Option)) {
	t.Helper()
	t.Parallel()
	for name, side := range map[string]func(...framework.InterceptorFunc) frameworktest.Option{"server": onServer, "client": onClient} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, over frameworktest.Option) { f(t, side, over) })
		})
	}
}

type sides = func(...framework.InterceptorFunc) frameworktest.Option

func TestT31ClientStreamPassThrough(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		client := frameworktest.DummyClient(t, over, on(passThrough),
			frameworktest.SpecialCases(cases{"error": frameworktest.Raises(errors.New("oops"))}))
		wantOutputs(t, client, framework.ClientStream, []string{"foo", "bar"}, "foobar")
		_, err := frameworktest.Execute(t.Context(), client, framework.ClientStream, []string{"foo", "error"})
		if err == nil {
			t.Error("the error was lost")
		}
	})
}

func TestT32ServerStreamPassThrough(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		got, err := frameworktest.Execute(t.Context(), frameworktest.DummyClient(t, over, on(passThrough)), framework.ServerStream, []string{"foo"})
		wantEqual(t, "error", err, nil)
		wantEqual(t, "outputs", got, []string{"f", "o", "o"})
	})
}

func TestT33BidiPassThrough(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		got, err := frameworktest.Execute(t.Context(), frameworktest.DummyClient(t, over, on(passThrough)), framework.BidiStream, []string{"foo", "bar"})
		wantEqual(t, "error", err, nil)
		wantEqual(t, "outputs", got, []string{"foo", "bar"})
	})
}

// logResponses logs each response as it passes.
func logResponses(j *journal) framework.InterceptorFunc {
	return func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnResponse(func(_ context.Context, msg any) (any, error) {
			j.note("%s", msg.(*dummypb.DummyResponse).GetOutput())
			return msg, nil
		})
		return next(ctx, call)
	}
}

// logRequests logs each request as it passes.
func logRequests(j *journal) framework.InterceptorFunc {
	return func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnRequest(func(_ context.Context, msg any) (any, error) {
			j.note("%s", msg.(*dummypb.DummyRequest).GetInput())
			return msg, nil
		})
		return next(ctx, call)
	}
}

func TestT34LogResponses(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		var j journal
		got, err := frameworktest.Execute(t.Context(), frameworktest.DummyClient(t, over, on(logResponses(&j))), framework.ServerStream, []string{"foo"})
		wantEqual(t, "error", err, nil)
		wantEqual(t, "outputs", got, []string{"f", "o", "o"})
		wantEqual(t, "log", j.read(), []string{"f", "o", "o"})
	})
}

func TestT35UnaryAndStream(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		var log journal
		link := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			var j journal
			err := logResponses(&j)(ctx, call, next)
			if call.Kind() == framework.Unary {
				log.note("%s", j.read()[0])
			} else {
				log.note("%q", j.read()) // the stream has ended
			}
			return err
		}
		client := frameworktest.DummyClient(t, over, on(link))
		stream := openStream(t, client, framework.ServerStream, "foo")
		for range 3 {
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
		}
		if on := log.read(); len(on) > 0 && t.Name() == "TestT35UnaryAndStream/client" {
			t.Errorf("logged %q before the stream had ended", on)
		}
		if _, err := stream.Recv(); err != io.EOF {
			t.Errorf("got %v, want io.EOF", err)
		}
		wantEqual(t, "log", log.read(), []string{`["f" "o" "o"]`})
		wantOutputs(t, client, framework.Unary, []string{"bar"}, "bar")
		wantEqual(t, "log", log.read(), []string{`["f" "o" "o"]`, "bar"})
	})
}

func TestT36LogRequests(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		var j journal
		wantOutputs(t, frameworktest.DummyClient(t, over, on(logRequests(&j))), framework.ClientStream, []string{"foo", "bar"}, "foobar")
		wantEqual(t, "log", j.read(), []string{"foo", "bar"})
	})
}

func TestT37LogRequestsOfExplicitSends(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		var j journal
		stream, err := frameworktest.DummyClient(t, over, on(logRequests(&j))).ExecuteClientStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, input := range []string{"foo", "bar"} {
			if err := stream.Send(&dummypb.DummyRequest{Input: input}); err != nil {
				t.Fatal(err)
			}
		}
		if err := stream.CloseSend(); err != nil {
			t.Fatal(err)
		}
		response := &dummypb.DummyResponse{}
		if err := stream.RecvMsg(response); err != nil {
			t.Fatal(err)
		}
		wantEqual(t, "output", response.GetOutput(), "foobar")
		wantEqual(t, "log", j.read(), []string{"foo", "bar"})
	})
}

// A link that watches refuses a message midway, too: what came before is delivered.
func TestRefuseMessageMidway(t *testing.T) {
	onBothSides(t, func(t *testing.T, on sides, over frameworktest.Option) {
		refused := errors.New("refused")
		refuse := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.OnRequest(func(_ context.Context, msg any) (any, error) {
				if msg.(*dummypb.DummyRequest).GetInput() == "no" {
					return nil, refused
				}
				return msg, nil
			})
			return next(ctx, call)
		}
		client := frameworktest.DummyClient(t, over, on(refuse))
		got, err := frameworktest.Execute(t.Context(), client, framework.BidiStream, []string{"a", "b", "no", "c"})
		wantEqual(t, "outputs", got, []string{"a", "b"})
		if err == nil {
			t.Error("the refusal was lost")
		}
		for _, kind := range kinds {
			wantCode(t, client, kind, "no", codes.Unknown)
		}
	})
}

type receiver interface {
	Recv() (*dummypb.DummyResponse, error)
}

// openStream begins an RPC that streams its responses.
func openStream(t *testing.T, client dummyClient, kind framework.Kind, input string) receiver {
	t.Helper()
	request := &dummypb.DummyRequest{Input: input}
	if kind == framework.ServerStream {
		stream, err := client.ExecuteServerStream(t.Context(), request)
		if err != nil {
			t.Fatal(err)
		}
		return stream
	}
	stream, err := client.ExecuteClientServerStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(stream.Send(request), stream.CloseSend()); err != nil {
		t.Fatal(err)
	}
	return stream
}

// drain takes what is left of a stream that ends well.
func drain(stream receiver) (outputs []string, err error) {
	for {
		response, err := stream.Recv()
		if err == io.EOF {
			return outputs, nil
		}
		if err != nil {
			return outputs, err
		}
		outputs = append(outputs, response.GetOutput())
	}
}
