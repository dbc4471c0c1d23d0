package frameworktest_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func TestDummyService(t *testing.T) {
	t.Parallel()
	say := func(output string) func(context.Context, string) (string, error) {
		return func(context.Context, string) (string, error) { return output, nil }
	}
	special := frameworktest.SpecialCases(cases{
		"x": say("<x>"), "n": say("123"), "e": frameworktest.Raises(status.Error(codes.NotFound, "nf")),
	})
	emptyKey := frameworktest.SpecialCases(cases{"": say("empty")})
	both(t, func(t *testing.T, over frameworktest.Option) {
		for _, tt := range []struct {
			name    string
			options frameworktest.Option
			kind    framework.Kind
			inputs  []string
			want    []string
			code    codes.Code
		}{
			{"X19 unary", special, framework.Unary, []string{""}, []string{""}, codes.OK},
			{"X19 server stream", special, framework.ServerStream, []string{""}, nil, codes.OK},
			{"X19 client stream", special, framework.ClientStream, nil, []string{""}, codes.OK},
			{"X19 bidi", special, framework.BidiStream, nil, nil, codes.OK},
			{"X20 code points", special, framework.ServerStream, []string{"héé😀"}, []string{"h", "é", "é", "😀"}, codes.OK},
			{"X21 empty key, unary", emptyKey, framework.Unary, []string{""}, []string{"empty"}, codes.OK},
			{"X21 empty key, bidi", emptyKey, framework.BidiStream, []string{"a", ""}, []string{"a", "empty"}, codes.OK},
			{"X22 client stream", special, framework.ClientStream, []string{"a", "x", "b"}, []string{"a<x>b"}, codes.OK},
			{"X22 bidi", special, framework.BidiStream, []string{"a", "n", "b"}, []string{"a", "123", "b"}, codes.OK},
			{"X22 server stream", special, framework.ServerStream, []string{"n"}, []string{"1", "2", "3"}, codes.OK},
			{"error, unary", special, framework.Unary, []string{"e"}, nil, codes.NotFound},
			{"error midway, client stream", special, framework.ClientStream, []string{"a", "e", "b"}, nil, codes.NotFound},
			{"error first, server stream", special, framework.ServerStream, []string{"e"}, nil, codes.NotFound},
			{"error midway, bidi", special, framework.BidiStream, []string{"a", "b", "e", "z"}, []string{"a", "b"}, codes.NotFound},
		} {
			t.Run(tt.name, func(t *testing.T) {
				// Chains that do nothing change nothing.
				client := frameworktest.DummyClient(t, over, tt.options, onServer(passThrough), onClient(passThrough))
				got, err := frameworktest.Execute(t.Context(), client, tt.kind, tt.inputs)
				wantEqual(t, "code", status.Code(err), tt.code)
				wantEqual(t, "outputs", got, tt.want)
			})
		}
	})
}

// The service is of use without the kit, as its zero value.
func TestDummyServiceAlone(t *testing.T) {
	t.Parallel()
	conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) {
		dummypb.RegisterDummyServiceServer(s, &frameworktest.DummyService{})
	})
	for _, kind := range kinds {
		wantOutputs(t, dummypb.NewDummyServiceClient(conn), kind, []string{"foo", "bar"}, "foobar")
	}
	response, err := (&frameworktest.DummyService{SpecialCases: cases{"a": flaky(1)}}).Execute(t.Context(), &dummypb.DummyRequest{Input: "a"})
	if status.Code(err) != codes.Unavailable {
		t.Errorf("got %v, %v", response, err)
	}
}
