package framework_test

import (
	"context"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// The methods of acme.shop.v1.Orders, a service beside the dummy one, with its messages. Its proto says of Get that it
// has no side effects and of Put that it is idempotent.
const (
	ordersGet    = "/acme.shop.v1.Orders/Get"
	ordersPut    = "/acme.shop.v1.Orders/Put"
	ordersCreate = "/acme.shop.v1.Orders/Create"
)

var ordersLevels = []struct {
	name  string
	level *descriptorpb.MethodOptions_IdempotencyLevel
}{
	{"Get", descriptorpb.MethodOptions_NO_SIDE_EFFECTS.Enum()},
	{"Put", descriptorpb.MethodOptions_IDEMPOTENT.Enum()},
	{"Create", nil},
}

// registerOrders links the proto of the service, as generated code would.
func registerOrders() error {
	dummy := dummypb.File_framework_frameworktest_dummypb_dummy_proto
	service := &descriptorpb.ServiceDescriptorProto{Name: proto.String("Orders")}
	for _, m := range ordersLevels {
		service.Method = append(service.Method, &descriptorpb.MethodDescriptorProto{
			Name:       proto.String(m.name),
			InputType:  proto.String("." + string(dummy.Messages().ByName("DummyRequest").FullName())),
			OutputType: proto.String("." + string(dummy.Messages().ByName("DummyResponse").FullName())),
			Options:    &descriptorpb.MethodOptions{IdempotencyLevel: m.level},
		})
	}
	file, err := protodesc.NewFile(&descriptorpb.FileDescriptorProto{
		Name: proto.String("acme/shop/v1/orders.proto"), Package: proto.String("acme.shop.v1"), Syntax: proto.String("proto3"),
		Dependency: []string{dummy.Path()}, Service: []*descriptorpb.ServiceDescriptorProto{service},
	}, protoregistry.GlobalFiles)
	if err != nil {
		return err
	}
	return protoregistry.GlobalFiles.RegisterFile(file)
}

// orders is the description of the service; its methods echo.
func orders() *grpc.ServiceDesc {
	d := &grpc.ServiceDesc{ServiceName: "acme.shop.v1.Orders", HandlerType: (*any)(nil), Metadata: "acme/shop/v1/orders.proto"}
	for _, m := range ordersLevels {
		d.Methods = append(d.Methods, grpc.MethodDesc{MethodName: m.name, Handler: echoOf("/acme.shop.v1.Orders/" + m.name)})
	}
	return d
}

func echoOf(full string) grpc.MethodHandler {
	return func(srv any, ctx context.Context, dec func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
		in := &dummypb.DummyRequest{}
		if err := dec(in); err != nil {
			return nil, err
		}
		return interceptor(ctx, in, &grpc.UnaryServerInfo{Server: srv, FullMethod: full}, func(_ context.Context, req any) (any, error) {
			return &dummypb.DummyResponse{Output: req.(*dummypb.DummyRequest).GetInput()}, nil
		})
	}
}

func registerShop(s grpc.ServiceRegistrar) {
	dummypb.RegisterDummyServiceServer(s, &frameworktest.DummyService{})
	s.RegisterService(orders(), struct{}{})
}

// shop is a connection to a server of both services.
func shop(tb testing.TB, parts ...framework.Part) *grpc.ClientConn {
	tb.Helper()
	return frameworktest.Conn(tb, registerShop, frameworktest.ServerParts(parts...))
}

func shopServices() map[string]grpc.ServiceInfo {
	server := grpc.NewServer()
	registerShop(server)
	return server.GetServiceInfo()
}

// invoke makes a unary RPC.
func invoke(tb testing.TB, conn grpc.ClientConnInterface, full string, o ...grpc.CallOption) error {
	tb.Helper()
	return conn.Invoke(withTimeout(tb), full, request("x"), &dummypb.DummyResponse{}, o...)
}

// shopChain is a chain of parts, bound to both services.
func shopChain(tb testing.TB, parts ...framework.Part) *framework.ServerChain {
	tb.Helper()
	chain, err := framework.NewServerChain(parts...)
	if err == nil {
		err = chain.Bind(shopServices())
	}
	if err != nil {
		tb.Fatal(err)
	}
	return chain
}
