package framework_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// TestRequestCheck runs a policy's check on each request of all kinds.
func TestRequestCheck(t *testing.T) {
	t.Parallel()
	onKinds(t, func(t *testing.T, kind framework.Kind) {
		type key struct{}
		tr := &trail{}
		check := func(ctx context.Context, r *dummypb.DummyRequest) error {
			tr.add(ctx.Value(key{}).(string) + r.GetInput())
			if r.GetInput() == "bad" {
				return status.Error(codes.InvalidArgument, "it is bad")
			}
			return nil
		}
		client := frameworktest.DummyClient(t, frameworktest.ServerParts(
			framework.Value(key{}, "seen:"),
			framework.Policy(structOf("service=DummyService,default=allow", tagged("Check", "*", check))),
		))
		inputs := []string{"a", "b"}
		if !kind.StreamsRequests() {
			inputs = inputs[:1]
		}
		want := "seen:" + strings.Join(inputs, " seen:")
		if _, err := execute(withTimeout(t), client, kind, inputs...); err != nil {
			t.Error(err)
		}
		if got := tr.taken(); got != want {
			t.Errorf("got %q", got)
		}
		_, err := execute(withTimeout(t), client, kind, slices.Repeat([]string{"bad"}, len(inputs))...)
		if status.Code(err) != codes.InvalidArgument || status.Convert(err).Message() != "it is bad" {
			t.Errorf("got %v", err)
		}
		if got := tr.taken(); got != "seen:bad" {
			t.Errorf("got %q", got)
		}
	})
}

type Checked struct {
	_    struct{}                                           `grpc:"service=Orders,default=allow"`
	Get  func(context.Context, *dummypb.DummyRequest) error `grpc:"Get,rate=1/s"`
	Some func(context.Context, *dummypb.DummyRequest) error `grpc:"?P*"`
}

// TestCheckIsLink has checks stand in stage Validate under the names of policy and field, with rules beside.
func TestCheckIsLink(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	chain := shopChain(t, tr.use("app"), framework.Use(reader("limits", framework.StageAdmit, rateKey)), framework.Policy(&Checked{
		Get:  func(context.Context, *dummypb.DummyRequest) error { return nil },
		Some: func(context.Context, *dummypb.DummyRequest) error { return nil },
	}))
	for full, want := range map[string]string{
		ordersGet: "limits Checked.Get app", ordersPut: "limits Checked.Some app", ordersCreate: "limits app",
	} {
		if got := strings.Join(chain.Explain(full).Names(), " "); got != want {
			t.Errorf("%s: got %q, want %q", full, got, want)
		}
	}
	if got := chain.Explain(ordersGet).Links[1].Stage; got != framework.StageValidate {
		t.Errorf("got %q", got)
	}
}

// TestCheckOfAnotherMessage has a request that is not what a check takes, which only a service without a descriptor can
// have, end the RPC with INTERNAL.
func TestCheckOfAnotherMessage(t *testing.T) {
	t.Parallel()
	chain, err := framework.NewServerChain(framework.Policy(structOf("service=*,default=allow",
		tagged("Check", "*", func(context.Context, *wrapperspb.Int32Value) error { return nil }))))
	if err != nil {
		t.Fatal(err)
	}
	_, err = chain.Unary()(t.Context(), benchRequest, benchInfo, benchHandler)
	if status.Code(err) != codes.Internal || !strings.Contains(err.Error(), "its check takes *wrapperspb.Int32Value") {
		t.Error(err)
	}
}
