package retry_test

import (
	"context"
	"log/slog"
	"sync"
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
	"github.com/sluice-go/sluice/modules/retry"
)

// retried are the kinds that are tried again.
var retried = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream}

// pause is between the attempts of most tests.
const pause = time.Second

var methods = map[framework.Kind]string{
	framework.Unary:        "DummyService/Execute",
	framework.ClientStream: "DummyService/ExecuteClientStream",
	framework.ServerStream: "DummyService/ExecuteServerStream",
	framework.BidiStream:   "DummyService/ExecuteClientServerStream",
}

func newRetry(t testing.TB, o retry.Options) *retry.Interceptor {
	t.Helper()
	i, err := retry.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// steady are options with a pause that is always as long.
func steady() retry.Options { return retry.Options{Backoff: ggm.BackoffLinear(pause)} }

// ruled is a link with rules for the methods of some kinds, which are idempotent.
func ruled(t testing.TB, o retry.Options, kinds []framework.Kind, s ...framework.Setting) frameworktest.Option {
	t.Helper()
	parts := []framework.Part{framework.Use(newRetry(t, o))}
	for _, kind := range kinds {
		parts = append(parts, framework.Rules(methods[kind], append(s[:len(s):len(s)], retry.Idempotent.Set(true))...))
	}
	return frameworktest.ClientParts(parts...)
}

// each runs f for the kinds that are tried again, each in a bubble of its own, where time passes when everybody waits.
func each(t *testing.T, f func(t *testing.T, kind framework.Kind)) {
	t.Helper()
	for _, kind := range retried {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, kind) })
		})
	}
}

// A server is what a service does with the input "x", call by call.
type server struct {
	do func(ctx context.Context, n int) error // n from 1 up

	mu    sync.Mutex
	calls []call
}

type call struct {
	at time.Time
	md metadata.MD
}

// failing fails the first calls, with "failure 1" and so on, and then answers "y".
func failing(code codes.Code, times int) *server {
	return &server{do: func(_ context.Context, n int) error {
		if n <= times {
			return status.Errorf(code, "failure %d", n)
		}
		return nil
	}}
}

// always is a number of times that no test comes to.
const always = 1 << 30

func (s *server) option() frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(ctx context.Context, _ string) (string, error) { return "y", s.do(ctx, s.note(ctx)) },
	})
}

func (s *server) note(ctx context.Context) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	md, _ := metadata.FromIncomingContext(ctx)
	s.calls = append(s.calls, call{time.Now(), md})
	return len(s.calls)
}

func (s *server) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.calls)
}

// gaps are the times between the calls.
func (s *server) gaps() (gaps []time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := 1; i < len(s.calls); i++ {
		gaps = append(gaps, s.calls[i].at.Sub(s.calls[i-1].at))
	}
	return gaps
}

// A witness is a link that notes how often it was entered, and what it saw when it was left.
type witness struct {
	mu      sync.Mutex
	entered int
	running int
	errs    []error
	notes   map[string]any
}

// around is the witness of RPCs, within of attempts.
func (w *witness) around() frameworktest.Option { return w.at(framework.StageObserve) }
func (w *witness) within() frameworktest.Option { return w.at(framework.StageAdmit) }

func (w *witness) at(stage framework.Stage) frameworktest.Option {
	return frameworktest.ClientParts(framework.Use(w, framework.At(stage), framework.Name("witness-"+string(stage))))
}

func (w *witness) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	w.mu.Lock()
	w.entered++
	w.running++
	w.mu.Unlock()
	err := next(ctx, call)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.running--
	w.errs = append(w.errs, err)
	w.notes = map[string]any{}
	for _, a := range call.Annotations() {
		w.notes[a.Key] = a.Value.Any()
	}
	return err
}

// said is how many attempts the annotations say there were, and why no more.
func (w *witness) said() (attempts int64, stopped string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	attempts, _ = w.notes[retry.AnnotationAttempts].(int64)
	stopped, _ = w.notes[retry.AnnotationStopped].(string)
	return attempts, stopped
}

func wantSaid(t *testing.T, w *witness, attempts int64, stopped string) {
	t.Helper()
	if a, s := w.said(); a != attempts || s != stopped {
		t.Errorf("the annotations say %d attempts, stopped by %q; want %d, %q", a, s, attempts, stopped)
	}
}

// wantStatus holds an RPC's error to a code and a text.
func wantStatus(t *testing.T, err error, code codes.Code, text string) {
	t.Helper()
	if s := status.Convert(err); s.Code() != code || s.Message() != text {
		t.Errorf("%v %q, want %v %q", s.Code(), s.Message(), code, text)
	}
}

// pushing sets the trailer by which a server pushes back.
func pushing(ctx context.Context, values ...string) {
	if err := grpc.SetTrailer(ctx, metadata.MD{"grpc-retry-pushback-ms": values}); err != nil {
		slog.Error("no trailer", "error", err)
	}
}
