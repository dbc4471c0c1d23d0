package timeout_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/translate"
)

var errSoldOut = errors.New("sold out")

// mapping is translate with a rule for errSoldOut.
func mapping(t testing.TB) framework.Part {
	t.Helper()
	mapper, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}},
		errmap.On(errSoldOut, errmap.FailedPrecondition))
	if err != nil {
		t.Fatal(err)
	}
	i, err := translate.New(translate.Options{Mapper: mapper})
	if err != nil {
		t.Fatal(err)
	}
	return framework.Use(i)
}

// What the client gets is what the handler returned, but where the limit had passed and that is why it returned.
func TestServerOutcome(t *testing.T) {
	t.Parallel()
	end := func(ctx context.Context) error { return ctx.Err() }
	always := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	for _, tt := range []struct {
		name string
		err  func(ctx context.Context) error
		code codes.Code // when the limit has passed
		text string
		// before is the code when it has not, and that without a mapper, which tells nothing apart.
		before codes.Code
	}{
		{"success", always(nil), codes.OK, "", codes.OK},
		{"context error", end, codes.DeadlineExceeded, serverText, codes.OK},
		{"cause", context.Cause, codes.DeadlineExceeded, serverText, codes.OK},
		{"deadline", always(context.DeadlineExceeded), codes.DeadlineExceeded, serverText, codes.DeadlineExceeded},
		{"canceled", always(context.Canceled), codes.DeadlineExceeded, serverText, codes.Canceled},
		{
			"wrapped", func(ctx context.Context) error { return fmt.Errorf("%s: %w", secret, ctx.Err()) },
			codes.DeadlineExceeded, serverText, codes.Unknown,
		},
		{"joined", always(errors.Join(errors.New(secret), context.Canceled)), codes.DeadlineExceeded, serverText, codes.Canceled},
		{"downstream deadline", always(status.Error(codes.DeadlineExceeded, secret)), codes.DeadlineExceeded, serverText, codes.DeadlineExceeded},
		{"downstream cancelled", always(status.Error(codes.Canceled, secret)), codes.DeadlineExceeded, serverText, codes.Canceled},
		{
			"with a cause", func(ctx context.Context) error { return errmap.Internal.Wrap(ctx.Err(), "broken") },
			codes.DeadlineExceeded, serverText, codes.Internal,
		},
		{"plain", always(errors.New(secret)), codes.DeadlineExceeded, serverText, codes.Unknown},
		{"status", always(status.Error(codes.NotFound, "nf")), codes.NotFound, "nf", codes.NotFound},
		{"code", always(errmap.NotFound.New("nf")), codes.NotFound, "nf", codes.NotFound},
	} {
		for name, parts := range map[string][]framework.Part{"alone": nil, "mapped": {mapping(t)}} {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				each(t, func(t *testing.T, kind framework.Kind) {
					wait := time.Duration(0)
					client := frameworktest.DummyClient(t, frameworktest.ServerParts(append(parts, limiting(t))...), handling(func(ctx context.Context) error {
						time.Sleep(wait)
						return tt.err(ctx)
					}))
					_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
					if code := status.Code(err); code != tt.before {
						t.Errorf("before the limit: %v, want %v", err, tt.before)
					}
					wait = limit + time.Millisecond
					if tt.code == codes.OK {
						wait = time.Hour // it is waited for, however long it takes
					}
					outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
					switch {
					case tt.code != codes.OK:
						wantStatus(t, err, tt.code, tt.text)
					case kind != framework.Unary: // the stream was used too late
						wantStatus(t, err, codes.DeadlineExceeded, serverText)
					case err != nil || !slices.Equal(outputs, []string{"y"}):
						t.Errorf("%q, %v", outputs, err)
					}
				})
			})
		}
	}
}

// A rule of errmap knows an error, also when the limit has passed. Without one it is taken for the end's.
func TestServerOutcomeByRule(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		client := frameworktest.DummyClient(t, frameworktest.ServerParts(mapping(t), limiting(t)), handling(func(ctx context.Context) error {
			<-ctx.Done()
			return fmt.Errorf("%s: %w", secret, errSoldOut)
		}))
		_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
		wantStatus(t, err, codes.FailedPrecondition, "sold out")
	})
}

// Links outside find what the handler returned; the client does not.
func TestServerCause(t *testing.T) {
	t.Parallel()
	for name, give := range map[string]func(ctx context.Context, err error) error{
		"context error": func(ctx context.Context, err error) error { return errors.Join(ctx.Err(), err) },
		"plain":         func(_ context.Context, err error) error { return err },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				var seen error
				outside := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					seen = next(ctx, call)
					return seen
				})
				own := errors.New(secret)
				client := frameworktest.DummyClient(t,
					frameworktest.ServerParts(framework.Use(outside, framework.At(framework.StageRecover)), limiting(t)),
					handling(func(ctx context.Context) error { <-ctx.Done(); return give(ctx, own) }))
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				wantStatus(t, err, codes.DeadlineExceeded, serverText)
				if !errors.Is(seen, own) || !errors.Is(seen, context.DeadlineExceeded) || status.Code(seen) != codes.DeadlineExceeded {
					t.Errorf("outside of it the error was %v", seen)
				}
			})
		})
	}
}

// What ends by the caller is the caller's.
func TestServerCallerEnds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		end  func(ctx context.Context) (context.Context, context.CancelFunc)
	}{
		{"deadline", func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, limit/2)
		}},
		{"cancel", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(limit/2, cancel)
			return ctx, cancel
		}},
		{"cancel after the deadline was set", func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			time.AfterFunc(limit/2, cancel)
			return ctx, cancel
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				own := errors.New("the handler's own")
				left := make(chan error, 1)
				outside := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					err := next(ctx, call)
					left <- err
					return err
				})
				client := frameworktest.DummyClient(t,
					frameworktest.ServerParts(framework.Use(outside, framework.At(framework.StageRecover)), limiting(t)),
					handling(func(ctx context.Context) error { <-ctx.Done(); return own }))
				ctx, cancel := tt.end(t.Context())
				defer cancel()
				_, _ = frameworktest.Execute(ctx, client, kind, []string{"x"})
				if err := <-left; err != own {
					t.Errorf("outside of it the error was %v", err)
				}
			})
		})
	}
}

// chatty never looks at its context. A stream of responses has one each second, less a little, for an hour.
type chatty struct {
	dummypb.UnimplementedDummyServiceServer
	swallows bool // the stream's error
}

func (c chatty) end(err error) error {
	if c.swallows {
		return nil
	}
	return err
}

func (c chatty) ExecuteServerStream(_ *dummypb.DummyRequest, stream grpc.ServerStreamingServer[dummypb.DummyResponse]) error {
	for range 3600 {
		time.Sleep(time.Second - time.Millisecond)
		if err := stream.Send(&dummypb.DummyResponse{Output: "again"}); err != nil {
			return c.end(err)
		}
	}
	return nil
}

func (c chatty) ExecuteClientStream(stream grpc.ClientStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	for {
		if _, err := stream.Recv(); err == io.EOF {
			return stream.SendAndClose(&dummypb.DummyResponse{})
		} else if err != nil {
			if c.swallows {
				return stream.SendAndClose(&dummypb.DummyResponse{})
			}
			return err
		}
	}
}

func (c chatty) ExecuteClientServerStream(stream grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	for {
		if _, err := stream.Recv(); err != nil {
			return c.end(err)
		}
		if err := stream.Send(&dummypb.DummyResponse{Output: "again"}); err != nil {
			return c.end(err)
		}
	}
}

// A stream's messages are refused when the limit has passed, for handlers that look at nothing else, and that is what
// the stream ends with, whatever they make of it.
func TestServerRefusesMessages(t *testing.T) {
	t.Parallel()
	for _, swallows := range []bool{false, true} {
		for _, kind := range kinds[1:] {
			t.Run(fmt.Sprintf("swallows %t/%s", swallows, kind), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(s, chatty{swallows: swallows}) },
						frameworktest.ServerParts(limiting(t)))
					outputs, err := chat(t, dummypb.NewDummyServiceClient(conn), kind)
					wantStatus(t, err, codes.DeadlineExceeded, serverText)
					if want := map[bool]int{true: 2}[kind.StreamsResponses()]; len(outputs) != want {
						t.Errorf("%q came before it", outputs)
					}
				})
			})
		}
	}
}

// chat sends a message each second, less a little, for an hour, and gives what came.
func chat(t *testing.T, client dummypb.DummyServiceClient, kind framework.Kind) (outputs []string, err error) {
	t.Helper()
	if kind == framework.ServerStream {
		return frameworktest.Execute(t.Context(), client, kind, []string{"x"})
	}
	switch kind {
	case framework.ClientStream:
		stream, err := client.ExecuteClientStream(t.Context())
		if err != nil {
			return nil, err
		}
		for range 3600 {
			time.Sleep(time.Second - time.Millisecond)
			if err := stream.Send(&dummypb.DummyRequest{}); err != nil {
				break
			}
		}
		_, err = stream.CloseAndRecv()
		return nil, err
	default:
		stream, err := client.ExecuteClientServerStream(t.Context())
		if err != nil {
			return nil, err
		}
		for range 3600 {
			time.Sleep(time.Second - time.Millisecond)
			if err := stream.Send(&dummypb.DummyRequest{}); err != nil && err != io.EOF {
				return outputs, err
			}
			response, err := stream.Recv()
			if err != nil {
				return outputs, err
			}
			outputs = append(outputs, response.GetOutput())
		}
		return outputs, stream.CloseSend()
	}
}

// An inner deadline that is sooner is what a stream ends with.
func TestServerInnerDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		inner := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			ctx, cancel := context.WithTimeout(ctx, time.Second)
			defer cancel()
			return next(ctx, call)
		})
		conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(s, chatty{}) },
			frameworktest.ServerParts(limiting(t), framework.Use(inner)))
		outputs, err := chat(t, dummypb.NewDummyServiceClient(conn), framework.ServerStream)
		wantStatus(t, err, codes.DeadlineExceeded, context.DeadlineExceeded.Error())
		if len(outputs) != 1 {
			t.Errorf("%q came before it", outputs)
		}
	})
}
