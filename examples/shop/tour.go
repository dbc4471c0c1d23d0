package main

import (
	"context"
	"errors"
	"fmt"
	"io"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	pb "github.com/sluice-go/sluice/examples/shop/orderspb"
	"github.com/sluice-go/sluice/examples/shop/stock"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/translate"
)

// The callers' tokens, which they show the server. They are in the source because this is an example.
const (
	annsToken = "ann-ann-ann-ann-ann-ann-ann-ann1"
	bobsToken = "bob-bob-bob-bob-bob-bob-bob-bob1"
)

// as is the context of a caller's request: with the token, and with the tenant unless it is "".
func as(ctx context.Context, token, tenant string) context.Context {
	if token != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", "Bearer "+token)
	}
	if tenant != "" {
		ctx = metadata.AppendToOutgoingContext(ctx, "x-tenant-id", tenant)
	}
	return ctx
}

// tour makes calls that the declarations allow, and some that they do not, and prints what the clients saw.
func tour(ctx context.Context, out io.Writer, address string) error {
	conn, err := dial(address)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }() // nothing is under way
	shop := pb.NewOrdersClient(conn)
	ann, bob := as(ctx, annsToken, "acme"), as(ctx, bobsToken, "acme")
	hammer := &pb.CreateRequest{Sku: "hammer", Quantity: 1}
	for _, call := range []struct {
		title string
		do    func() (fmt.Stringer, error)
	}{
		{"Ann, a writer, orders", func() (fmt.Stringer, error) { return shop.Create(ann, hammer) }},
		{"Bob, a reader, orders", func() (fmt.Stringer, error) { return shop.Create(bob, hammer) }},
		{"Bob looks", func() (fmt.Stringer, error) { return shop.Get(bob, &pb.GetRequest{Id: "order-1"}) }},
		{"Bob looks for another tenant", func() (fmt.Stringer, error) {
			return shop.Get(as(ctx, bobsToken, "globex"), &pb.GetRequest{Id: "order-1"})
		}},
		{"Bob does not say for which", func() (fmt.Stringer, error) { return shop.Get(as(ctx, bobsToken, ""), &pb.GetRequest{Id: "order-1"}) }},
		{"Somebody looks", func() (fmt.Stringer, error) { return shop.Get(as(ctx, "", "acme"), &pb.GetRequest{Id: "order-1"}) }},
		{"Ann orders what is not there", func() (fmt.Stringer, error) { return shop.Create(ann, &pb.CreateRequest{Sku: "anvil"}) }},
		{"Bob watches, and Ann cancels", func() (fmt.Stringer, error) { return watch(bob, ann, shop) }},
		{"Ann cancels again", func() (fmt.Stringer, error) { return shop.Cancel(ann, &pb.CancelRequest{Id: "order-1"}) }},
	} {
		fmt.Fprintf(out, "\n%s\n", call.title)
		answer, err := call.do()
		if err != nil {
			fmt.Fprintf(out, "  %s: %s%s\n", status.Code(err), status.Convert(err).Message(), details(err))
			continue
		}
		fmt.Fprintf(out, "  %s\n", shown(answer))
	}
	return nil
}

// dial connects a client that knows the shop's errors.
func dial(address string) (*grpc.ClientConn, error) {
	mapper, err := errmap.New(errmap.Config{}, errmap.Tagged[*stock.OutOfStock]())
	if err != nil {
		return nil, err
	}
	typed, err := translate.New(translate.Options{Mapper: mapper})
	if err != nil {
		return nil, err
	}
	chain, err := framework.NewClientChain(framework.Use(typed))
	if err != nil {
		return nil, err
	}
	return grpc.NewClient(address, append(chain.DialOptions(), grpc.WithTransportCredentials(insecure.NewCredentials()))...)
}

// watch gives what an order was at last, and has it canceled meanwhile.
func watch(watcher, canceler context.Context, shop pb.OrdersClient) (fmt.Stringer, error) {
	stream, err := shop.Watch(watcher, &pb.WatchRequest{Id: "order-1"})
	if err != nil {
		return nil, err
	}
	if _, err := stream.Recv(); err != nil {
		return nil, err
	}
	if _, err := shop.Cancel(canceler, &pb.CancelRequest{Id: "order-1"}); err != nil {
		return nil, err
	}
	return stream.Recv()
}

// shown is an order in words; a message's own text differs from build to build.
func shown(answer fmt.Stringer) string {
	o, ok := answer.(*pb.Order)
	if !ok {
		return answer.String()
	}
	return fmt.Sprintf("%s: %d %s for %s, %s", o.GetId(), o.GetQuantity(), o.GetSku(), o.GetTenant(), o.GetState())
}

// details are what a status holds besides, as the shop's Go error where it is one.
func details(err error) (text string) {
	var out *stock.OutOfStock
	if errors.As(err, &out) {
		return fmt.Sprintf("; as a Go error: %s, again in %s, query %q", out.SKU, out.Again, out.Query)
	}
	for _, d := range status.Convert(err).Details() {
		if bad, ok := d.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				text += fmt.Sprintf("; %s: %s", v.GetField(), v.GetDescription())
			}
		}
	}
	return text
}
