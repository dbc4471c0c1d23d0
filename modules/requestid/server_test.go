package requestid_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	_ "google.golang.org/grpc/encoding/gzip"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/requestid"
)

// An RPC that fails before it has a response brings its id in the trailer, and no header.
func TestError(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{
		"status": func(context.Context) error { return status.Error(codes.NotFound, "nf") },
		"error":  func(context.Context) error { return errors.New("database is down") },
		"panic":  func(context.Context) error { panic("a bug") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(link(t, requestid.Options{})), handling(fail))
			for _, kind := range kinds {
				var sentBack, trailer metadata.MD
				ctx := metadata.AppendToOutgoingContext(t.Context(), header, "the-callers")
				_, err := frameworktest.Execute(ctx, client, kind, []string{"x"}, grpc.Header(&sentBack), grpc.Trailer(&trailer))
				if err == nil || !slices.Equal(trailer[header], []string{"the-callers"}) || len(sentBack[header]) > 0 {
					t.Errorf("%s: %v with the header %q and the trailer %q", kind, err, sentBack[header], trailer[header])
				}
			}
		})
	}
}

// A stream that has sent a response before it fails has the id in both.
func TestLateError(t *testing.T) {
	t.Parallel()
	late := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		_ = next(ctx, call)
		return status.Error(codes.DataLoss, "gone")
	})
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(link(t, requestid.Options{}), framework.Use(late)))
	for _, kind := range []framework.Kind{framework.ServerStream, framework.BidiStream} {
		var sentBack, trailer metadata.MD
		outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"ab"}, grpc.Header(&sentBack), grpc.Trailer(&trailer))
		if status.Code(err) != codes.DataLoss || strings.Join(outputs, "") != "ab" || len(sentBack[header]) != 1 || !slices.Equal(sentBack[header], trailer[header]) {
			t.Errorf("%s: %v, header %q, trailer %q", kind, err, sentBack[header], trailer[header])
		}
	}
}

// A stream without responses has its id in the trailer alone.
func TestNoResponses(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(link(t, requestid.Options{})))
	var sentBack, trailer metadata.MD
	outputs, err := frameworktest.Execute(t.Context(), client, framework.ServerStream, []string{""}, grpc.Header(&sentBack), grpc.Trailer(&trailer))
	if err != nil || len(outputs) > 0 || len(sentBack[header]) > 0 || len(trailer[header]) != 1 {
		t.Errorf("%q, %v, header %q, trailer %q", outputs, err, sentBack[header], trailer[header])
	}
}

// A handler that sends its headers itself, and one that sets some: the RPC and its headers are as they are without.
func TestHandlersHeader(t *testing.T) {
	t.Parallel()
	own := metadata.Pairs("own", "1")
	for name, tt := range map[string]struct {
		set  func(context.Context) error
		want int
	}{
		"sent": {func(ctx context.Context) error { return grpc.SendHeader(ctx, own) }, 0},
		"set":  {func(ctx context.Context) error { return grpc.SetHeader(ctx, own) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(link(t, requestid.Options{})), handling(tt.set))
			for _, kind := range kinds {
				var sentBack, trailer metadata.MD
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}, grpc.Header(&sentBack), grpc.Trailer(&trailer))
				if err != nil || !slices.Equal(sentBack["own"], []string{"1"}) || len(sentBack[header]) != tt.want || len(trailer[header]) != 1 {
					t.Errorf("%s: %v, header %v %q, trailer %q", kind, err, sentBack["own"], sentBack[header], trailer[header])
				}
			}
		})
	}
}

const retries = `{"methodConfig": [{"name": [{}], "retryPolicy": {
	"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1, "retryableStatusCodes": ["UNAVAILABLE"]}}]}`

// The retries of a client that has a retry policy of grpc's go on as without the link.
func TestRetryPolicy(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			var tries atomic.Int64
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(link(t, requestid.Options{})),
				frameworktest.DialOptions(grpc.WithDefaultServiceConfig(retries)),
				handling(func(context.Context) error {
					if tries.Add(1) < 3 {
						return status.Error(codes.Unavailable, "again")
					}
					return nil
				}))
			outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
			if err != nil || strings.Join(outputs, "") != "yz" || tries.Load() != 3 {
				t.Errorf("%q, %v after %d tries", outputs, err, tries.Load())
			}
		})
	}
}

// TestCompressor has handlers choose how their responses are compressed, which they can't where Call.OnHeader is
// registered.
func TestCompressor(t *testing.T) {
	t.Parallel()
	onHeader := framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.OnHeader(func(_ context.Context, md metadata.MD) (metadata.MD, error) { return md, nil })
		return next(ctx, call)
	}))
	for name, tt := range map[string]struct {
		part framework.Part
		want bool
	}{
		"requestid": {link(t, requestid.Options{}), true},
		"OnHeader":  {onHeader, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			set := make(chan error, 1)
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(tt.part), handling(func(ctx context.Context) error {
				set <- grpc.SetSendCompressor(ctx, "gzip")
				return nil
			}))
			for _, kind := range kinds {
				if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
					t.Fatal(err)
				}
				if err := <-set; (err == nil) != tt.want {
					t.Errorf("%s: %v", kind, err)
				}
			}
		})
	}
	if encoding.GetCompressor("gzip") == nil {
		t.Error("gzip is not linked")
	}
}

// A link that watches headers sees the id of what has one response, and keeps it from nobody.
func TestWatchedHeaders(t *testing.T) {
	t.Parallel()
	for name, place := range map[string]framework.LinkOption{"outside": framework.Before("requestid"), "inside": framework.After("requestid")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watch := framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				call.OnHeader(func(_ context.Context, md metadata.MD) (metadata.MD, error) { return md, nil })
				call.OnTrailer(func(_ context.Context, md metadata.MD) (metadata.MD, error) { return md, nil })
				return next(ctx, call)
			}), framework.Name("watch"), framework.At(framework.StageObserve), place)
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(link(t, requestid.Options{}), watch))
			for _, kind := range kinds {
				var sentBack, trailer metadata.MD
				if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"ab"}, grpc.Header(&sentBack), grpc.Trailer(&trailer)); err != nil {
					t.Fatal(err)
				}
				if len(sentBack[header]) != 1 || !slices.Equal(sentBack[header], trailer[header]) {
					t.Errorf("%s: header %q, trailer %q", kind, sentBack[header], trailer[header])
				}
			}
		})
	}
}
