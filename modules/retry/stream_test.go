package retry_test

import (
	"context"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
)

// breaking is a service whose streams break off: that of responses in its first call after two of three messages, that of
// requests in its first calls, after as many messages.
type breaking struct {
	dummypb.UnimplementedDummyServiceServer
	header metadata.MD // sent at once
	after  []int       // requests, by call
	calls  atomic.Int64
}

var errBroken = status.Error(codes.Unavailable, "broken off")

func (b *breaking) ExecuteServerStream(_ *dummypb.DummyRequest, stream grpc.ServerStreamingServer[dummypb.DummyResponse]) error {
	n := b.calls.Add(1)
	if b.header != nil {
		if err := stream.SendHeader(b.header); err != nil {
			return err
		}
		return errBroken
	}
	for _, output := range []string{"0", "1", "2"} {
		if n == 1 && output == "2" {
			return errBroken
		}
		if err := stream.Send(&dummypb.DummyResponse{Output: output}); err != nil {
			return err
		}
	}
	return nil
}

func (b *breaking) ExecuteClientStream(stream grpc.ClientStreamingServer[dummypb.DummyRequest, dummypb.DummyResponse]) error {
	n := int(b.calls.Add(1))
	var got []string
	for {
		if n <= len(b.after) && len(got) == b.after[n-1] {
			return errBroken
		}
		request, err := stream.Recv()
		if err == io.EOF {
			return stream.SendAndClose(&dummypb.DummyResponse{Output: strings.Join(got, " ")})
		}
		if err != nil {
			return err
		}
		got = append(got, request.GetInput())
	}
}

func (b *breaking) client(t *testing.T, o ...frameworktest.Option) dummypb.DummyServiceClient {
	t.Helper()
	return dummypb.NewDummyServiceClient(frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(s, b) }, o...))
}

// A stream that breaks off after a message is not tried again: the caller has each message once, and the error as it is. ggm's
// loop begins anew and gives the caller the first ones twice.
func TestNotAfterAMessage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, outside := &breaking{}, &witness{}
		client := b.client(t, ruled(t, steady(), retried, retry.Attempts.Set(3)), outside.around())
		start := time.Now()
		outputs, err := frameworktest.Execute(t.Context(), client, framework.ServerStream, []string{"x"})
		wantStatus(t, err, codes.Unavailable, "broken off")
		if !slices.Equal(outputs, []string{"0", "1"}) || b.calls.Load() != 1 || time.Since(start) != 0 {
			t.Errorf("%q after %d attempts in %s", outputs, b.calls.Load(), time.Since(start))
		}
		wantSaid(t, outside, 0, "response")
	})
	synctest.Test(t, func(t *testing.T) {
		b := &breaking{}
		client := b.client(t, frameworktest.DialOptions(grpc.WithStreamInterceptor(ggm.StreamClientInterceptor(ggm.WithMax(3)))))
		outputs, err := frameworktest.Execute(t.Context(), client, framework.ServerStream, []string{"x"})
		if !slices.Equal(outputs, []string{"0", "1", "0", "1", "2"}) || err != nil {
			t.Errorf("ggm: %q, %v", outputs, err)
		}
	})
}

// Nor is one of which the caller has seen the header. Framework says so in the status.
func TestNotAfterAHeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b, outside := &breaking{header: metadata.Pairs("x-page", "1")}, &witness{}
		client := b.client(t, ruled(t, steady(), retried, retry.Attempts.Set(3)), outside.around())
		stream, err := client.ExecuteServerStream(t.Context(), &dummypb.DummyRequest{Input: "x"})
		if err != nil {
			t.Fatal(err)
		}
		if md, err := stream.Header(); err != nil || len(md["x-page"]) != 1 {
			t.Fatal(md, err)
		}
		_, err = stream.Recv()
		wantStatus(t, err, codes.Unavailable, "broken off (not tried again since a response had reached the caller)")
		if b.calls.Load() != 1 {
			t.Errorf("%d attempts", b.calls.Load())
		}
		wantSaid(t, outside, 0, "response")
	})
}

// A header that the caller did not look at does not keep the stream from being tried again.
func TestAfterAnUnseenHeader(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &breaking{header: metadata.Pairs("x-page", "1")}
		client := b.client(t, ruled(t, steady(), retried, retry.Attempts.Set(3)))
		_, err := frameworktest.Execute(t.Context(), client, framework.ServerStream, []string{"x"})
		if wantStatus(t, err, codes.Unavailable, "broken off"); b.calls.Load() != 3 {
			t.Errorf("%d attempts", b.calls.Load())
		}
	})
}

// What was sent of an upload is sent again, and then the rest, however far the attempts came, and whether the caller had
// half-closed or not.
func TestUpload(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after []int
	}{
		{"before any", []int{0, 0}},
		{"in the middle", []int{2, 3}},
		{"at the end", []int{5, 5}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, outside := &breaking{after: tt.after}, &witness{}
				client := b.client(t, ruled(t, steady(), retried, retry.Attempts.Set(3)), outside.around())
				outputs, err := frameworktest.Execute(t.Context(), client, framework.ClientStream, []string{"a", "b", "c", "d", "e"})
				if err != nil || !slices.Equal(outputs, []string{"a b c d e"}) || b.calls.Load() != 3 {
					t.Errorf("%q, %v after %d attempts", outputs, err, b.calls.Load())
				}
				wantSaid(t, outside, 3, "")
			})
		})
	}
}

// An upload of more than is kept is not tried again once it has sent that, at once and with the reason.
func TestUploadTooLong(t *testing.T) {
	t.Parallel()
	inputs := []string{"a", "b", "c", "d", "e"}
	for _, tt := range []struct {
		name     string
		keep     int
		attempts int64
	}{{"as many", 5, 2}, {"one more", 4, 1}, {"many more", 1, 1}} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b, outside, o := &breaking{after: []int{5}}, &witness{}, steady()
				o.KeepRequests = tt.keep
				client := b.client(t, ruled(t, o, retried, retry.Attempts.Set(3)), outside.around())
				start := time.Now()
				_, err := frameworktest.Execute(t.Context(), client, framework.ClientStream, inputs)
				if b.calls.Load() != tt.attempts {
					t.Errorf("%d attempts", b.calls.Load())
				}
				if tt.attempts > 1 {
					if err != nil {
						t.Error(err)
					}
					return
				}
				wantStatus(t, err, codes.Unavailable, "broken off (not tried again since more requests were sent than are kept)")
				if time.Since(start) != 0 {
					t.Errorf("it took %s", time.Since(start))
				}
				wantSaid(t, outside, 0, "requests")
			})
		})
	}
}

// The caller may change a message when it is sent.
func TestUploadIsCopied(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := &breaking{after: []int{2}}
		client := b.client(t, ruled(t, steady(), retried, retry.Attempts.Set(3)))
		stream, err := client.ExecuteClientStream(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		message := &dummypb.DummyRequest{}
		for _, input := range []string{"a", "b", "c"} {
			message.Input = input
			if err := stream.Send(message); err != nil {
				t.Fatal(err)
			}
		}
		response, err := stream.CloseAndRecv()
		if err != nil || response.GetOutput() != "a b c" || b.calls.Load() != 2 {
			t.Errorf("%q, %v after %d attempts", response.GetOutput(), err, b.calls.Load())
		}
	})
}

// A stream whose caller forgets it during a pause ends with its context.
func TestForgottenDuringAPause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, outside := failing(codes.Unavailable, always), &witness{}
		client := frameworktest.DummyClient(t, s.option(), ruled(t, steady(), retried, retry.Attempts.Set(3)), outside.around())
		ctx, cancel := context.WithCancel(t.Context())
		stream, err := client.ExecuteServerStream(ctx, &dummypb.DummyRequest{Input: "x"})
		if err != nil {
			t.Fatal(err)
		}
		go func() { _, _ = stream.Recv() }()
		synctest.Wait() // in the pause
		cancel()
		synctest.Wait()
		if outside.running != 0 || s.count() != 1 {
			t.Errorf("%d running after %d attempts", outside.running, s.count())
		}
	})
}

// Many uploads at once, of which most attempts break off at some message while the caller sends, arrive whole.
func TestUploadsAtOnce(t *testing.T) {
	t.Parallel()
	b := &breaking{}
	for i := range 1000 {
		b.after = append(b.after, []int{3, 0, 20, 1 << 30, 11}[i%5])
	}
	o := retry.Options{Backoff: ggm.BackoffLinear(0), Budget: retry.Budget{Tokens: 1000, Ratio: 1}}
	client := b.client(t, ruled(t, o, retried, retry.Attempts.Set(200)))
	inputs := make([]string, 20)
	for i := range inputs {
		inputs[i] = strings.Repeat(string(rune('a'+i)), 1000)
	}
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 10 {
				outputs, err := frameworktest.Execute(t.Context(), client, framework.ClientStream, inputs)
				if err != nil || !slices.Equal(outputs, []string{strings.Join(inputs, " ")}) {
					t.Errorf("%d outputs, %v", len(outputs), err)
				}
			}
		})
	}
	all.Wait()
}
