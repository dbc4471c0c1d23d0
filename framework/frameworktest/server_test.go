package frameworktest_test

import (
	"context"
	"errors"
	"maps"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// tally counts calls and errors by method.
type tally struct{ calls, errors counter }

func (c *tally) intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	c.calls.add(call.Method().String())
	err := next(ctx, call)
	if err != nil {
		c.errors.add(call.Method().String())
	}
	return err
}

func (c *tally) want(t *testing.T, calls, errors map[string]int) {
	t.Helper()
	if got := c.calls.read(); !maps.Equal(got, calls) {
		t.Errorf("calls %v, want %v", got, calls)
	}
	if got := c.errors.read(); !maps.Equal(got, errors) {
		t.Errorf("errors %v, want %v", got, errors)
	}
}

var methods = map[framework.Kind]string{
	framework.Unary:        "/sluice.testing.v1.DummyService/Execute",
	framework.ClientStream: "/sluice.testing.v1.DummyService/ExecuteClientStream",
	framework.ServerStream: "/sluice.testing.v1.DummyService/ExecuteServerStream",
	framework.BidiStream:   "/sluice.testing.v1.DummyService/ExecuteClientServerStream",
}

// A division by zero is a panic in Go and a case of its own, below.
func TestT13CallCounts(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var c tally
		client := frameworktest.DummyClient(t, over, onServer(c.intercept),
			frameworktest.SpecialCases(cases{"error": frameworktest.Raises(errors.New("division by zero"))}))
		wantOutputs(t, client, kind, []string{"foo"}, "foo")
		c.want(t, map[string]int{methods[kind]: 1}, nil)
		wantCode(t, client, kind, "error", codes.Unknown)
		c.want(t, map[string]int{methods[kind]: 2}, map[string]int{methods[kind]: 1})
	})
}

func TestT13Panic(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var c tally
		zero := 0
		client := frameworktest.DummyClient(t, over, onServer(c.intercept), frameworktest.SpecialCases(cases{
			"panic": func(context.Context, string) (string, error) { return strings.Repeat("x", 1/zero), nil },
		}))
		err := wantCode(t, client, kind, "panic", codes.Internal)
		if strings.Contains(err.Error(), "zero") {
			t.Errorf("the panic's text reached the client: %v", err)
		}
		wantOutputs(t, client, kind, []string{"foo"}, "foo")
		c.want(t, map[string]int{methods[kind]: 2}, nil) // a panic is no error that next returns
	})
}

func TestT14Order(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var j journal
		link := func(name string) framework.InterceptorFunc {
			return func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				j.note("%s", name)
				return next(ctx, call)
			}
		}
		client := frameworktest.DummyClient(t, over, onServer(link("1"), link("2")))
		wantOutputs(t, client, kind, []string{"test"}, "test")
		wantEqual(t, "trace", j.read(), []string{"1", "2"})
	})
}

// upperRequests replaces requests, on every kind by the same function.
func upperRequests(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.OnRequest(func(_ context.Context, msg any) (any, error) {
		return &dummypb.DummyRequest{Input: strings.ToUpper(msg.(*dummypb.DummyRequest).GetInput())}, nil
	})
	return next(ctx, call)
}

func TestT15ModifyRequest(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		client := frameworktest.DummyClient(t, over, onServer(upperRequests))
		wantOutputs(t, client, kind, []string{"test", "two"}, "TESTTWO")
	})
}

func TestT16Abort(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var handled counter
		abort := func(context.Context, *framework.Call, framework.Handler) error {
			return status.Error(codes.Aborted, "oh no")
		}
		client := frameworktest.DummyClient(t, over, onServer(abort), frameworktest.SpecialCases(cases{
			"test": func(_ context.Context, input string) (string, error) { handled.add(input); return input, nil },
		}))
		err := wantCode(t, client, kind, "test", codes.Aborted)
		wantEqual(t, "message", status.Convert(err).Message(), "oh no")
		handled.want(t, nil)
	})
}

func TestT17UnknownMethod(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, over frameworktest.Option) {
		var c tally
		conn := frameworktest.DummyConn(t, over, onServer(c.intercept))
		err := conn.Invoke(t.Context(), "/sluice.testing.v1.DummyService/Unimplemented", &dummypb.DummyRequest{}, &dummypb.DummyResponse{})
		wantEqual(t, "code", status.Code(err), codes.Unimplemented)
		c.want(t, nil, nil)
	})
}

func TestX10TrailerBeforeError(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		client := frameworktest.DummyClient(t, over, onServer(passThrough), onClient(passThrough), frameworktest.SpecialCases(cases{
			"error": func(ctx context.Context, _ string) (string, error) {
				return "", errors.Join(grpc.SetTrailer(ctx, metadata.Pairs("k", "v")), status.Error(codes.NotFound, "nf"))
			},
		}))
		var trailer metadata.MD
		_, err := frameworktest.Execute(t.Context(), client, kind, []string{"error"}, grpc.Trailer(&trailer))
		wantEqual(t, "code", status.Code(err), codes.NotFound)
		wantEqual(t, "trailer", trailer.Get("k"), []string{"v"})
	})
}

func TestX30OrderBothSides(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var j journal
		link := func(name string) framework.InterceptorFunc {
			return func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				j.note("%s %s>", call.Side(), name)
				defer j.note("%s <%s", call.Side(), name)
				return next(ctx, call)
			}
		}
		client := frameworktest.DummyClient(t, over, onServer(link("A"), link("B")), onClient(link("A"), link("B")))
		wantOutputs(t, client, kind, []string{"foo"}, "foo")
		wantEqual(t, "trace", j.read(), []string{
			"client A>", "client B>", "server A>", "server B>", "server <B", "server <A", "client <B", "client <A",
		})
	})
}

// In Go an interceptor can't return a message, so nothing is what it returns when it neither called next nor answered.
func TestX31Nothing(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		for name, side := range map[string]frameworktest.Option{"server": onServer(answerNil), "client": onClient(answerNil)} {
			err := wantCode(t, frameworktest.DummyClient(t, over, side), kind, "foo", codes.Internal)
			if err == nil || !strings.Contains(err.Error(), `link "func" returned nil without`) {
				t.Errorf("%s: the error %v does not name the link", name, err)
			}
		}
	})
}

func TestX32ShortCircuit(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		own := func(_ context.Context, call *framework.Call, _ framework.Handler) error {
			answer(call, []any{&dummypb.DummyResponse{Output: "own"}})
			return nil
		}
		for name, side := range map[string]func(...framework.InterceptorFunc) frameworktest.Option{"server": onServer, "client": onClient} {
			t.Run(name, func(t *testing.T) {
				wantOutputs(t, frameworktest.DummyClient(t, over, side(own)), kind, []string{"foo"}, "own")
				wantOutputs(t, frameworktest.DummyClient(t, over, side(upperResponses, own)), kind, []string{"foo"}, "OWN")
			})
		}
	})
}

func upperResponses(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.OnResponse(func(_ context.Context, msg any) (any, error) {
		return &dummypb.DummyResponse{Output: strings.ToUpper(msg.(*dummypb.DummyResponse).GetOutput())}, nil
	})
	return next(ctx, call)
}

func TestX32UpperCase(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		wantOutputs(t, frameworktest.DummyClient(t, over, onServer(upperResponses)), kind, []string{"foo", "bar"}, "FOOBAR")
		wantOutputs(t, frameworktest.DummyClient(t, over, onClient(upperResponses)), kind, []string{"foo", "bar"}, "FOOBAR")
	})
}

func TestX32NextTwice(t *testing.T) {
	each(t, []framework.Kind{framework.Unary}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		twice := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			if err := next(ctx, call); err != nil {
				return err
			}
			first := call.Response().(*dummypb.DummyResponse).GetOutput()
			if err := next(ctx, call); err != nil {
				return err
			}
			call.SetResponse(&dummypb.DummyResponse{Output: first + call.Response().(*dummypb.DummyResponse).GetOutput()})
			return nil
		}
		wantOutputs(t, frameworktest.DummyClient(t, over, onServer(twice)), kind, []string{"e"}, "ee")
		wantOutputs(t, frameworktest.DummyClient(t, over, onClient(twice)), kind, []string{"e"}, "ee")
	})
}

// okError says of itself that it is none.
type okError struct{}

func (okError) Error() string              { return "fine" }
func (okError) GRPCStatus() *status.Status { return status.New(codes.OK, "fine") }

func TestX37CodeOK(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		raise := func(context.Context, *framework.Call, framework.Handler) error { return okError{} }
		late := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			return errors.Join(next(ctx, call), okError{})
		}
		wantCode(t, frameworktest.DummyClient(t, over, onServer(raise)), kind, "foo", codes.Internal)
		wantCode(t, frameworktest.DummyClient(t, over, onClient(raise)), kind, "foo", codes.Internal)
		wantCode(t, frameworktest.DummyClient(t, over, onServer(late)), kind, "foo", codes.Internal)
		wantCode(t, frameworktest.DummyClient(t, over, onClient(late)), kind, "foo", codes.Internal)
		wantCode(t, frameworktest.DummyClient(t, over, onServer(passThrough),
			frameworktest.SpecialCases(cases{"ok": frameworktest.Raises(okError{})})), kind, "ok", codes.Internal)
	})
}

func TestX40RegisteredButUnimplemented(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var c tally
		conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) {
			dummypb.RegisterDummyServiceServer(s, struct {
				dummypb.UnimplementedDummyServiceServer
			}{})
		}, over, onServer(c.intercept))
		wantCode(t, dummypb.NewDummyServiceClient(conn), kind, "foo", codes.Unimplemented)
		c.want(t, map[string]int{methods[kind]: 1}, map[string]int{methods[kind]: 1})
	})
}

// grpc-go runs its stream interceptors around an UnknownServiceHandler, whatever the caller takes the method for.
func TestX40UnknownServiceHandler(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		var seen journal
		watch := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			seen.note("%s %s", call.Kind(), call.Method().Name)
			return next(ctx, call)
		}
		handler := func(any, grpc.ServerStream) error { return status.Error(codes.DataLoss, "unknown service") }
		conn := frameworktest.Conn(t, func(grpc.ServiceRegistrar) {}, over, onServer(watch),
			frameworktest.ServerOptions(grpc.UnknownServiceHandler(handler)))
		wantCode(t, dummypb.NewDummyServiceClient(conn), kind, "foo", codes.DataLoss)
		wantEqual(t, "seen", seen.read(), []string{"bidi_stream " + methods[kind][strings.LastIndex(methods[kind], "/")+1:]})
	})
}
