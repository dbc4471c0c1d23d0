package validate_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"buf.build/go/protovalidate"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/validate"
)

// FuzzRequest sends an order of whatever bytes there are. The handler has it where protovalidate has nothing against it,
// and nowhere else; what is told of it else is not much.
func FuzzRequest(f *testing.F) {
	for _, text := range []string{
		goodOrder, badOrder, "", `customer: "ann" labels { key: "k" value: "" }`, `gift { gift { note: "x" } note: "echo" }`,
		`customer: "ann" note: "fails"`, `by_number { key: -1 }`, strings.Repeat(`coupons: "" `, 300), `customer: "ann" lines { sku: "ABC" count: -1 }`,
	} {
		wire, err := proto.Marshal(message(f, "Order", text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(wire)
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor(f, framework.ServerSide, validate.Options{})))
	if err != nil {
		f.Fatal(err)
	}
	serve, info, judge := chain.Unary(), &grpc.UnaryServerInfo{FullMethod: "/acme.orders.v1.Orders/Place"}, newValidator(f)
	f.Fuzz(func(t *testing.T, wire []byte) {
		m := dynamicpb.NewMessage(messageOf("acme.orders.v1.Order"))
		if proto.Unmarshal(wire, m) != nil {
			return
		}
		handled := false
		_, err := serve(t.Context(), m, info, func(context.Context, any) (any, error) {
			handled = true
			return dynamicpb.NewMessage(messageOf("acme.orders.v1.Receipt")), nil
		})
		verdict := judge.Validate(m)
		_, invalid := errors.AsType[*protovalidate.ValidationError](verdict)
		switch code := status.Code(err); {
		case handled != (verdict == nil) || handled != (err == nil):
			t.Errorf("handled %t, %v; protovalidate says %v", handled, err, verdict)
		case invalid && code != codes.InvalidArgument, err != nil && code != codes.InvalidArgument && code != codes.Internal:
			t.Errorf("%v; protovalidate says %v", err, verdict)
		case proto.Size(status.Convert(err).Proto()) > 4<<10:
			t.Errorf("%d bytes are told", proto.Size(status.Convert(err).Proto()))
		}
	})
}
