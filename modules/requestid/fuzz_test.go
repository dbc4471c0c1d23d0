package requestid_test

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/requestid"
)

var form = regexp.MustCompile(`\A[A-Za-z0-9._-]{1,128}\z`)

// FuzzInbound sends whatever comes, values apart by newlines. The RPC has an id of the form that there is, which is what
// was sent only where that is of the form, and alone.
func FuzzInbound(f *testing.F) {
	for _, seed := range []string{"", "a", "a\nb", "a b", "é", "\xff", "\x00", strings.Repeat("a", 128), strings.Repeat("a", 129), "A.b_c-1", "%0a", "a\r"} {
		f.Add(seed)
	}
	interceptor, err := requestid.New(requestid.Options{})
	if err != nil {
		f.Fatal(err)
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor))
	if err != nil {
		f.Fatal(err)
	}
	serve, info := chain.Unary(), &grpc.UnaryServerInfo{FullMethod: dummypb.DummyService_Execute_FullMethodName}
	f.Fuzz(func(t *testing.T, text string) {
		sent := strings.Split(text, "\n")
		ctx := metadata.NewIncomingContext(t.Context(), metadata.MD{header: sent})
		_, err := serve(ctx, &dummypb.DummyRequest{}, info, func(ctx context.Context, _ any) (any, error) {
			id, ok := requestid.FromContext(ctx)
			if believed := len(sent) == 1 && form.MatchString(sent[0]); !ok || !form.MatchString(id) || believed != (id == sent[0]) {
				t.Errorf("%q became %q", sent, id)
			}
			return &dummypb.DummyResponse{}, nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
