package framework_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func TestMain(m *testing.M) {
	if err := registerOrders(); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// service is a dummy service of functions; a nil one echoes.
type service struct {
	dummypb.UnimplementedDummyServiceServer
	unary  func(context.Context, *dummypb.DummyRequest) (*dummypb.DummyResponse, error)
	client func(grpc.ClientStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error
	server func(*dummypb.DummyRequest, grpc.ServerStreamingServer[dummypb.DummyResponse]) error
	bidi   func(grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error
}

func (s *service) Execute(ctx context.Context, in *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	if s.unary != nil {
		return s.unary(ctx, in)
	}
	return &dummypb.DummyResponse{Output: in.Input}, nil
}

func (s *service) ExecuteClientStream(stream grpc.ClientStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	if s.client != nil {
		return s.client(stream)
	}
	all := ""
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&dummypb.DummyResponse{Output: all})
		}
		if err != nil {
			return err
		}
		all += in.Input
	}
}

func (s *service) ExecuteServerStream(in *dummypb.DummyRequest, stream grpc.ServerStreamingServer[dummypb.DummyResponse]) error {
	if s.server != nil {
		return s.server(in, stream)
	}
	for _, r := range in.Input {
		if err := stream.Send(&dummypb.DummyResponse{Output: string(r)}); err != nil {
			return err
		}
	}
	return nil
}

func (s *service) ExecuteClientServerStream(stream grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	if s.bidi != nil {
		return s.bidi(stream)
	}
	for {
		in, err := stream.Recv()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := stream.Send(&dummypb.DummyResponse{Output: in.Input}); err != nil {
			return err
		}
	}
}

// rig is a server and a connection to it.
type rig struct {
	dummypb.DummyServiceClient
	conn   *grpc.ClientConn
	server *grpc.Server
}

func parts(i ...framework.Interceptor) []framework.Part {
	all := make([]framework.Part, len(i))
	for n := range i {
		all[n] = framework.Use(i[n])
	}
	return all
}

func start(tb testing.TB, s *service, server, client []framework.Part, dial ...grpc.DialOption) *rig {
	tb.Helper()
	sc, err := framework.NewServerChain(server...)
	if err != nil {
		tb.Fatal(err)
	}
	cc, err := framework.NewClientChain(client...)
	if err != nil {
		tb.Fatal(err)
	}
	lis := bufconn.Listen(1 << 20)
	gs := grpc.NewServer(append(sc.ServerOptions(), grpc.WaitForHandlers(true))...)
	dummypb.RegisterDummyServiceServer(gs, s)
	if err := sc.Bind(gs.GetServiceInfo()); err != nil {
		tb.Fatal(err)
	}
	served := make(chan struct{})
	go func() { defer close(served); _ = gs.Serve(lis) }()
	dial = append(dial, grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return lis.DialContext(ctx) }))
	conn, err := grpc.NewClient("passthrough:///bufconn", append(dial, cc.DialOptions()...)...)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(); gs.Stop(); <-served })
	return &rig{DummyServiceClient: dummypb.NewDummyServiceClient(conn), conn: conn, server: gs}
}

func withTimeout(tb testing.TB) context.Context {
	tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	tb.Cleanup(cancel)
	return ctx
}

func request(s string) *dummypb.DummyRequest { return &dummypb.DummyRequest{Input: s} }

// execute makes one RPC of a kind the way a caller does, and gives all outputs and the final error.
func execute(ctx context.Context, c dummypb.DummyServiceClient, kind framework.Kind, inputs ...string) (outputs []string, err error) {
	switch kind {
	case framework.Unary:
		out, err := c.Execute(ctx, request(inputs[0]))
		return appendOutput(nil, out, err), err
	case framework.ClientStream:
		stream, err := c.ExecuteClientStream(ctx)
		if err != nil {
			return nil, err
		}
		for _, in := range inputs {
			if err := stream.Send(request(in)); err == io.EOF {
				break
			} else if err != nil {
				return nil, err
			}
		}
		out, err := stream.CloseAndRecv()
		return appendOutput(nil, out, err), err
	case framework.ServerStream:
		stream, err := c.ExecuteServerStream(ctx, request(inputs[0]))
		if err != nil {
			return nil, err
		}
		return drain(stream)
	default:
		stream, err := c.ExecuteClientServerStream(ctx)
		if err != nil {
			return nil, err
		}
		for _, in := range inputs {
			if err := stream.Send(request(in)); err == io.EOF {
				break
			} else if err != nil {
				return nil, err
			}
		}
		if err := stream.CloseSend(); err != nil {
			return nil, err
		}
		return drain(stream)
	}
}

func drain(stream interface {
	Recv() (*dummypb.DummyResponse, error)
},
) (outputs []string, err error) {
	for {
		out, err := stream.Recv()
		if err == io.EOF {
			return outputs, nil
		}
		if err != nil {
			return outputs, err
		}
		outputs = append(outputs, out.Output)
	}
}

func appendOutput(outputs []string, out *dummypb.DummyResponse, err error) []string {
	if err != nil {
		return outputs
	}
	return append(outputs, out.Output)
}

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

// onKinds runs a test for every kind of RPC.
func onKinds(t *testing.T, test func(t *testing.T, kind framework.Kind)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			test(t, kind)
		})
	}
}

type (
	clientStreamServer = grpc.ClientStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]
	serverStreamServer = grpc.ServerStreamingServer[dummypb.DummyResponse]
	bidiServer         = grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]
)

func principal(name string) slog.Attr { return slog.String(framework.AnnotationPrincipal, name) }
