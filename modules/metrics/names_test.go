package metrics_test

import (
	"context"
	"fmt"
	"net"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

// Methods that the server does not have share one label, however many there are, and however they are written.
func TestUnknownMethods(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newMetrics(t, metrics.Options{})
		conn := plain(t, &frameworktest.DummyService{}, framework.Use(i))
		before := series(t, i)
		call := func(method string) {
			t.Helper()
			if err := conn.Invoke(t.Context(), method, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}); status.Code(err) != codes.Unimplemented {
				t.Errorf("%q: %v", method, err)
			}
		}
		written := []string{
			"/a.B/C", "/" + service + "/Nope", "/" + service + "/execute", "//" + service + "/Execute", "/" + service + "/Execute/",
			"/" + service + "//Execute", "/x/y/z", "/", "//", "nope", "a/b", "",
		}
		for _, method := range written {
			call(method)
		}
		const more = 2000
		for n := range more {
			call(fmt.Sprintf("/scan%d.S/M%d", n, n))
		}
		synctest.Wait()
		n := float64(len(written) + more)
		read(t, i.Registry()).want(t, numbers{
			"server started unknown unknown/unknown": n, "server handled unknown unknown/unknown Unimplemented": n,
			"server handling unknown unknown/unknown": n,
		})
		if after := series(t, i); after-before != 6 {
			t.Errorf("%d series more", after-before)
		}
	})
}

// plain is a connection without a chain, which would refuse a method that is none, to a server with one.
func plain(t *testing.T, s dummypb.DummyServiceServer, parts ...framework.Part) *grpc.ClientConn {
	t.Helper()
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		t.Fatal(err)
	}
	server := grpc.NewServer(append(chain.ServerOptions(), grpc.WaitForHandlers(true))...)
	dummypb.RegisterDummyServiceServer(server, s)
	if err := chain.Bind(server.GetServiceInfo()); err != nil {
		t.Fatal(err)
	}
	l := bufconn.Listen(1 << 16)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	conn, err := grpc.NewClient("passthrough:memory", grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return l.DialContext(ctx) }))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = conn.Close()
		server.Stop()
		<-served
	})
	return conn
}

// series is how many there are, those that are 0 too.
func series(t *testing.T, i *metrics.Interceptor) (n int) {
	t.Helper()
	families, err := i.Registry().Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		n += len(f.GetMetric())
	}
	return n
}

// With a handler for them, unknown methods do reach the interceptors, and share a label all the same. What of them is linked
// has its name.
func TestUnknownServiceHandler(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newMetrics(t, metrics.Options{})
		conn := frameworktest.Conn(t, func(grpc.ServiceRegistrar) {}, on(framework.ServerSide, framework.Use(i)),
			frameworktest.ServerOptions(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return errmap.NotFound })))
		methods := []string{"/" + service + "/ExecuteClientServerStream"}
		for n := range 300 {
			methods = append(methods, fmt.Sprintf("/scan%d.S/M%d", n, n))
		}
		for _, method := range methods {
			if err := conn.Invoke(t.Context(), method, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}); status.Code(err) != codes.NotFound {
				t.Fatalf("%q: %v", method, err)
			}
		}
		read(t, i.Registry()).without("handling").want(t, numbers{
			"server started bidi_stream unknown/unknown": 300, "server handled bidi_stream unknown/unknown NotFound": 300,
			"server started bidi_stream ExecuteClientServerStream": 1, "server handled bidi_stream ExecuteClientServerStream NotFound": 1,
		})
	})
}

// A service that the server has is named, without a descriptor as well, when it is first called. So is one that a client
// has code for.
func TestNotLinked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const method = "/not.linked.Service/Do"
		do := func(srv any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) {
			request := new(dummypb.DummyRequest)
			if err := decode(request); err != nil {
				return nil, err
			}
			return intercept(ctx, request, &grpc.UnaryServerInfo{Server: srv, FullMethod: method}, func(context.Context, any) (any, error) {
				return &dummypb.DummyResponse{}, nil
			})
		}
		desc := &grpc.ServiceDesc{
			ServiceName: "not.linked.Service", HandlerType: (*any)(nil), Methods: []grpc.MethodDesc{{MethodName: "Do", Handler: do}},
		}
		i := newMetrics(t, metrics.Options{})
		conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { s.RegisterService(desc, 1) }, both(i)...)
		for _, o := range [][]grpc.CallOption{nil, {grpc.StaticMethod()}, nil} {
			if err := conn.Invoke(t.Context(), method, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}, o...); err != nil {
				t.Fatal(err)
			}
		}
		read(t, i.Registry()).of("client handled").want(t, numbers{
			"client handled unary unknown/unknown OK": 1, "client handled unary not.linked.Service/Do OK": 2,
		})
		read(t, i.Registry()).of("server handled").want(t, numbers{"server handled unary not.linked.Service/Do OK": 3})
	})
}
