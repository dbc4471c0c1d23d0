package frameworktest_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// inFlight is an RPC whose handler runs until it is released, or cancelled.
type inFlight struct {
	server  *grpc.Server
	conn    *grpc.ClientConn
	client  dummyClient
	release chan struct{}
	outcome chan error
	seen    counter // by a link of the client
}

func newInFlight(t *testing.T, kind framework.Kind, over frameworktest.Option) *inFlight {
	t.Helper()
	f := &inFlight{release: make(chan struct{}), outcome: make(chan error, 1)}
	begun := make(chan struct{})
	service := &frameworktest.DummyService{SpecialCases: cases{
		"slow": func(ctx context.Context, input string) (string, error) {
			close(begun)
			select {
			case <-f.release:
				return input, nil
			case <-ctx.Done():
				return "", ctx.Err()
			}
		},
	}}
	f.conn = frameworktest.Conn(t, func(s grpc.ServiceRegistrar) {
		f.server = s.(*grpc.Server)
		dummypb.RegisterDummyServiceServer(s, service)
	}, over, onServer(passThrough), onClient(f.seen.countCodes))
	f.client = dummypb.NewDummyServiceClient(f.conn)
	go func() {
		_, err := frameworktest.Execute(context.WithoutCancel(t.Context()), f.client, kind, []string{"slow"})
		f.outcome <- err
	}()
	<-begun
	return f
}

// await waits for a state of the connection.
func (f *inFlight) await(t *testing.T, want func(connectivity.State) bool) {
	for state := f.conn.GetState(); !want(state); state = f.conn.GetState() {
		f.conn.WaitForStateChange(t.Context(), state)
	}
}

// ends wants the RPC to end with a code, which the client's link saw, too.
func (f *inFlight) ends(t *testing.T, want codes.Code) {
	t.Helper()
	if err := <-f.outcome; status.Code(err) != want {
		t.Errorf("the RPC in flight ended with %v, want %s", err, want)
	}
	f.seen.want(t, map[string]int{want.String(): 1})
}

func TestX39GracefulStop(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		f := newInFlight(t, kind, over)
		f.await(t, func(s connectivity.State) bool { return s == connectivity.Ready })
		stopped := make(chan struct{})
		go func() { f.server.GracefulStop(); close(stopped) }()
		f.await(t, func(s connectivity.State) bool { return s != connectivity.Ready }) // the server said that it goes away
		if _, err := frameworktest.Execute(t.Context(), f.client, kind, []string{"new"}); status.Code(err) != codes.Unavailable {
			t.Errorf("a new RPC ended with %v", err)
		}
		close(f.release)
		if err := <-f.outcome; err != nil {
			t.Errorf("the RPC in flight ended with %v", err)
		}
		<-stopped
		f.seen.want(t, map[string]int{"Unavailable": 1, "OK": 1})
	})
}

func TestX39Stop(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		f := newInFlight(t, kind, over)
		f.server.Stop()
		f.ends(t, codes.Unavailable)
	})
}

func TestX39ConnClose(t *testing.T) {
	each(t, kinds, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		f := newInFlight(t, kind, over)
		if err := f.conn.Close(); err != nil {
			t.Fatal(err)
		}
		f.ends(t, codes.Canceled)
		if _, err := frameworktest.Execute(t.Context(), f.client, kind, []string{"late"}); status.Code(err) != codes.Canceled {
			t.Errorf("an RPC on a closed connection ended with %v", err)
		}
	})
}

// A stream that nobody reads any more ends for its links, too, when its connection is closed.
func TestConnCloseEndsAbandonedStream(t *testing.T) {
	each(t, []framework.Kind{framework.ServerStream, framework.BidiStream}, func(t *testing.T, kind framework.Kind, over frameworktest.Option) {
		left := make(chan error, 1)
		watch := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			err := next(ctx, call)
			left <- err
			return err
		}
		conn := frameworktest.DummyConn(t, over, onClient(watch))
		if _, err := openStream(t, dummypb.NewDummyServiceClient(conn), kind, "foo").Recv(); err != nil {
			t.Fatal(err)
		}
		if err := conn.Close(); err != nil {
			t.Fatal(err)
		}
		if err := <-left; err != nil && status.Code(err) != codes.Canceled {
			t.Errorf("next returned %v", err)
		}
	})
}

// The end of the test waits for handlers.
func TestTeardown(t *testing.T) {
	t.Parallel()
	both(t, func(t *testing.T, over frameworktest.Option) {
		handled := make(chan struct{}, 1)
		begun := make(chan struct{})
		t.Run("test", func(t *testing.T) {
			client := frameworktest.DummyClient(t, over, frameworktest.SpecialCases(cases{
				"slow": func(ctx context.Context, _ string) (string, error) {
					close(begun)
					<-ctx.Done()
					handled <- struct{}{}
					return "", ctx.Err()
				},
			}))
			openStream(t, client, framework.ServerStream, "slow")
			<-begun
		})
		select {
		case <-handled:
		default:
			t.Error("the test ended before its handler")
		}
	})
}

// failing is the t of a test that is to fail.
type failing struct {
	exampleT
	err error
}

func (t *failing) Fatal(args ...any) {
	t.err, _ = args[0].(error)
	panic(t)
}

// fatal is what a test fails with.
func fatal(f func(t testing.TB)) (err error) {
	test := &failing{}
	defer test.end()
	defer func() {
		if p := recover(); p != nil && p != any(test) {
			panic(p)
		}
		err = test.err
	}()
	f(test)
	return nil
}

func TestWrongChain(t *testing.T) {
	t.Parallel()
	nowhere := framework.Use(framework.InterceptorFunc(passThrough), framework.On("acme.Orders/*"))
	misplaced := framework.Use(framework.InterceptorFunc(passThrough), framework.At("app "))
	for name, option := range map[string]frameworktest.Option{
		"server":        frameworktest.ServerParts(misplaced),
		"client":        frameworktest.ClientParts(misplaced),
		"bound":         frameworktest.ServerParts(nowhere),
		"client method": frameworktest.ClientParts(nowhere),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := fatal(func(t testing.TB) { frameworktest.DummyConn(t, option) })
			if err == nil || !strings.Contains(err.Error(), "lifecycle_test.go") {
				t.Errorf("the test failed with %v, not with the mistake and its place", err)
			}
		})
	}
	err := fatal(func(t testing.TB) {
		frameworktest.DummyConn(t, frameworktest.ServerParts(misplaced), frameworktest.ClientParts(misplaced))
	})
	if joined, ok := err.(interface{ Unwrap() []error }); !ok || len(joined.Unwrap()) != 2 {
		t.Errorf("not both chains' mistakes: %v", err)
	}
}

// Given again an option adds to what was said before.
func TestOptionsAdd(t *testing.T) {
	t.Parallel()
	var j journal
	link := func(name string) framework.Part {
		return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			j.note("%s %s", call.Side(), name)
			return next(ctx, call)
		}))
	}
	interceptor := func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
		j.note("server option")
		return next(ctx, req)
	}
	dial := func(ctx context.Context, m string, req, reply any, cc *grpc.ClientConn, next grpc.UnaryInvoker, o ...grpc.CallOption) error {
		j.note("dial option")
		return next(ctx, m, req, reply, cc, o...)
	}
	client := frameworktest.DummyClient(
		t,
		frameworktest.SpecialCases(cases{"a": flaky(0), "b": frameworktest.Raises(errors.New("replaced"))}),
		frameworktest.SpecialCases(cases{"b": flaky(0)}),
		frameworktest.ServerParts(link("1")), frameworktest.ServerParts(link("2")),
		frameworktest.ClientParts(link("1")), frameworktest.ClientParts(link("2")),
		frameworktest.ServerOptions(grpc.ChainUnaryInterceptor(interceptor)), frameworktest.ServerOptions(grpc.MaxRecvMsgSize(100)),
		frameworktest.DialOptions(grpc.WithChainUnaryInterceptor(dial)), frameworktest.DialOptions(grpc.WithUserAgent("test")),
	)
	wantOutputs(t, client, framework.Unary, []string{"b"}, "b")
	wantEqual(t, "trace", j.read(), []string{"client 1", "client 2", "dial option", "server 1", "server 2", "server option"})
}
