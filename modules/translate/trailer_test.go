package translate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/translate"
)

// retrying has a client try again by itself, as grpc does.
type retrying struct{}

func (retrying) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

func (retrying) DialOptions() []grpc.DialOption {
	return []grpc.DialOption{grpc.WithDefaultServiceConfig(`{"methodConfig": [{"name": [{}], "retryPolicy": {
		"maxAttempts": 3, "initialBackoff": "0.001s", "maxBackoff": "0.001s", "backoffMultiplier": 1,
		"retryableStatusCodes": ["UNAVAILABLE"]}}]}`)}
}

// The trailer reaches grpc's own retries, which heed nothing else: tries go on, or stop.
func TestPushbackStopsRetries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		after time.Duration
		tries int32
	}{
		{"soon", time.Millisecond, 3},
		{"never", -1, 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, kind framework.Kind) {
				var tries atomic.Int32
				client := frameworktest.DummyClient(t,
					onError(func(context.Context, string) (string, error) {
						tries.Add(1)
						return "", errmap.With(errmap.Unavailable.New("busy"), errmap.RetryAfter(tt.after))
					}),
					frameworktest.ServerParts(framework.Use(link(t, errmap.Config{Pushback: true}))),
					frameworktest.ClientParts(framework.Use(retrying{}), framework.Use(link(t, errmap.Config{}))))
				if a := execute(t, client, kind, "error"); !errors.Is(a.err, errmap.Unavailable) {
					t.Errorf("%+v", a.err)
				}
				if got := tries.Load(); got != tt.tries {
					t.Errorf("%d tries, want %d", got, tt.tries)
				}
			})
		})
	}
}

// What an error adds to the trailers comes once, whatever stands between two links and however the RPC ends.
func TestTrailers(t *testing.T) {
	t.Parallel()
	client := fails(t, errmap.With(errmap.Aborted, errmap.Trailer(metadata.Pairs("x-try", "other"))),
		framework.Use(link(t, errmap.Config{}), framework.Name("outer")), framework.Use(link(t, errmap.Config{}), framework.Name("inner")))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		a := execute(t, client, kind, "error")
		a.want(t, errmap.Aborted, errmap.Aborted.Error())
		if got := fmt.Sprint(a.md.Get("x-try")); got != "[other]" {
			t.Errorf("trailer %s", got)
		}
	})
}

// The id that a link annotated the call with goes to the client with the error.
func TestRequestID(t *testing.T) {
	t.Parallel()
	identify := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.Annotate(slog.String(framework.AnnotationRequestID, "r1"))
		return next(ctx, call)
	})
	mapped := framework.Use(link(t, errmap.Config{RequestID: translate.RequestID}))
	for want, parts := range map[string][]framework.Part{
		"r1": {framework.Use(identify, framework.At(framework.StageObserve)), mapped},
		"":   {mapped},
	} {
		client := fails(t, errors.New(secret), parts...)
		eachKind(t, func(t *testing.T, kind framework.Kind) {
			a := execute(t, client, kind, "error")
			info, _ := errmap.DetailOf[*errdetails.RequestInfo](a.err)
			if info.GetRequestId() != want {
				t.Errorf("id %q, want %q", info.GetRequestId(), want)
			}
		})
	}
	if id := translate.RequestID(t.Context()); id != "" {
		t.Errorf("id %q outside of an RPC", id)
	}
}

// OutOfStock is an error of a domain that knows nothing of gRPC.
type OutOfStock struct {
	_     struct{}      `grpc:"error=FAILED_PRECONDITION,reason=OUT_OF_STOCK,domain=shop.acme.com,message='{SKU} is out of stock'"`
	SKU   string        `grpc:"metadata"`
	Again time.Duration `grpc:"retry.delay"`
	Query string        // stays inside
}

func (e *OutOfStock) Error() string { return errmap.Text(e) }

// A tagged error crosses the wire on all kinds, and is one of its type at the client.
func TestTagged(t *testing.T) {
	t.Parallel()
	rule := errmap.Tagged[*OutOfStock]()
	client := frameworktest.DummyClient(t,
		onError(frameworktest.Raises(fmt.Errorf("%s: %w", secret, &OutOfStock{SKU: "A1", Again: time.Second, Query: secret}))),
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}, rule))),
		frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}, rule))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		a := execute(t, client, kind, "error")
		a.want(t, errmap.FailedPrecondition, "A1 is out of stock")
		e, ok := errors.AsType[*OutOfStock](a.err)
		if want := (OutOfStock{SKU: "A1", Again: time.Second}); !ok || *e != want {
			t.Errorf("came back as %+v", e)
		}
	})
}
