package validate_test

import (
	"fmt"
	"strings"
	"testing"

	rules "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/validate"
)

// theirs is ggm's own interceptor, as a link.
func theirs(t testing.TB) framework.Part {
	t.Helper()
	v := newValidator(t)
	return framework.UseServer(ggm.UnaryServerInterceptor(v), ggm.StreamServerInterceptor(v), framework.Name("ggm"))
}

// TestDefects shows what ggm's own interceptors do, and that validate does not.
func TestDefects(t *testing.T) {
	t.Parallel()
	ours := validating(t, framework.ServerSide, validate.Options{})
	both := func(t *testing.T, s shop, kind framework.Kind, m proto.Message, o ...frameworktest.Option) (err, our error) {
		t.Helper()
		their, mine := s, s
		_, err = order(t.Context(), their.open(t, append(o, frameworktest.ServerParts(theirs(t)))...), kind, m)
		_, our = order(t.Context(), mine.open(t, append(o, ours)...), kind, m)
		return err, our
	}
	for _, kind := range kinds {
		t.Run("details/"+kind.String(), func(t *testing.T) {
			t.Parallel()
			err, our := both(t, shop{}, kind, message(t, "Order", badOrder))
			if d := status.Convert(err).Details(); len(d) != 1 || fmt.Sprintf("%T", d[0]) != fmt.Sprintf("%T", &rules.Violations{}) {
				t.Errorf("ggm's are %v now", d)
			}
			if violations(our) != badViolations {
				t.Errorf("ours are %s", violations(our))
			}
		})
		t.Run("size/"+kind.String(), func(t *testing.T) {
			t.Parallel()
			err, our := both(t, shop{}, kind, coupons(t, 2000))
			t.Logf("ggm's answer to %d bytes is of %d", proto.Size(coupons(t, 2000)), proto.Size(status.Convert(err).Proto()))
			if proto.Size(status.Convert(err).Proto()) < 200<<10 {
				t.Errorf("ggm's answer is of %d bytes now", proto.Size(status.Convert(err).Proto()))
			}
			if n := proto.Size(status.Convert(our).Proto()); n > 4<<10 || status.Code(our) != codes.InvalidArgument {
				t.Errorf("ours is of %d bytes: %v", n, our)
			}
		})
		t.Run("limit/"+kind.String(), func(t *testing.T) {
			t.Parallel()
			err, our := both(t, shop{}, kind, coupons(t, 2000), frameworktest.DialOptions(grpc.WithMaxHeaderListSize(smallest)))
			if status.Code(err) == codes.InvalidArgument {
				t.Errorf("ggm's answer arrives now")
			}
			if status.Code(our) != codes.InvalidArgument {
				t.Errorf("ours is %v", our)
			}
		})
		t.Run("keys/"+kind.String(), func(t *testing.T) {
			t.Parallel()
			err, our := both(t, shop{}, kind, message(t, "Order", `customer: "ann" labels { key: "pw=hunter2" value: "x" }`))
			if !strings.Contains(err.Error(), "hunter2") {
				t.Errorf("ggm's answer is %v now", err)
			}
			if our == nil || strings.Contains(fmt.Sprintf("%+v %v", our, violations(our)), "hunter2") {
				t.Errorf("ours is %v", our)
			}
		})
		if kind == framework.Unary {
			continue
		}
		t.Run("swallowed/"+kind.String(), func(t *testing.T) {
			t.Parallel()
			err, our := both(t, shop{swallows: true}, kind, message(t, "Order", badOrder))
			if kind != framework.BidiStream && err != nil { // whose response never comes
				t.Errorf("ggm's says %v now", err)
			}
			if status.Code(our) != codes.InvalidArgument {
				t.Errorf("ours is %v", our)
			}
		})
	}
	t.Run("compiled late", func(t *testing.T) {
		t.Parallel()
		chain, err := framework.NewServerChain(theirs(t))
		if err != nil {
			t.Fatal(err)
		}
		if err := chain.Bind(brokenServices); err != nil {
			t.Errorf("ggm's says %v now", err)
		}
		_, err = ggm.UnaryServerInterceptor(newValidator(t))(t.Context(), brokenPart(), &grpc.UnaryServerInfo{}, nil)
		if !strings.Contains(err.Error(), "part.id") {
			t.Errorf("ggm's tells the client %v now", err)
		}
	})
}
