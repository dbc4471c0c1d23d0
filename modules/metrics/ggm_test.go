package metrics_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

// theirs are ggm's own interceptors, as they are given to grpc.
func theirs(t testing.TB) (*prometheus.Registry, []frameworktest.Option) {
	t.Helper()
	server := ggm.NewServerMetrics(ggm.WithServerHandlingTimeHistogram())
	client := ggm.NewClientMetrics(ggm.WithClientHandlingTimeHistogram())
	registry := prometheus.NewRegistry()
	registry.MustRegister(server, client)
	return registry, []frameworktest.Option{
		frameworktest.ServerOptions(
			grpc.ChainUnaryInterceptor(server.UnaryServerInterceptor()), grpc.ChainStreamInterceptor(server.StreamServerInterceptor())),
		frameworktest.DialOptions(
			grpc.WithChainUnaryInterceptor(client.UnaryClientInterceptor()), grpc.WithChainStreamInterceptor(client.StreamClientInterceptor())),
	}
}

// What ggm counts right is counted the same: names, help, labels, types, buckets and numbers.
func TestSameAsGGM(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newMetrics(t, metrics.Options{})
		registry, o := theirs(t)
		client := frameworktest.DummyClient(t, both(i, append(o, raises(errmap.NotFound))...)...)
		for _, kind := range kinds {
			for _, inputs := range [][]string{{"a"}, {"b", "c", "d"}, {"x"}} {
				_, _ = frameworktest.Execute(t.Context(), client, kind, inputs)
			}
		}
		synctest.Wait()
		want, got := described(t, registry), described(t, i.Registry())
		for name := range want {
			if got[name] != want[name] {
				t.Errorf("%s:\ngot  %s\nwant %s", name, got[name], want[name])
			}
			delete(got, name)
		}
		if more := slices.Sorted(maps.Keys(got)); !slices.Equal(more, []string{"grpc_client_in_flight_rpcs", "grpc_server_in_flight_rpcs"}) {
			t.Errorf("%q are ours alone", more)
		}
	})
}

// described are the families of a registry as text, without times and without what is 0.
func described(t *testing.T, from prometheus.Gatherer) map[string]string {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range families {
		text := f.GetType().String() + " " + f.GetHelp()
		for _, m := range f.GetMetric() {
			if value(m) != 0 {
				text += "\n" + short(f.GetName(), m) + bounds(m.GetHistogram()) + fmt.Sprint(" ", value(m))
			}
		}
		all[f.GetName()] = text
	}
	return all
}

func bounds(h *dto.Histogram) (text string) {
	for _, b := range h.GetBucket() {
		text += fmt.Sprint(" ", b.GetUpperBound())
	}
	return text
}

// A client's stream ends once, however it is used and left, and with its code. ggm's reporter ends it never, or at each
// Recv after the end.
func TestEndOfAClientStream(t *testing.T) {
	t.Parallel()
	receive := func(stream grpc.ClientStream) error { return stream.RecvMsg(new(dummypb.DummyResponse)) }
	send := func(t *testing.T, stream grpc.ClientStream, input string) {
		t.Helper()
		if err := stream.SendMsg(&dummypb.DummyRequest{Input: input}); err != nil {
			t.Error(err)
		}
	}
	for _, tt := range []struct {
		name string
		do   func(t *testing.T, conn *grpc.ClientConn, stream grpc.ClientStream, cancel func())
		code codes.Code
		ggm  float64 // how many ends it counts
	}{
		{"received again after the end", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, _ func()) {
			send(t, stream, "x")
			for range 3 {
				if err := receive(stream); status.Code(err) != codes.NotFound {
					t.Error(err)
				}
			}
		}, codes.NotFound, 3},
		{"cancelled, nothing received", func(_ *testing.T, _ *grpc.ClientConn, _ grpc.ClientStream, cancel func()) { cancel() }, codes.Canceled, 0},
		{"cancelled after a message", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, cancel func()) {
			send(t, stream, "a")
			if err := receive(stream); err != nil {
				t.Error(err)
			}
			cancel()
		}, codes.Canceled, 0},
		{"connection closed", func(_ *testing.T, conn *grpc.ClientConn, _ grpc.ClientStream, _ func()) { _ = conn.Close() }, codes.Canceled, 0},
		{"message too large", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, _ func()) {
			if err := stream.SendMsg(&dummypb.DummyRequest{Input: strings.Repeat("x", 2000)}); status.Code(err) != codes.ResourceExhausted {
				t.Error(err)
			}
		}, codes.ResourceExhausted, 0},
		{"given up at Send", func(t *testing.T, _ *grpc.ClientConn, stream grpc.ClientStream, cancel func()) {
			send(t, stream, "x")
			for stream.SendMsg(&dummypb.DummyRequest{}) == nil {
			}
			cancel() // without a Recv nobody learns what the server said
		}, codes.Canceled, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				use := func(from prometheus.Gatherer, o ...frameworktest.Option) numbers {
					conn := frameworktest.DummyConn(t, append(o, raises(errmap.NotFound),
						frameworktest.DialOptions(grpc.WithDefaultCallOptions(grpc.MaxCallSendMsgSize(1000))))...)
					ctx, cancel := context.WithCancel(t.Context())
					defer cancel()
					stream, err := conn.NewStream(ctx, &dummypb.DummyService_ServiceDesc.Streams[2], "/"+service+"/ExecuteClientServerStream")
					if err != nil {
						t.Fatal(err)
					}
					tt.do(t, conn, stream, cancel)
					synctest.Wait()
					return read(t, from).of("client handled")
				}
				i := newMetrics(t, metrics.Options{})
				registry, o := theirs(t)
				const name = "client handled bidi_stream ExecuteClientServerStream "
				use(i.Registry(), both(i)...).want(t, numbers{name + tt.code.String(): 1})
				got, want := use(registry, o...), numbers{}
				if tt.ggm > 0 {
					want[name+tt.code.String()] = tt.ggm
				}
				got.want(t, want)
			})
		})
	}
}

// An RPC that panics has ended. ggm's interceptor has it started, and no more.
func TestPanicEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{})
		registry, o := theirs(t)
		client := frameworktest.DummyClient(t, both(i, append(o, doing(func(context.Context) error { panic("p") }))...)...)
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); status.Code(err) != codes.Internal {
			t.Error(err)
		}
		synctest.Wait()
		ours := ended(framework.ServerSide, kind, codes.Internal, 1)
		read(t, i.Registry()).of("server").without("msg").want(t, ours)
		read(t, registry).of("server").without("msg").want(t, ours.of("server started"))
	})
}

// What does not reach an interceptor is counted. By ggm's it is not.
func TestGGMMisses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		i := newMetrics(t, metrics.Options{})
		registry, o := theirs(t)
		conn := frameworktest.DummyConn(t, append(o, on(framework.ServerSide, framework.Use(i)))...)
		for _, o := range [][]grpc.CallOption{nil, {grpc.ForceCodecV2(garbage{})}} {
			for _, method := range []string{"Nope", "Execute"} {
				_ = conn.Invoke(t.Context(), "/"+service+"/"+method, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}, o...)
			}
		}
		synctest.Wait()
		read(t, i.Registry()).of("server handled").want(t, numbers{
			"server handled unary Execute OK": 1, "server handled unary Execute Internal": 1, "server handled unknown unknown/unknown Unimplemented": 2,
		})
		read(t, registry).of("server handled").want(t, numbers{"server handled unary Execute OK": 1})
	})
}
