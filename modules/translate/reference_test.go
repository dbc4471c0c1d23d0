package translate_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
	"google.golang.org/protobuf/types/known/structpb"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/translate"
)

// The tests named T and X are the cases of Python's grpc-interceptor, version 0.15.4, for its ExceptionToStatusInterceptor:
// T its own, X what it was found to do beyond them. They run on all four kinds where Python's ran on one. Where Go has to
// differ, the test says so.

func TestT1Formatting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		want string
	}{
		{errmap.Unknown.New("oops"), `Unknown(code=UNKNOWN, message="oops")`},
		{errmap.NotFound.New("oops"), `NotFound(code=NOT_FOUND, message="oops")`},
		{errmap.NotFound.New("?"), `NotFound(code=NOT_FOUND, message="?")`},
	} {
		if got := fmt.Sprintf("%+v", tt.err); got != tt.want {
			t.Errorf("got %s, want %s", got, tt.want)
		}
	}
}

func TestT2StatusString(t *testing.T) {
	t.Parallel()
	if u, n := errmap.Unknown.Name(), errmap.NotFound.Name(); u != "UNKNOWN" || n != "NOT_FOUND" {
		t.Error(u, n)
	}
}

func TestT3NoError(t *testing.T) {
	t.Parallel()
	for name, client := range both(t, frameworktest.ServerParts(framework.Use(newTranslate(t, translate.Options{})))) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, kind framework.Kind) {
				want := []string{"foo"}
				if kind == framework.ServerStream {
					want = []string{"f", "o", "o"}
				}
				if a := execute(t, client, kind, "foo"); a.err != nil || !slices.Equal(a.outputs, want) {
					t.Errorf("%q, %v", a.outputs, a.err)
				}
			})
		})
	}
}

func TestT4CustomDetails(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.NotFound.New("custom"), framework.Use(link(t, errmap.Config{})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		if a := execute(t, client, kind, "foo"); a.err != nil {
			t.Error(a.err)
		}
		execute(t, client, kind, "error").want(t, errmap.NotFound, "custom")
	})
}

func TestT5ForeignError(t *testing.T) {
	t.Parallel()
	client := fails(t, errors.New(secret), framework.Use(link(t, errmap.Config{})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.Unknown, "unknown error")
	})
}

// Python always sends the error's type and text; here only Verbose does, for both leak.
func TestT6ForeignErrorInternal(t *testing.T) {
	t.Parallel()
	oops := errors.New("oops")
	verbose := fails(t, oops, framework.Use(link(t, errmap.Config{Unknown: errmap.Internal, Verbose: true})))
	mute := fails(t, oops, framework.Use(link(t, errmap.Config{Unknown: errmap.Internal})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		a := execute(t, verbose, kind, "error")
		a.want(t, errmap.Internal, "oops")
		if d := a.status.Details(); len(d) != 1 || d[0].(*errdetails.DebugInfo).GetDetail() != "*errors.errorString: oops" {
			t.Errorf("details %v", d)
		}
		execute(t, mute, kind, "error").want(t, errmap.Internal, "internal error")
	})
}

// Go has no abort: the handler returns a status, which passes through.
func TestT7AbortedContextWins(t *testing.T) {
	t.Parallel()
	client := fails(t, status.Error(codes.ResourceExhausted, "resource exhausted"),
		framework.Use(link(t, errmap.Config{Unknown: errmap.Internal})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.ResourceExhausted, "resource exhausted")
	})
}

// OK can't be said in a Config, whose zero Unknown means UNKNOWN; what is no code at all is refused.
func TestT8UnknownOK(t *testing.T) {
	t.Parallel()
	client := fails(t, errors.New(secret), framework.Use(link(t, errmap.Config{Unknown: errmap.Code(codes.OK)})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.Unknown, "unknown error")
	})
	if _, err := errmap.New(errmap.Config{Unknown: 17}); err == nil {
		t.Error("code 17 was taken")
	}
}

func TestT9AllCodes(t *testing.T) {
	t.Parallel()
	texts := map[string]bool{}
	cases := map[string]func(context.Context, string) (string, error){}
	for c := errmap.Canceled; c <= errmap.Unauthenticated; c++ {
		texts[c.Error()] = true
		cases[c.Name()] = frameworktest.Raises(c)
	}
	if len(texts) != 16 || len(cases) != 16 {
		t.Errorf("%d texts for %d codes", len(texts), len(cases))
	}
	client := frameworktest.DummyClient(t, frameworktest.SpecialCases(cases),
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		for c := errmap.Canceled; c <= errmap.Unauthenticated; c++ {
			execute(t, client, kind, c.Name()).want(t, c, c.Error())
		}
	})
}

func TestT10StreamingResponseError(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.NotFound.New("not found!"), framework.Use(link(t, errmap.Config{})))
	execute(t, client, framework.ServerStream, "error").want(t, errmap.NotFound, "not found!")
}

// New has no error to give: a Code that is OK acts as INTERNAL.
func TestT11ErrorOK(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.Code(codes.OK).New(secret), framework.Use(link(t, errmap.Config{})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.Internal, "internal error")
	})
}

type nonGRPC struct{ error }

func TestT12Extending(t *testing.T) {
	t.Parallel()
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		var seen atomic.Bool
		client := frameworktest.DummyClient(t,
			frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
				"error": frameworktest.Raises(nonGRPC{errors.New(secret)}),
				"other": frameworktest.Raises(errmap.NotFound.New("nf")),
			}),
			frameworktest.ServerParts(framework.Use(newTranslate(t, translate.Options{
				Mapper: newMapper(t, errmap.Config{}),
				OnError: func(_ context.Context, _ *framework.Call, err error) error {
					if _, ok := err.(nonGRPC); !ok {
						return nil
					}
					seen.Store(true)
					return errmap.DataLoss.Wrap(err, "Here's some custom details")
				},
			}))))
		if a := execute(t, client, kind, "foo"); a.err != nil || seen.Load() {
			t.Errorf("%v, asked %v", a.err, seen.Load())
		}
		execute(t, client, kind, "other").want(t, errmap.NotFound, "nf")
		if seen.Load() {
			t.Error("it took what is not its own")
		}
		execute(t, client, kind, "error").want(t, errmap.DataLoss, "Here's some custom details")
		if !seen.Load() {
			t.Error("it was not asked")
		}
	})
}

// B52: what was sent before the error arrives, and nothing after it.
func TestX1BidiError(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		code errmap.Code
		msg  string
	}{
		{errmap.NotFound.New("nf"), errmap.NotFound, "nf"},
		{errors.New(secret), errmap.Internal, "internal error"},
	} {
		client := fails(t, tt.err, framework.Use(link(t, errmap.Config{Unknown: errmap.Internal})))
		a := execute(t, client, framework.BidiStream, "a", "b", "error", "z")
		a.want(t, tt.code, tt.msg)
		if !slices.Equal(a.outputs, []string{"a", "b"}) {
			t.Errorf("before the error came %q", a.outputs)
		}
	}
}

// B53: an error while the requests are consumed is mapped, too.
func TestX2ClientStreamError(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.NotFound.New("nf"), framework.Use(link(t, errmap.Config{})))
	execute(t, client, framework.ClientStream, "a", "error", "b").want(t, errmap.NotFound, "nf")
}

// Go has no set_code: its like is a foreign error around a status.
func TestX3ForeignErrorWithStatus(t *testing.T) {
	t.Parallel()
	client := fails(t, fmt.Errorf("%s: %w", secret, status.Error(codes.FailedPrecondition, "not yet")),
		framework.Use(link(t, errmap.Config{Unknown: errmap.Internal})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.FailedPrecondition, "not yet")
	})
}

// Go has no set_code: its like is a code around a foreign status, of which the code decides.
func TestX4MappedErrorWins(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.NotFound.Wrap(status.Error(codes.FailedPrecondition, secret), "nf"), framework.Use(link(t, errmap.Config{})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.NotFound, "nf")
	})
}

// okStatus is an error that says it is none; grpc-go ends a stream cleanly for it.
type okStatus struct{}

func (okStatus) Error() string              { return secret }
func (okStatus) GRPCStatus() *status.Status { return status.New(codes.OK, secret) }

func TestX5OKIsNeverSuccess(t *testing.T) {
	t.Parallel()
	for _, err := range []error{okStatus{}, fmt.Errorf("%s: %w", secret, okStatus{})} {
		client := fails(t, err, framework.Use(link(t, errmap.Config{})))
		eachKind(t, func(t *testing.T, kind framework.Kind) {
			execute(t, client, kind, "error").want(t, errmap.Internal, "internal error")
		})
	}
}

func TestX6EmptyDetails(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.NotFound.New(""), framework.Use(link(t, errmap.Config{})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.NotFound, "")
	})
}

// Go has no subclasses: the other code's text is given to New.
func TestX7OverriddenCode(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.Aborted.New(errmap.NotFound.Error()), framework.Use(link(t, errmap.Config{})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.Aborted, errmap.NotFound.Error())
	})
}

type orderGone struct{}

func (orderGone) Error() string { return "the order is gone" }

// A type has its code by a rule, and its text where the rule exposes it.
func TestX8UserDefinedType(t *testing.T) {
	t.Parallel()
	client := fails(t, orderGone{}, framework.Use(link(t, errmap.Config{}, errmap.OnType[orderGone](errmap.NotFound, errmap.ExposeText()))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.NotFound, "the order is gone")
	})
}

// Python takes a wrapped error for unknown. Here it is found, and the wrapper's text stays inside.
func TestX9WrappedError(t *testing.T) {
	t.Parallel()
	client := fails(t, fmt.Errorf("%s: %w", secret, errmap.NotFound.New("nf")), framework.Use(link(t, errmap.Config{})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.NotFound, "nf")
	})
}

// B50: of two mappers the inner one decides.
func TestX11Nested(t *testing.T) {
	t.Parallel()
	inner := func(c errmap.Config) framework.Part {
		return framework.Use(link(t, c), framework.Name("inner"), framework.After("outer"))
	}
	outer := framework.Use(link(t, errmap.Config{Unknown: errmap.Internal}), framework.Name("outer"))
	known := fails(t, errmap.NotFound.New("nf"), outer, inner(errmap.Config{}))
	foreign := fails(t, errors.New(secret), outer, inner(errmap.Config{Unknown: errmap.DataLoss}))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, known, kind, "error").want(t, errmap.NotFound, "nf")
		execute(t, foreign, kind, "error").want(t, errmap.DataLoss, errmap.DataLoss.Error())
	})
}

// B49: Python's outer interceptors see an empty Exception. Here they see the code, and the error itself inside.
func TestX12RecordersAround(t *testing.T) {
	t.Parallel()
	raised := errmap.NotFound.New("nf")
	seen := make(chan error, 2)
	record := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		seen <- err
		return err
	})
	client := fails(t, raised, framework.Use(record, framework.Name("outer"), framework.At(framework.StageObserve)),
		framework.Use(link(t, errmap.Config{})), framework.Use(record, framework.Name("inner")))
	for _, kind := range kinds {
		execute(t, client, kind, "error").want(t, errmap.NotFound, "nf")
		if inner := <-seen; inner != raised {
			t.Errorf("%s: inside: %v", kind, inner)
		}
		outer := <-seen
		if _, mapped := outer.(*errmap.Error); !mapped || status.Code(outer) != codes.NotFound || !errors.Is(outer, raised) {
			t.Errorf("%s: outside: %T %v", kind, outer, outer)
		}
	}
}

// B51: outside of the mapping Python knows no codes. An errmap error has its status of its own, so it keeps it anywhere;
// another error's text, which nothing maps there, is grpc-go's to send.
func TestX13LinkInsideAndOutside(t *testing.T) {
	t.Parallel()
	deny := framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error {
		return errmap.PermissionDenied.New("no")
	})
	inside := fails(t, nil, framework.Use(link(t, errmap.Config{})), framework.Use(deny))
	outside := fails(t, nil, framework.Use(link(t, errmap.Config{})), framework.Use(deny, framework.At(framework.StageObserve)))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, inside, kind, "x").want(t, errmap.PermissionDenied, "no")
		execute(t, outside, kind, "x").want(t, errmap.PermissionDenied, "no")
	})
}

// B55: a hook that answers nil leaves the error as it is; Python's truncates streams.
func TestX14HookAnswersNil(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.NotFound.New("nf"), framework.Use(newTranslate(t, translate.Options{
		OnError: func(context.Context, *framework.Call, error) error { return nil },
	})))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		execute(t, client, kind, "error").want(t, errmap.NotFound, "nf")
	})
}

// B56: what a hook answers is mapped, by the rules.
func TestX15HookAnswersAnError(t *testing.T) {
	t.Parallel()
	known := errors.New("known")
	for _, tt := range []struct {
		answer error
		code   errmap.Code
		msg    string
	}{
		{known, errmap.AlreadyExists, "known"},
		{errmap.Aborted.New("again"), errmap.Aborted, "again"},
		{status.Error(codes.DataLoss, "gone"), errmap.DataLoss, "gone"},
		{errors.New(secret), errmap.Unknown, "unknown error"},
	} {
		client := fails(t, errmap.NotFound.New(secret), framework.Use(newTranslate(t, translate.Options{
			Mapper:  newMapper(t, errmap.Config{}, errmap.On(known, errmap.AlreadyExists)),
			OnError: func(context.Context, *framework.Call, error) error { return tt.answer },
		})))
		eachKind(t, func(t *testing.T, kind framework.Kind) {
			execute(t, client, kind, "error").want(t, tt.code, tt.msg)
		})
	}
}

// B54: a hook sees method, kind and error of all four kinds, and the request of a unary RPC. Python gives it the
// consumed iterator of a stream, which shows nothing; here a link sees streamed requests by OnRequest.
func TestX16HookSeesTheCall(t *testing.T) {
	t.Parallel()
	raised := errors.New(secret)
	type sight struct {
		method, kind, request string
		side                  framework.Side
		err                   error
	}
	seen := make(chan sight, 1)
	client := fails(t, raised, framework.Use(newTranslate(t, translate.Options{
		Mapper: newMapper(t, errmap.Config{}),
		OnError: func(_ context.Context, call *framework.Call, err error) error {
			request, _ := call.Request().(interface{ GetInput() string })
			s := sight{call.Method().String(), call.Kind().String(), "", call.Side(), err}
			if request != nil {
				s.request = request.GetInput()
			}
			seen <- s
			return nil
		},
	})))
	for _, kind := range kinds {
		execute(t, client, kind, "error").want(t, errmap.Unknown, "unknown error")
		want := sight{methods[kind], kind.String(), "", framework.ServerSide, raised}
		if kind == framework.Unary {
			want.request = "error"
		}
		if got := <-seen; got != want {
			t.Errorf("saw %+v, want %+v", got, want)
		}
	}
}

// A context error is never unknown.
func TestX17ContextErrors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		code errmap.Code
	}{
		{context.Canceled, errmap.Canceled},
		{context.DeadlineExceeded, errmap.DeadlineExceeded},
		{fmt.Errorf("%s: %w", secret, context.Canceled), errmap.Canceled},
		{fmt.Errorf("%s: %w", secret, context.DeadlineExceeded), errmap.DeadlineExceeded},
	} {
		client := fails(t, tt.err, framework.Use(link(t, errmap.Config{Unknown: errmap.Internal})))
		eachKind(t, func(t *testing.T, kind framework.Kind) {
			execute(t, client, kind, "error").want(t, tt.code, tt.code.Error())
		})
	}
}

// B58: Python decides by the response's type whether it is a stream, and takes a list for one.
func TestX18UnaryList(t *testing.T) {
	t.Parallel()
	list, err := structpb.NewList([]any{"a", 1.0})
	if err != nil {
		t.Fatal(err)
	}
	conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { s.RegisterService(&lists, list) },
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}))),
		frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}))))
	got := &structpb.ListValue{}
	if err := conn.Invoke(t.Context(), "/test.Lists/Get", &emptypb.Empty{}, got); err != nil || len(got.GetValues()) != 2 {
		t.Errorf("%v, %v", got, err)
	}
}

// lists has a unary method that answers with a list.
var lists = grpc.ServiceDesc{
	ServiceName: "test.Lists",
	HandlerType: (*any)(nil),
	Methods: []grpc.MethodDesc{{MethodName: "Get", Handler: func(
		list any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor,
	) (any, error) {
		request := &emptypb.Empty{}
		if err := decode(request); err != nil {
			return nil, err
		}
		info := &grpc.UnaryServerInfo{Server: list, FullMethod: "/test.Lists/Get"}
		return interceptor(ctx, request, info, func(context.Context, any) (any, error) { return list, nil })
	}}},
}
