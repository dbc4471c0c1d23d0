package realip_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/realip"
)

type votes struct {
	dummypb.UnimplementedDummyServiceServer
}

func (votes) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	addr, _ := realip.FromContext(ctx)
	return &dummypb.DummyResponse{Output: fmt.Sprintf("%s voted for %s", addr, r.GetInput())}, nil
}

// A proxy on the same machine adds its caller's address to the lie that the caller has sent.
func Example() {
	interceptor, err := realip.New(realip.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}})
	if err != nil {
		fmt.Println(err)
		return
	}
	lines, err := logging.New(logging.Options{Logger: slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: brief}))})
	if err != nil {
		fmt.Println(err)
		return
	}
	chain, err := framework.NewServerChain(framework.Use(interceptor), framework.Use(lines))
	if err != nil {
		fmt.Println(err)
		return
	}
	server := grpc.NewServer(chain.ServerOptions()...)
	dummypb.RegisterDummyServiceServer(server, votes{})
	proxy, closeProxy := serve(server)
	defer closeProxy()

	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-forwarded-for", "6.6.6.6, 203.0.113.7")
	response, err := proxy.Execute(ctx, &dummypb.DummyRequest{Input: "pears"})
	fmt.Println(response.GetOutput(), err)

	// Output:
	// msg="finished call" grpc.code=OK peer.ip=203.0.113.7
	// 203.0.113.7 voted for pears <nil>
}

// A network that everybody is in would have everybody believed.
func ExampleNew() {
	_, err := realip.New(realip.Options{TrustedProxies: []netip.Prefix{netip.MustParsePrefix("0.0.0.0/0")}})
	fmt.Println(err)

	// Output:
	// realip: Options.TrustedProxies[0] is 0.0.0.0/0, which is everybody, so that callers could write their address themselves; list the proxies' own
}

// brief leaves out of a log what is not the same every time.
func brief(_ []string, a slog.Attr) slog.Attr {
	switch a.Key {
	case slog.MessageKey, "grpc.code", framework.AnnotationPeerIP:
		return a
	}
	return slog.Attr{}
}

// serve runs a server on a free port, and gives a client of it, and what ends both.
func serve(server *grpc.Server) (dummypb.DummyServiceClient, func()) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go func() { _ = server.Serve(listener) }()
	conn, err := grpc.NewClient(listener.Addr().String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		panic(err)
	}
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); server.Stop() }
}
