package recovery_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/recovery"
	"github.com/sluice-go/sluice/modules/translate"
)

const secret = "dial 10.0.0.3: pw=hunter2"

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

// shown is a value that says itself what of it may be logged.
type shown struct{ password string }

func (shown) LogValue() slog.Value { return slog.StringValue("shown") }

// broken can't be printed.
type broken struct{}

func (broken) Error() string { panic(secret) }

// panics are what handlers panic with, and what the log says of it.
var panics = []struct {
	name  string
	panic func()
	log   string
}{
	{"text", func() { panic(secret) }, secret},
	{"error", func() { panic(errors.New(secret)) }, secret},
	{"struct", func() { panic(struct{ Password string }{secret}) }, "{" + secret + "}"},
	{"status", func() { panic(status.Error(codes.NotFound, secret)) }, "rpc error: code = NotFound desc = " + secret},
	{"OK status", func() { panic(okStatus{}) }, "fine"},
	{"code", func() { panic(errmap.NotFound) }, errmap.NotFound.Error()},
	{"nil", func() { panic(nil) }, new(runtime.PanicNilError).Error()},
	{"index", func() { _ = panicking[len(panicking)] }, "runtime error: index out of range [0] with length 0"},
	{"nil pointer", func() { _ = *nowhere }, "runtime error: invalid memory address or nil pointer dereference"},
	{"panic of a panic", func() { defer func() { panic(recover()) }(); panic(secret) }, secret},
	{"LogValuer", func() { panic(shown{secret}) }, "shown"},
	{"Error that panics", func() { panic(broken{}) }, "%!v(PANIC=Error method: " + secret + ")"},
}

var (
	panicking []int
	nowhere   *int
)

type okStatus struct{}

func (okStatus) Error() string              { return "fine" }
func (okStatus) GRPCStatus() *status.Status { return status.New(codes.OK, "fine") }

func newRecovery(t testing.TB, o recovery.Options) *recovery.Interceptor {
	t.Helper()
	i, err := recovery.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// chains are the parts around recovery that its answer must not depend on.
func chains(t testing.TB, o recovery.Options) map[string][]framework.Part {
	t.Helper()
	silent, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}})
	if err != nil {
		t.Fatal(err)
	}
	errs, err := translate.New(translate.Options{Mapper: silent})
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]framework.Part{
		"alone":          {framework.Use(newRecovery(t, o))},
		"with translate": {framework.Use(newRecovery(t, o)), framework.Use(errs)},
	}
}

// checkAnswer is what a client may see of a panic.
func checkAnswer(t *testing.T, err error, md ...metadata.MD) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != codes.Internal || s.Message() != "internal error" || len(s.Details()) > 0 {
		t.Errorf("the client got %v %q with %v", s.Code(), s.Message(), s.Details())
	}
	for _, leak := range []string{"hunter2", "10.0.0.3", "pw=", "goroutine"} {
		if strings.Contains(fmt.Sprintf("%+v", err)+fmt.Sprint(mdText(md)), leak) {
			t.Errorf("%q leaked: %v %v", leak, err, md)
		}
	}
}

// mdText is the metadata with its values, which MD's own String leaves out.
func mdText(mds []metadata.MD) (text []string) {
	for _, md := range mds {
		for k, v := range md {
			text = append(text, k+"="+strings.Join(v, ","))
		}
	}
	return text
}

// TestPanic panics on the second message, of all kinds, with all values, with translate outside and without: the
// client learns that it was INTERNAL, and the server serves on.
func TestX36Panic(t *testing.T) {
	t.Parallel()
	for name, parts := range chains(t, recovery.Options{Logger: slog.New(slog.DiscardHandler)}) {
		cases := map[string]func(context.Context, string) (string, error){}
		for _, p := range panics {
			cases[p.name] = func(context.Context, string) (string, error) { p.panic(); return "", nil }
		}
		client := frameworktest.DummyClient(t, frameworktest.SpecialCases(cases), frameworktest.ServerParts(parts...))
		for _, p := range panics {
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("%s/%s/%s", name, p.name, kind), func(t *testing.T) {
					t.Parallel()
					inputs := []string{"before", p.name}
					if !kind.StreamsRequests() {
						inputs = inputs[1:]
					}
					var header, trailer metadata.MD
					outputs, err := frameworktest.Execute(t.Context(), client, kind, inputs, grpc.Header(&header), grpc.Trailer(&trailer))
					checkAnswer(t, err, header, trailer)
					if kind == framework.BidiStream && !slices.Equal(outputs, inputs[:1]) {
						t.Errorf("before the panic came %q", outputs)
					}
					if outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil || !slices.Equal(outputs, []string{"x"}) {
						t.Errorf("the next RPC: %q, %v", outputs, err)
					}
				})
			}
		}
	}
}

// A response stream that panics after it sent something ends with the panic's status, not cleanly.
func TestPanicAfterResponses(t *testing.T) {
	t.Parallel()
	late := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		_ = next(ctx, call)
		panic(secret)
	})
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(
		framework.Use(newRecovery(t, recovery.Options{Logger: slog.New(slog.DiscardHandler)})), framework.Use(late)))
	outputs, err := frameworktest.Execute(t.Context(), client, framework.ServerStream, []string{"ab"})
	if !slices.Equal(outputs, []string{"a", "b"}) {
		t.Errorf("came %q", outputs)
	}
	checkAnswer(t, err)
}

// Whatever is inside may panic.
func TestPanicInALink(t *testing.T) {
	t.Parallel()
	boom := func(context.Context, any) (any, error) { panic(secret) }
	boomMD := func(context.Context, metadata.MD) (metadata.MD, error) { panic(secret) }
	for _, tt := range []struct {
		name string
		do   func(*framework.Call)
	}{
		{"Intercept", func(*framework.Call) { panic(secret) }},
		{"OnRequest", func(c *framework.Call) { c.OnRequest(boom) }},
		{"OnResponse", func(c *framework.Call) { c.OnResponse(boom) }},
		{"OnTrailer", func(c *framework.Call) { c.OnTrailer(boomMD) }},
	} {
		link := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			tt.do(call)
			return next(ctx, call)
		})
		log := &records{}
		client := frameworktest.DummyClient(t, frameworktest.ServerParts(
			framework.Use(newRecovery(t, recovery.Options{Logger: slog.New(log)})), framework.Use(link)))
		for _, kind := range kinds {
			t.Run(tt.name+"/"+kind.String(), func(t *testing.T) {
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				checkAnswer(t, err)
				if got := log.take(); len(got) != 1 {
					t.Errorf("logged %d times: %v", len(got), got)
				}
			})
		}
	}
}

// A link outside finds what the client does not get.
func TestOutside(t *testing.T) {
	t.Parallel()
	for name, parts := range chains(t, recovery.Options{Logger: slog.New(slog.DiscardHandler)}) {
		seen := make(chan error, 1)
		outside := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			err := next(ctx, call)
			seen <- err
			return err
		})
		value := errors.New(secret)
		client := frameworktest.DummyClient(t,
			frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
				"panic": func(context.Context, string) (string, error) { panic(value) },
			}),
			frameworktest.ServerParts(append(parts, framework.Use(outside, framework.At(framework.StageObserve)))...))
		for _, kind := range kinds {
			t.Run(name+"/"+kind.String(), func(t *testing.T) {
				_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"panic"})
				err := <-seen
				p, ok := errors.AsType[*errmap.PanicError](err)
				if !ok || p.Value != value || !strings.Contains(string(p.Stack), "TestOutside") {
					t.Errorf("%+v", err)
				}
				if !errors.Is(err, value) || !errors.Is(err, errmap.Internal) {
					t.Error("neither its value nor its code")
				}
			})
		}
	}
}

func TestHandler(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		handle func(context.Context, any) error
		code   codes.Code
		msg    string
		logged int
	}{
		{"nil", func(context.Context, any) error { return nil }, codes.Internal, "internal error", 1},
		{"OK", func(context.Context, any) error { return okStatus{} }, codes.Internal, "internal error", 1},
		{"panic", func(_ context.Context, p any) error { panic(p) }, codes.Internal, "internal error", 2},
		{"status", func(context.Context, any) error { return status.Error(codes.Unavailable, "again") }, codes.Unavailable, "again", 1},
		{"code", func(_ context.Context, p any) error { return errmap.DataLoss.Wrap(fmt.Errorf("%v", p), "gone") }, codes.DataLoss, "gone", 1},
		{"annotation", annotated, codes.Aborted, "inner", 1},
	} {
		log := &records{}
		for name, parts := range chains(t, recovery.Options{Handler: tt.handle, Logger: slog.New(log)}) {
			client := frameworktest.DummyClient(t, panicsOn("panic", secret),
				frameworktest.ServerParts(append(parts, framework.Use(framework.InterceptorFunc(annotate)))...))
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("%s/%s/%s", tt.name, name, kind), func(t *testing.T) {
					outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"panic"})
					if s := status.Convert(err); s.Code() != tt.code || s.Message() != tt.msg || len(outputs) > 0 {
						t.Errorf("%q, %v, want %v %q", outputs, err, tt.code, tt.msg)
					}
					if got := log.take(); len(got) != tt.logged {
						t.Errorf("logged %v", got)
					}
				})
			}
		}
	}
}

func annotate(ctx context.Context, call *framework.Call, next framework.Handler) error {
	call.Annotate(slog.String("by", "inner"))
	return next(ctx, call)
}

// annotated gives what a link inside said.
func annotated(ctx context.Context, _ any) error {
	call, _ := framework.CallFrom(ctx)
	v, _ := call.Annotation("by")
	return status.Error(codes.Aborted, v.String())
}

func panicsOn(input string, value any) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		input: func(context.Context, string) (string, error) { panic(value) },
	})
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	i := newRecovery(t, recovery.Options{})
	p := i.Placement()
	if p.Name != "recovery" || p.Stage != framework.StageRecover || !slices.Equal(p.Sides, []framework.Side{framework.ServerSide}) {
		t.Errorf("%+v", p)
	}
	if _, err := framework.NewClientChain(framework.Use(i)); err == nil {
		t.Error("a client took it")
	}
}

// runtime.Goexit can't be stopped: it is logged, the caller is left to its deadline, and the server serves on.
func TestGoexit(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	log := &records{handled: cancel}
	client := frameworktest.DummyClient(t,
		frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
			"exit": func(context.Context, string) (string, error) { runtime.Goexit(); return "", nil },
		}),
		frameworktest.ServerParts(framework.Use(newRecovery(t, recovery.Options{Logger: slog.New(log)}))))
	if _, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"exit"}); status.Code(err) != codes.Canceled {
		t.Errorf("%v, want the caller's own end", err)
	}
	if got := log.take(); len(got) != 1 {
		t.Errorf("logged %v", got)
	}
	if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"}); err != nil {
		t.Errorf("the next RPC: %v", err)
	}
}

// With the GODEBUG setting recover gives nil for panic(nil), as for no panic. The setting is the process's, so this one
// runs alone.
func TestPanicNil(t *testing.T) {
	t.Setenv("GODEBUG", "panicnil=1")
	client := frameworktest.DummyClient(t, panicsOn("panic", nil),
		frameworktest.ServerParts(framework.Use(newRecovery(t, recovery.Options{Logger: slog.New(slog.DiscardHandler)}))))
	for _, kind := range kinds {
		outputs, err := frameworktest.Execute(t.Context(), client, kind, []string{"panic"})
		if len(outputs) > 0 {
			t.Errorf("%s: %q", kind, outputs)
		}
		checkAnswer(t, err)
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor {
		return newRecovery(t, recovery.Options{Logger: slog.New(slog.DiscardHandler)})
	})
}
