package fxgrpc_test

import (
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/fx"
	"go.uber.org/fx/fxtest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// noted appends a hook that notes when it starts and stops.
func noted(j *journal, name string) fx.Option {
	return fx.Invoke(func(lc fx.Lifecycle) { noteHook(lc, j, name) })
}

func noteHook(lc fx.Lifecycle, j *journal, name string) {
	lc.Append(fx.StartStopHook(func() { j.note("+" + name) }, func() { j.note("-" + name) }))
}

// TestStartOrder starts and stops what the app invokes in the order listed, and what a service needs around it.
func TestStartOrder(t *testing.T) {
	t.Parallel()
	j := &journal{}
	network := fxgrpc.Network{Listen: func(context.Context, string, string, string) (net.Listener, error) {
		j.note("+server")
		return bufconn.Listen(1), nil
	}}
	app := fxtest.New(t, quiet, fx.Supply(network),
		noted(j, "first"),
		fxgrpc.Module,
		fx.Module("feature", fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func(lc fx.Lifecycle) dummypb.DummyServiceServer {
			noteHook(lc, j, "service")
			return newDummy()
		}))),
		noted(j, "migrations"),
		fxgrpc.Server(fxgrpc.Insecure()),
		noted(j, "worker"),
	)
	app.RequireStart().RequireStop()
	want := []string{"+first", "+service", "+migrations", "+server", "+worker", "-worker", "-migrations", "-service", "-first"}
	if got := j.take(); !slices.Equal(got, want) {
		t.Errorf("the hooks ran %q, want %q", got, want)
	}
}

// TestBindError has a port that is taken, and a server that is up already.
func TestBindError(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	up := bufconn.Listen(1)
	app := fx.New(quiet, served(fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Named("second"), fxgrpc.Listen("tcp", taken.Addr().String()))),
		fx.Supply(fxgrpc.Network{Listen: func(ctx context.Context, server, network, address string) (net.Listener, error) {
			if server == "default" {
				return up, nil
			}
			return (&net.ListenConfig{}).Listen(ctx, network, address)
		}}))
	err = app.Start(t.Context())
	if err == nil {
		t.Fatal("the app started")
	}
	for _, want := range []string{`server "second" (lifecycle_test.go:`, "can't listen on tcp " + taken.Addr().String(), "address already in use"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in %v", want, err)
		}
	}
	if _, err := up.Dial(); err == nil {
		t.Error("the first server is still up")
	}
}

// TestServeError takes a server's listener away.
func TestServeError(t *testing.T) {
	t.Parallel()
	l := bufconn.Listen(1)
	var p *fxgrpc.Plan
	app := fxtest.New(t, quiet, fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure(), fxgrpc.Listener(l)), fx.Populate(&p))
	ended := app.Wait()
	app.RequireStart()
	if err := p.Err(); err != nil {
		t.Errorf("before, Err is %v", err)
	}
	_ = l.Close()
	if signal := <-ended; signal.ExitCode != 1 {
		t.Errorf("the exit code is %d", signal.ExitCode)
	}
	if err := p.Err(); err == nil || !strings.Contains(err.Error(), `server "default" (lifecycle_test.go:`) || !strings.Contains(err.Error(), "it ended by itself") {
		t.Errorf("Err is %v", err)
	}
	app.RequireStop()
}

// TestStopped has a server that can not be started again.
func TestStopped(t *testing.T) {
	t.Parallel()
	app := fxtest.New(t, quiet, served())
	app.RequireStart().RequireStop()
	if err := app.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "make a new fx.App") {
		t.Errorf("got %v", err)
	}
}

// stuck is a service whose bidi streams end when a test's channel says so.
type stuck struct {
	dummypb.UnimplementedDummyServiceServer
	until func(ctx context.Context) <-chan struct{}
}

func (s *stuck) ExecuteClientServerStream(stream grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	if err := stream.Send(&dummypb.DummyResponse{Output: "begun"}); err != nil {
		return err
	}
	if s.until == nil { // it waits for a message
		_, err := stream.Recv()
		return err
	}
	<-s.until(stream.Context())
	return stream.Context().Err()
}

// TestDrain stops an app while a stream is open, in time that is not real.
func TestDrain(t *testing.T) {
	t.Parallel()
	released := func(d time.Duration) func(context.Context) <-chan struct{} {
		return func(context.Context) <-chan struct{} {
			done := make(chan struct{})
			time.AfterFunc(d, func() { close(done) })
			return done
		}
	}
	for _, tt := range []struct {
		name     string
		until    func(context.Context) <-chan struct{}
		drain    []fxgrpc.ServerOption
		deadline time.Duration
		took     time.Duration
		code     codes.Code
	}{
		{"it ends when the server drains", fxgrpc.Draining, nil, time.Minute, 0, codes.OK},
		{"it ends by itself", released(3 * time.Second), nil, time.Minute, 3 * time.Second, codes.OK},
		{"it ends when cancelled", context.Context.Done, nil, time.Minute, 10 * time.Second, codes.Unavailable},
		{"a timeout", context.Context.Done, []fxgrpc.ServerOption{fxgrpc.Drain(0, 2*time.Second)}, time.Minute, 2 * time.Second, codes.Unavailable},
		{"a delay", fxgrpc.Draining, []fxgrpc.ServerOption{fxgrpc.Drain(2*time.Second, time.Second)}, time.Minute, 2 * time.Second, codes.OK},
		{"fx has less time", context.Context.Done, nil, 5 * time.Second, 4 * time.Second, codes.Unavailable},
		{"fx has less time than the delay", context.Context.Done, []fxgrpc.ServerOption{fxgrpc.Drain(time.Hour, time.Hour)}, 5 * time.Second, 4 * time.Second, codes.Unavailable},
		{"streams are ended", context.Context.Done, []fxgrpc.ServerOption{fxgrpc.EndStreams(3 * time.Second)}, time.Minute, 3 * time.Second, codes.Unavailable},
		{"streams are ended at once", causeDraining, []fxgrpc.ServerOption{fxgrpc.EndStreams(0)}, time.Minute, 0, codes.Unavailable},
		{"it ends before streams are", fxgrpc.Draining, []fxgrpc.ServerOption{fxgrpc.EndStreams(3 * time.Second)}, time.Minute, 0, codes.OK},
		{"it waits for a message when streams are ended", nil, []fxgrpc.ServerOption{fxgrpc.EndStreams(3 * time.Second)}, time.Minute, 3 * time.Second, codes.Unavailable},
		{"it ignores its context", released(time.Minute), nil, 15 * time.Second, 10*time.Second + 500*time.Millisecond, codes.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				j := &journal{}
				app := fxgrpctest.New(t, quiet, fxgrpc.Module, noted(j, "database"),
					fxgrpc.Server(append(tt.drain, fxgrpc.Insecure())...),
					fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *stuck { return &stuck{until: tt.until} })))
				stream, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).ExecuteClientServerStream(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if _, err := stream.Recv(); err != nil {
					t.Fatal(err)
				}
				ctx, cancel := context.WithTimeout(t.Context(), tt.deadline)
				defer cancel()
				began := time.Now()
				if err := app.Stop(ctx); err != nil {
					t.Errorf("Stop returned %v", err)
				}
				if took := time.Since(began); took != tt.took {
					t.Errorf("Stop took %v, want %v", took, tt.took)
				}
				if _, err := stream.Recv(); codeOf(err) != tt.code {
					t.Errorf("the stream ended with %v, want %v", err, tt.code)
				}
				if got := j.take(); !slices.Equal(got, []string{"+database", "-database"}) {
					t.Errorf("the other hooks ran %q", got)
				}
				time.Sleep(time.Minute) // for a handler that ignores its context
			})
		})
	}
}

// codeOf is the code that a stream ended with.
func codeOf(err error) codes.Code {
	if errors.Is(err, io.EOF) {
		return codes.OK
	}
	return status.Code(err)
}

// TestHealth follows a server's health through its life.
func TestHealth(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		app := fxgrpctest.New(t, quiet, served(), fxgrpc.Defaults(),
			fxgrpc.Server(fxgrpc.Named("slow"), fxgrpc.Insecure(), fxgrpc.Drain(5*time.Second, time.Second)))
		client := healthpb.NewHealthClient(app.Conn(t, "slow"))
		watch, err := client.Watch(t.Context(), &healthpb.HealthCheckRequest{Service: dummypb.DummyService_ServiceDesc.ServiceName})
		if err != nil {
			t.Fatal(err)
		}
		if now, err := watch.Recv(); err != nil || now.GetStatus() != healthpb.HealthCheckResponse_SERVING {
			t.Errorf("while it runs: %v, %v", now, err)
		}
		began := time.Now()
		stopped := make(chan error)
		go func() { stopped <- app.Stop(t.Context()) }()
		if now, err := watch.Recv(); err != nil || now.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("when it stops: %v, %v", now, err)
		}
		if now, err := client.Check(t.Context(), &healthpb.HealthCheckRequest{}); err != nil || now.GetStatus() != healthpb.HealthCheckResponse_NOT_SERVING {
			t.Errorf("in the delay, a call: %v, %v", now, err)
		}
		if _, err := watch.Recv(); status.Code(err) != codes.Unavailable {
			t.Errorf("when it drains: %v", err)
		}
		if err := <-stopped; err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took != 5*time.Second {
			t.Errorf("Stop took %v", took)
		}
	})
}

// TestAddr listens on the loopback by default, and says where.
func TestAddr(t *testing.T) {
	t.Parallel()
	var p *fxgrpc.Plan
	app := fxtest.New(t, quiet, served(), fx.Populate(&p))
	if addr := p.Addr("default"); addr != nil {
		t.Errorf("before it starts the address is %v", addr)
	}
	app.RequireStart()
	defer app.RequireStop()
	addr, ok := p.Addr("default").(*net.TCPAddr)
	if !ok || !addr.IP.IsLoopback() || addr.Port == 0 {
		t.Fatalf("the address is %v", p.Addr("default"))
	}
	conn, err := grpc.NewClient(addr.String(), grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := dummypb.NewDummyServiceClient(conn).Execute(t.Context(), &dummypb.DummyRequest{}); err != nil {
		t.Error(err)
	}
	if addr := p.Addr("other"); addr != nil {
		t.Errorf("an unknown server has the address %v", addr)
	}
}

// causeDraining is ready when a context was cancelled with the cause ErrDraining, and with no other.
func causeDraining(ctx context.Context) <-chan struct{} {
	ready := make(chan struct{})
	context.AfterFunc(ctx, func() {
		if context.Cause(ctx) == fxgrpc.ErrDraining {
			close(ready)
		}
	})
	return ready
}
