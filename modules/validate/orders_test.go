package validate_test

import (
	"context"
	"io"
	"testing"

	_ "buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate" // the rules in the text of the file
	"google.golang.org/grpc"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
)

// ordersProto is a file with rules, as protoc would give it, of:
//
//	service Orders {
//	  rpc Place(Order) returns (Receipt);
//	  rpc PlaceAll(stream Order) returns (Receipt);
//	  rpc Track(Order) returns (stream Receipt);
//	  rpc Chat(stream Order) returns (stream Receipt);
//	  rpc Ping(Plain) returns (Plain);       // no rules
//	  rpc Report(Plain) returns (Receipt);   // rules in the response alone
//	}
const ordersProto = `
name: "acme/orders/v1/orders.proto" package: "acme.orders.v1" syntax: "proto3"
dependency: "buf/validate/validate.proto"
message_type {
	name: "Order"
	field {
		name: "customer" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL
		options { [buf.validate.field] { string { min_len: 3 } } }
	}
	field {
		name: "lines" number: 2 type: TYPE_MESSAGE type_name: ".acme.orders.v1.Line" label: LABEL_REPEATED
	}
	field {
		name: "labels" number: 3 type: TYPE_MESSAGE type_name: ".acme.orders.v1.Order.LabelsEntry" label: LABEL_REPEATED
		options { [buf.validate.field] { map { keys { string { max_len: 8 } } values { string { min_len: 1 } } } } }
	}
	field {
		name: "coupons" number: 4 type: TYPE_STRING label: LABEL_REPEATED
		options { [buf.validate.field] { repeated { items { string { min_len: 1 } } } } }
	}
	field { name: "gift" number: 5 type: TYPE_MESSAGE type_name: ".acme.orders.v1.Order" label: LABEL_OPTIONAL }
	field { name: "note" number: 6 type: TYPE_STRING label: LABEL_OPTIONAL }
	field {
		name: "by_number" number: 7 type: TYPE_MESSAGE type_name: ".acme.orders.v1.Order.ByNumberEntry" label: LABEL_REPEATED
		options { [buf.validate.field] { map { values { string { min_len: 1 } } } } }
	}
	nested_type {
		name: "LabelsEntry" options { map_entry: true }
		field { name: "key" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
		field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
	}
	nested_type {
		name: "ByNumberEntry" options { map_entry: true }
		field { name: "key" number: 1 type: TYPE_INT64 label: LABEL_OPTIONAL }
		field { name: "value" number: 2 type: TYPE_STRING label: LABEL_OPTIONAL }
	}
	options { [buf.validate.message] {
		cel { id: "order.note" message: "a gift has no note" expression: "!has(this.gift) || this.note == ''" }
		cel { id: "order.echo" expression: "this.note.startsWith('echo ') ? this.note : ''" }
		cel { id: "order.fails" expression: "this.note != 'fails' || this.coupons[0] == ''" }
	} }
}
message_type {
	name: "Line"
	field {
		name: "sku" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL
		options { [buf.validate.field] { string { pattern: "^[A-Z]{3}$" } } }
	}
	field {
		name: "count" number: 2 type: TYPE_INT32 label: LABEL_OPTIONAL
		options { [buf.validate.field] { int32 { gt: 0 } } }
	}
}
message_type {
	name: "Receipt"
	field {
		name: "id" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL
		options { [buf.validate.field] { string { min_len: 3 } } }
	}
}
message_type {
	name: "Plain"
	field { name: "text" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
	field { name: "again" number: 2 type: TYPE_MESSAGE type_name: ".acme.orders.v1.Plain" label: LABEL_OPTIONAL }
}
service {
	name: "Orders"
	method { name: "Place" input_type: ".acme.orders.v1.Order" output_type: ".acme.orders.v1.Receipt" }
	method { name: "PlaceAll" input_type: ".acme.orders.v1.Order" output_type: ".acme.orders.v1.Receipt" client_streaming: true }
	method { name: "Track" input_type: ".acme.orders.v1.Order" output_type: ".acme.orders.v1.Receipt" server_streaming: true }
	method { name: "Chat" input_type: ".acme.orders.v1.Order" output_type: ".acme.orders.v1.Receipt" client_streaming: true server_streaming: true }
	method { name: "Ping" input_type: ".acme.orders.v1.Plain" output_type: ".acme.orders.v1.Plain" }
	method { name: "Report" input_type: ".acme.orders.v1.Plain" output_type: ".acme.orders.v1.Receipt" }
}`

// linkFile links a file into the test, as generated code would.
func linkFile(text string) error {
	file := &descriptorpb.FileDescriptorProto{}
	if err := prototext.Unmarshal([]byte(text), file); err != nil {
		return err
	}
	d, err := protodesc.NewFile(file, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(d)
}

func messageOf(name string) protoreflect.MessageDescriptor {
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(name))
	if err != nil {
		panic(err)
	}
	return d.(protoreflect.MessageDescriptor)
}

// message is a message of a type, from its text.
func message(t testing.TB, name, text string) proto.Message {
	t.Helper()
	m := dynamicpb.NewMessage(messageOf("acme.orders.v1." + name))
	if err := prototext.Unmarshal([]byte(text), m); err != nil {
		t.Fatal(err)
	}
	return m
}

const (
	goodOrder   = `customer: "ann" lines { sku: "ABC" count: 1 }`
	badOrder    = `customer: "a" lines { sku: "ABC" count: 1 } lines { sku: "hunter2" }`
	goodReceipt = `id: "r-1"`
	badReceipt  = `id: "r"`
)

// methods are those of Orders that take an Order, by kind.
var methods = [...]string{framework.Unary: "Place", framework.ClientStream: "PlaceAll", framework.ServerStream: "Track", framework.BidiStream: "Chat"}

// shop answers with receipts. Of requests it counts those that reached it.
type shop struct {
	receipts []string // the texts of responses
	requests chan proto.Message
	swallows bool // what Recv says
}

// description is the service, for one method of each kind.
func (s *shop) description() *grpc.ServiceDesc {
	d := &grpc.ServiceDesc{ServiceName: "acme.orders.v1.Orders", HandlerType: (*any)(nil), Metadata: "acme/orders/v1/orders.proto"}
	for _, unary := range []struct{ name, in, out string }{{"Place", "Order", "Receipt"}, {"Ping", "Plain", "Plain"}, {"Report", "Plain", "Receipt"}} {
		d.Methods = append(d.Methods, grpc.MethodDesc{MethodName: unary.name, Handler: s.unary(unary.name, unary.in, unary.out)})
	}
	for _, kind := range []framework.Kind{framework.ClientStream, framework.ServerStream, framework.BidiStream} {
		d.Streams = append(d.Streams, grpc.StreamDesc{
			StreamName: methods[kind], ClientStreams: kind.StreamsRequests(), ServerStreams: kind.StreamsResponses(),
			Handler: func(_ any, stream grpc.ServerStream) error { return s.stream(kind, stream) },
		})
	}
	return d
}

func (s *shop) unary(name, in, out string) grpc.MethodHandler {
	return func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		request := dynamicpb.NewMessage(messageOf("acme.orders.v1." + in))
		if err := dec(request); err != nil {
			return nil, err
		}
		handle := func(_ context.Context, req any) (any, error) {
			s.requests <- req.(proto.Message)
			return s.response(out, 0), nil
		}
		if interceptor == nil {
			return handle(ctx, request)
		}
		return interceptor(ctx, request, &grpc.UnaryServerInfo{Server: srv, FullMethod: "/acme.orders.v1.Orders/" + name}, handle)
	}
}

func (s *shop) response(name string, i int) proto.Message {
	m := dynamicpb.NewMessage(messageOf("acme.orders.v1." + name))
	if name == "Receipt" {
		if err := prototext.Unmarshal([]byte(s.receipts[i]), m); err != nil {
			panic(err)
		}
	}
	return m
}

// stream takes all requests, on a bidi stream with an answer to each, and gives its receipts.
func (s *shop) stream(kind framework.Kind, stream grpc.ServerStream) error {
	for answered := 0; ; answered++ {
		request := dynamicpb.NewMessage(messageOf("acme.orders.v1.Order"))
		err := stream.RecvMsg(request)
		if err == io.EOF || err != nil && s.swallows {
			break
		}
		if err != nil {
			return err
		}
		s.requests <- request
		if kind == framework.BidiStream && answered < len(s.receipts) {
			if err := stream.SendMsg(s.response("Receipt", answered)); err != nil {
				return err
			}
		}
		if kind == framework.ServerStream {
			break
		}
	}
	switch kind {
	case framework.ClientStream:
		return stream.SendMsg(s.response("Receipt", 0))
	case framework.ServerStream:
		for i := range s.receipts {
			if err := stream.SendMsg(s.response("Receipt", i)); err != nil {
				return err
			}
		}
	}
	return nil
}

// open serves the shop and gives a connection to it.
func (s *shop) open(t testing.TB, o ...frameworktest.Option) *grpc.ClientConn {
	t.Helper()
	s.requests = make(chan proto.Message, 100)
	if s.receipts == nil {
		s.receipts = []string{goodReceipt}
	}
	return frameworktest.Conn(t, func(r grpc.ServiceRegistrar) { r.RegisterService(s.description(), s) }, o...)
}

// took are the requests that reached the handlers since.
func (s *shop) took() (n int) {
	for {
		select {
		case <-s.requests:
			n++
		default:
			return n
		}
	}
}

// order makes an RPC of a kind with orders, and gives how many receipts came, and its error.
func order(ctx context.Context, conn grpc.ClientConnInterface, kind framework.Kind, orders ...proto.Message) (receipts int, err error) {
	full := "/acme.orders.v1.Orders/" + methods[kind]
	receipt := func() proto.Message { return dynamicpb.NewMessage(messageOf("acme.orders.v1.Receipt")) }
	if kind == framework.Unary {
		if err := conn.Invoke(ctx, full, orders[0], receipt()); err != nil {
			return 0, err
		}
		return 1, nil
	}
	desc := &grpc.StreamDesc{ClientStreams: kind.StreamsRequests(), ServerStreams: kind.StreamsResponses()}
	stream, err := conn.NewStream(ctx, desc, full)
	if err != nil {
		return 0, err
	}
	for _, o := range orders {
		err := stream.SendMsg(o)
		if err == io.EOF { // RecvMsg has the reason
			break
		}
		if err != nil {
			return receipts, err
		}
		if kind == framework.BidiStream {
			if err := stream.RecvMsg(receipt()); err != nil {
				return receipts, err
			}
			receipts++
		}
	}
	if err := stream.CloseSend(); err != nil {
		return receipts, err
	}
	for {
		err := stream.RecvMsg(receipt())
		if err == io.EOF {
			return receipts, nil
		}
		if err != nil {
			return receipts, err
		}
		if receipts++; !kind.StreamsResponses() {
			return receipts, nil
		}
	}
}
