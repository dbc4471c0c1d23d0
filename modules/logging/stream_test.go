package logging_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/logging"
)

// Sends and receives on two goroutines, with all that can be logged switched on: one start, one end, every message once.
// ggm's interceptor has a data race here, on whether the start was logged.
func TestSendAndReceiveAtOnce(t *testing.T) {
	t.Parallel()
	const n = 200
	for _, side := range sides {
		t.Run(side.String(), func(t *testing.T) {
			t.Parallel()
			log, link := logged(t, side, logging.Options{
				StartLine: true,
				Payloads:  func(context.Context, *framework.Call) bool { return true },
				Fields:    func(context.Context, *framework.Call) []slog.Attr { return []slog.Attr{slog.Int("n", n)} },
			})
			conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(s, talkers{n: n}) }, link)
			stream, err := dummypb.NewDummyServiceClient(conn).ExecuteClientServerStream(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if err := talk(n, func(r *dummypb.DummyRequest) error { return stream.Send(r) }, stream.CloseSend, func() error { _, err := stream.Recv(); return err }); err != nil {
				t.Fatal(err)
			}
			got := log.take()
			for msg, want := range map[string]int{
				"started call": 1, "finished call": 1,
				"request received": n, "response sent": n, "request sent": n, "response received": n,
			} {
				sent := strings.HasSuffix(msg, "sent") == strings.HasPrefix(msg, "request")
				if strings.HasPrefix(msg, "re") && sent != (side == framework.ClientSide) {
					want = 0
				}
				if c := len(of(got, msg)); c != want {
					t.Errorf("%d lines %q, want %d", c, msg, want)
				}
			}
			if end := of(got, "finished call"); len(end) != 1 || end[0]["grpc.requests"] != float64(n) || end[0]["grpc.responses"] != float64(n) {
				t.Errorf("%v", end)
			}
		})
	}
}

// talkers send n messages and receive n, at once.
type talkers struct {
	dummypb.UnimplementedDummyServiceServer
	n int
}

func (s talkers) ExecuteClientServerStream(stream grpc.BidiStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	return talk(s.n, func(r *dummypb.DummyRequest) error {
		return stream.Send(&dummypb.DummyResponse{Output: r.GetInput()})
	}, func() error { return nil }, func() error { _, err := stream.Recv(); return err })
}

func talk(n int, send func(*dummypb.DummyRequest) error, closeSend, receive func() error) error {
	var talking sync.WaitGroup
	var sent error
	talking.Go(func() {
		for range n {
			sent = errors.Join(sent, send(&dummypb.DummyRequest{Input: "m"}))
		}
		sent = errors.Join(sent, closeSend())
	})
	received := 0
	var err error
	for err == nil {
		if err = receive(); err == nil {
			received++
		}
	}
	talking.Wait()
	if err == io.EOF && received == n {
		err = nil
	}
	return errors.Join(sent, err)
}

// A client's stream has one line, however it is used and left. ggm's reporter tells the end never, or at each Recv after
// it.
func TestEndOfAClientStream(t *testing.T) {
	t.Parallel()
	type end struct {
		name string
		do   func(t *testing.T, conn *grpc.ClientConn, stream grpc.ClientStream, cancel func())
		code codes.Code
	}
	receive := func(stream grpc.ClientStream) error { return stream.RecvMsg(new(dummypb.DummyResponse)) }
	send := func(t *testing.T, stream grpc.ClientStream, input string) {
		t.Helper()
		if err := stream.SendMsg(&dummypb.DummyRequest{Input: input}); err != nil {
			t.Error(err)
		}
	}
	for _, tt := range []end{
		{"received again after the end", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, _ func()) {
			send(t, stream, "error")
			for range 4 {
				if err := receive(stream); status.Code(err) != codes.NotFound {
					t.Error(err)
				}
			}
		}, codes.NotFound},
		{"cancelled, nothing received", func(_ *testing.T, _ *grpc.ClientConn, _ grpc.ClientStream, cancel func()) { cancel() }, codes.Canceled},
		{"cancelled after a message", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, cancel func()) {
			send(t, stream, "a")
			if err := receive(stream); err != nil {
				t.Error(err)
			}
			cancel()
		}, codes.Canceled},
		{"cancelled, then received", func(_ *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, cancel func()) {
			cancel()
			for receive(stream) == nil {
			}
		}, codes.Canceled},
		{"connection closed", func(_ *testing.T, conn *grpc.ClientConn, _ grpc.ClientStream, _ func()) { _ = conn.Close() }, codes.Canceled},
		{"message too large", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, _ func()) {
			if err := stream.SendMsg(&dummypb.DummyRequest{Input: strings.Repeat("x", 2000)}); status.Code(err) != codes.ResourceExhausted {
				t.Error(err)
			}
		}, codes.ResourceExhausted},
		{"given up at Send", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, cancel func()) {
			send(t, stream, "error")
			for stream.SendMsg(&dummypb.DummyRequest{}) == nil {
			}
			cancel() // without a Recv nobody learns what the server said
		}, codes.Canceled},
	} {
		for _, name := range []string{"ExecuteClientServerStream", "ExecuteClientStream"} {
			if name == "ExecuteClientStream" && tt.name == "cancelled after a message" {
				continue
			}
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				t.Parallel()
				log := &lines{wrote: make(chan line, 10)}
				conn := frameworktest.DummyConn(t, raises(errmap.NotFound),
					frameworktest.DialOptions(grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(1000))),
					frameworktest.ClientParts(framework.Use(newLogging(t, logging.Options{Logger: log.logger(slog.LevelDebug)}))))
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				desc := &grpc.StreamDesc{StreamName: name, ClientStreams: true, ServerStreams: name == "ExecuteClientServerStream"}
				stream, err := conn.NewStream(ctx, desc, "/sluice.testing.v1.DummyService/"+name)
				if err != nil {
					t.Fatal(err)
				}
				tt.do(t, conn, stream, cancel)
				got := <-log.wrote
				if got["grpc.code"] != tt.code.String() || got["grpc.method"] != name {
					t.Errorf("%v %v, want %v", got["grpc.code"], got["grpc.error"], tt.code)
				}
				cancel()
				_ = conn.Close()
				_ = receive(stream)
				if more := log.take(); len(more) != 1 {
					t.Errorf("%d lines: %v", len(more), more)
				}
			})
		}
	}
}
