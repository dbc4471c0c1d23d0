package metrics_test

import (
	"context"
	"maps"
	"sync"
	"testing"
	"testing/synctest"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

// Many RPCs at once, good and bad ones, on a chain that is not bound: each is counted once.
func TestLoad(t *testing.T) {
	t.Parallel()
	const callers, each = 8, 25
	synctest.Test(t, func(t *testing.T) {
		i := newMetrics(t, metrics.Options{Exemplar: metrics.TraceID})
		conn := frameworktest.DummyConn(t, both(i, raises(errmap.NotFound))...)
		client := dummypb.NewDummyServiceClient(conn)
		var calling sync.WaitGroup
		for range callers {
			calling.Go(func() {
				for range each {
					for _, kind := range kinds {
						_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"y"})
						_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
						_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"y"}, grpc.ForceCodecV2(garbage{}))
						abandon(t, conn, kind)
					}
					_ = conn.Invoke(t.Context(), "/a.B/C", &dummypb.DummyRequest{}, &dummypb.DummyResponse{})
				}
			})
		}
		calling.Wait()
		synctest.Wait()
		const n = callers * each
		want := numbers{}
		for _, kind := range kinds {
			for _, code := range []codes.Code{codes.OK, codes.NotFound, codes.Internal, codes.Canceled} {
				if kind == framework.Unary && code == codes.Canceled {
					continue
				}
				maps.Copy(want, ended(framework.ClientSide, kind, code, n).of("client handled"))
			}
		}
		want["client handled unary unknown/unknown Unimplemented"] = n
		read(t, i.Registry()).of("client handled").want(t, want)
		read(t, i.Registry()).of("client in_flight").want(t, numbers{})
		read(t, i.Registry()).of("server in_flight").want(t, numbers{})
		server := read(t, i.Registry())
		started, handled := 0.0, 0.0
		for _, v := range server.of("server started") {
			started += v
		}
		for _, v := range server.of("server handled") {
			handled += v
		}
		if started != handled || started < n*13 {
			t.Errorf("%v started, %v handled", started, handled)
		}
	})
}

// abandon opens a stream and leaves it.
func abandon(t *testing.T, conn *grpc.ClientConn, kind framework.Kind) {
	if kind == framework.Unary {
		return
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	desc := &grpc.StreamDesc{ClientStreams: kind.StreamsRequests(), ServerStreams: kind.StreamsResponses()}
	if _, err := conn.NewStream(ctx, desc, "/"+service+"/"+methods[kind]); err != nil {
		t.Error(err)
	}
}
