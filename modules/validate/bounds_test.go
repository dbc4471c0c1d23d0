package validate_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/validate"
)

// smallest is the least that a client may announce it takes of metadata, and many do.
const smallest = 8 << 10

// coupons is an order with so many empty coupons, two bytes each, and each against a rule.
func coupons(t testing.TB, n int) proto.Message {
	t.Helper()
	m := message(t, "Order", `customer: "ann"`)
	list := m.ProtoReflect().Mutable(m.ProtoReflect().Descriptor().Fields().ByName("coupons")).List()
	for range n {
		list.Append(protoreflect.ValueOfString(""))
	}
	return m
}

// deep is an order with so many gifts in each other, all against rules.
func deep(t testing.TB, n int) proto.Message {
	t.Helper()
	m := message(t, "Order", "")
	for inner := m.ProtoReflect(); n > 0; n-- {
		inner = inner.Mutable(inner.Descriptor().Fields().ByName("gift")).Message()
	}
	return m
}

// hostile are orders made to be expensive.
func hostile(t testing.TB) map[string]proto.Message {
	t.Helper()
	lines := message(t, "Order", `customer: "ann"`)
	list := lines.ProtoReflect().Mutable(lines.ProtoReflect().Descriptor().Fields().ByName("lines")).List()
	for range 50000 {
		list.Append(list.NewElement())
	}
	labels := message(t, "Order", `customer: "ann"`)
	entries := labels.ProtoReflect().Mutable(labels.ProtoReflect().Descriptor().Fields().ByName("labels")).Map()
	for i := range 20000 {
		entries.Set(protoreflect.ValueOfString(fmt.Sprintf("label-number-%d", i)).MapKey(), protoreflect.ValueOfString(""))
	}
	return map[string]proto.Message{
		"coupons":      coupons(t, 100000),
		"some coupons": coupons(t, 240),
		"deep":         deep(t, 1000),
		"lines":        lines,
		"labels":       labels,
		"a key":        message(t, "Order", fmt.Sprintf(`customer: "ann" labels { key: %q value: "x" }`, strings.Repeat("k", 1<<20))),
		"echo":         message(t, "Order", fmt.Sprintf(`customer: "ann" note: "echo %s"`, strings.Repeat("é%", 1<<19))),
	}
}

// Whatever is wrong with a request, what is told of it goes through the smallest limit of a client, and names a field.
func TestHostileRequests(t *testing.T) {
	t.Parallel()
	s := &shop{}
	conn := s.open(t, validating(t, framework.ServerSide, validate.Options{}), frameworktest.DialOptions(grpc.WithMaxHeaderListSize(smallest)))
	for name, m := range hostile(t) {
		for _, kind := range kinds {
			_, err := order(t.Context(), conn, kind, m)
			st := status.Convert(err)
			if st.Code() != codes.InvalidArgument || len(st.Details()) != 1 || len(st.Message()) > 600 {
				t.Errorf("%s, %s: %.700v", name, kind, err)
				continue
			}
			found := st.Details()[0].(*errdetails.BadRequest).GetFieldViolations()
			if len(found) == 0 || proto.Size(st.Proto()) > 4<<10 {
				t.Errorf("%s, %s: %d violations, %d bytes", name, kind, len(found), proto.Size(st.Proto()))
			}
			if n := s.took(); n > 0 {
				t.Errorf("%s, %s: %d reached the handler", name, kind, n)
			}
		}
	}
}

// However many violations a message has, few of them are ever made.
func TestHostileAllocations(t *testing.T) {
	chain, err := framework.NewServerChain(framework.Use(interceptor(t, framework.ServerSide, validate.Options{})))
	if err != nil {
		t.Fatal(err)
	}
	serve, info := chain.Unary(), &grpc.UnaryServerInfo{FullMethod: "/acme.orders.v1.Orders/Place"}
	handler := func(context.Context, any) (any, error) { return nil, nil }
	for name, m := range hostile(t) {
		allocs := testing.AllocsPerRun(1, func() {
			if _, err := serve(t.Context(), m, info, handler); status.Code(err) != codes.InvalidArgument {
				t.Error(err)
			}
		})
		t.Logf("%s: %v allocations", name, allocs)
		if allocs > 10000 {
			t.Errorf("%s: %v allocations", name, allocs)
		}
	}
}

// What is told, in which order, and of what only once.
func TestTold(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, order, want string }{
		{"fields by number", `note: "echo" coupons: "" coupons: "x" coupons: "" customer: "a" lines { sku: "ABC" count: 1 } lines { sku: "ABC" }`, `customer|must be at least 3 characters|string.min_len
lines[1].count|must be greater than 0|int32.gt
coupons[0]|must be at least 1 characters|string.min_len
coupons[2]|must be at least 1 characters|string.min_len`},
		{"the message first, then what is in it", `customer: "ann" note: "echo it" gift { note: "echo more" }`, `|a gift has no note|order.note
|echo it|order.echo
gift|echo more|order.echo
gift.customer|must be at least 3 characters|string.min_len`},
		{"no keys, each thing once", `customer: "ann" labels { key: "hunter2-1" value: "" } labels { key: "hunter2-2" value: "x" } labels { key: "b" value: "" }`, `labels["..."]|must be at least 1 characters|string.min_len
labels["..."]|key: must be at most 8 characters|string.max_len`},
		{"numbers as keys", `customer: "ann" by_number { key: 10 } by_number { key: -2 } by_number { key: 9 }`, `by_number[-2]|must be at least 1 characters|string.min_len
by_number[9]|must be at least 1 characters|string.min_len
by_number[10]|must be at least 1 characters|string.min_len`},
		{"many", `customer: "ann" ` + strings.Repeat(`lines { sku: "" } `, 12), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := &shop{}
			conn := s.open(t, validating(t, framework.ServerSide, validate.Options{}))
			for range 5 { // maps have no order
				_, err := order(t.Context(), conn, framework.Unary, message(t, "Order", tt.order))
				if got := violations(err); tt.want != "" && got != tt.want {
					t.Fatalf("got\n%s\nwant\n%s", got, tt.want)
				}
				if more := strings.HasSuffix(status.Convert(err).Message(), "; and more"); more != (tt.want == "") {
					t.Errorf("%v", err)
				}
			}
		})
	}
}
