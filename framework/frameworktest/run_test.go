package frameworktest_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

var bothSides = []framework.Side{framework.ServerSide, framework.ClientSide}

// eachCase runs a test for all kinds on both sides.
func eachCase(t *testing.T, f func(t *testing.T, c frameworktest.Case)) {
	t.Helper()
	t.Parallel()
	for _, side := range bothSides {
		for _, kind := range kinds {
			t.Run(side.String()+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				f(t, frameworktest.Case{Side: side, Kind: kind})
			})
		}
	}
}

// texts are messages in short.
func texts(msgs []any) string {
	var all []string
	for _, msg := range msgs {
		switch m := msg.(type) {
		case *dummypb.DummyRequest:
			all = append(all, m.GetInput())
		case *dummypb.DummyResponse:
			all = append(all, m.GetOutput())
		default:
			all = append(all, fmt.Sprint(m))
		}
	}
	return strings.Join(all, " ")
}

func requests(inputs ...string) []any {
	all := make([]any, len(inputs))
	for i, input := range inputs {
		all[i] = &dummypb.DummyRequest{Input: input}
	}
	return all
}

func responses(outputs ...string) []any {
	all := make([]any, len(outputs))
	for i, output := range outputs {
		all[i] = &dummypb.DummyResponse{Output: output}
	}
	return all
}

func TestRunDefaults(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		got := frameworktest.Run(t, framework.InterceptorFunc(passThrough), c)
		want := map[framework.Kind]string{framework.ServerStream: "f o o"}[c.Kind]
		if want == "" {
			want = "foo"
		}
		wantEqual(t, "error", got.Err, nil)
		wantEqual(t, "runs", got.Runs, 1)
		wantEqual(t, "requests", texts(got.Requests), "foo")
		wantEqual(t, "responses", texts(got.Responses), want)
	})
}

func TestRunMessages(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		upper := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			return upperRequests(ctx, call, func(ctx context.Context, call *framework.Call) error {
				return upperResponses(ctx, call, next)
			})
		})
		c.Requests, c.Responses = requests("a"), responses("x")
		if c.Kind.StreamsRequests() {
			c.Requests = requests("a", "b", "c")
		}
		if c.Kind.StreamsResponses() {
			c.Responses = responses("x", "y", "z", "zz")
		}
		got := frameworktest.Run(t, upper, c)
		wantEqual(t, "error", got.Err, nil)
		wantEqual(t, "requests", texts(got.Requests), strings.ToUpper(texts(c.Requests)))
		wantEqual(t, "responses", texts(got.Responses), strings.ToUpper(texts(c.Responses)))
	})
}

func TestRunNoMessages(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		if c.Kind.StreamsRequests() {
			c.Requests = []any{}
		}
		if c.Kind.StreamsResponses() {
			c.Responses = []any{}
		}
		got := frameworktest.Run(t, framework.InterceptorFunc(watchAll), c)
		wantEqual(t, "error", got.Err, nil)
		wantEqual(t, "requests", len(got.Requests), len(c.Requests)+map[bool]int{true: 1}[c.Requests == nil])
	})
}

func TestRunMetadata(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		c.Context = metadata.AppendToOutgoingContext(metadata.NewIncomingContext(context.Background(), metadata.Pairs("k", "1")), "k", "1")
		c.Metadata = metadata.Pairs("k", "2")
		c.Header, c.Trailer = metadata.Pairs("h", "1"), metadata.Pairs("t", "1")
		for _, err := range []error{nil, errors.New("failed")} {
			c.Err = err
			got := frameworktest.Run(t, framework.InterceptorFunc(watchAll), c)
			md, _ := metadata.FromIncomingContext(got.Context)
			if c.Side == framework.ClientSide {
				md, _ = metadata.FromOutgoingContext(got.Context)
			}
			wantEqual(t, "request metadata", md.Get("k"), []string{"1", "2"})
			wantEqual(t, "header", got.Header.Get("h"), []string{"1"})
			wantEqual(t, "trailer", got.Trailer.Get("t"), []string{"1"})
		}
	})
}

func TestRunErr(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		c.Err = errors.New("failed")
		c.Responses = responses("x")
		got := frameworktest.Run(t, framework.InterceptorFunc(passThrough), c)
		if got.Err != c.Err {
			t.Errorf("got %v, not the very error", got.Err)
		}
		want := "" // one response comes only with success
		if c.Kind.StreamsResponses() {
			want = "x"
		}
		wantEqual(t, "responses", texts(got.Responses), want)
	})
}

func TestRunErrs(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		c.Errs = []error{status.Error(codes.Unavailable, "not yet")}
		got := frameworktest.Run(t, framework.InterceptorFunc(retry), c)
		wantEqual(t, "error", got.Err, nil)
		wantEqual(t, "runs", got.Runs, 2)
		wantEqual(t, "requests", texts(got.Requests), "foo")
	})
}

func TestRunShort(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		own := func(_ context.Context, call *framework.Call, _ framework.Handler) error {
			answer(call, responses("own"))
			return nil
		}
		got := frameworktest.Run(t, framework.InterceptorFunc(own), c)
		wantEqual(t, "error", got.Err, nil)
		wantEqual(t, "responses", texts(got.Responses), "own")
		wantEqual(t, "runs", got.Runs, 0)
		if got.Context != nil || got.Requests != nil {
			t.Errorf("no RPC had the context %v and the requests %v", got.Context, got.Requests)
		}
	})
}

func TestRunCall(t *testing.T) {
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		c.Method = "/acme.v1.Orders/Watch"
		var seen string
		annotate := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			seen = fmt.Sprintf("%s %s %s %t", call.Side(), call.Kind(), call.Method(), call.Service() != nil)
			call.Annotate(slog.String("who", "ann"))
			if call.Side() == framework.ClientSide {
				call.AddCallOptions(grpc.StaticMethod())
			}
			return errors.Join(next(ctx, call), errors.New("late"))
		}
		got := frameworktest.Run(t, framework.InterceptorFunc(annotate), c)
		wantEqual(t, "seen", seen, fmt.Sprintf("%s %s %s %t", c.Side, c.Kind, c.Method, c.Side == framework.ServerSide))
		wantEqual(t, "annotations", fmt.Sprint(got.Annotations), "[who=ann]")
		if c.Side == framework.ClientSide && len(got.CallOptions) == 0 {
			t.Error("no call options")
		}
		if got.Err == nil {
			t.Error("the link's error is lost")
		}
	})
}

func TestRunContext(t *testing.T) {
	type key struct{}
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key{}, "value"))
		defer cancel()
		c.Context = ctx
		got := frameworktest.Run(t, framework.InterceptorFunc(passThrough), c)
		wantEqual(t, "value", got.Context.Value(key{}), "value")
		cancel()
		got = frameworktest.Run(t, framework.InterceptorFunc(passThrough), c)
		if c.Side == framework.ClientSide || c.Kind != framework.Unary { // a unary handler finds out itself
			wantEqual(t, "code", status.Code(got.Err), codes.Canceled)
		}
	})
}

// Any messages will do, if the responses are said.
func TestRunOtherMessages(t *testing.T) {
	type plain struct{ N int }
	eachCase(t, func(t *testing.T, c frameworktest.Case) {
		c.Method = "/acme.v1.Orders/Watch"
		c.Requests, c.Responses = []any{wrapperspb.String("a")}, []any{wrapperspb.String("b")}
		got := frameworktest.Run(t, framework.InterceptorFunc(passThrough), c)
		wantEqual(t, "error", got.Err, nil)
		wantEqual(t, "messages", texts(got.Requests)+texts(got.Responses), fmt.Sprint(wrapperspb.String("a"))+fmt.Sprint(wrapperspb.String("b")))
		c.Requests, c.Responses = []any{&plain{1}}, []any{&plain{2}}
		got = frameworktest.Run(t, framework.InterceptorFunc(passThrough), c)
		wantEqual(t, "error", got.Err, nil)
		wantEqual(t, "messages", texts(got.Requests)+texts(got.Responses), "&{1}&{2}")
	})
}

func TestRunRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		i    framework.Interceptor
		c    frameworktest.Case
		want string
	}{
		{"a kind", nil, frameworktest.Case{Kind: 9}, "frameworktest: Case: 9 is no Kind"},
		{"requests", nil, frameworktest.Case{Requests: requests("a", "b")}, "frameworktest: Case: a unary RPC has one request; Requests has 2"},
		{"responses", nil, frameworktest.Case{Kind: framework.ClientStream, Responses: responses("a", "b")}, "frameworktest: Case: a client_stream RPC has one response; Responses has 2"},
		{"values", nil, frameworktest.Case{Requests: []any{"a"}}, "frameworktest: Case: a request of type string is no message; messages are pointers"},
		{
			"answers", nil,
			frameworktest.Case{Requests: []any{wrapperspb.String("a")}},
			"frameworktest: Case: a request of type *wrapperspb.StringValue is no DummyRequest; say the Responses to it",
		},
		{"a side", clientOnly{}, frameworktest.Case{}, "does not serve on a server"},
		{"no link", nil, frameworktest.Case{}, "the interceptor is nil"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := fatal(func(t testing.TB) { frameworktest.Run(t, tt.i, tt.c) })
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v\nwant … %s …", err, tt.want)
			}
		})
	}
}
