package translate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/translate"
)

const secret = "dial 10.0.0.3: pw=hunter2"

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

// silent is a Config that does not log what the tests fail with on purpose.
func silent(c errmap.Config) errmap.Config {
	c.Observer = func(context.Context, errmap.Outcome) {}
	return c
}

func newMapper(t testing.TB, c errmap.Config, rules ...errmap.Rule) *errmap.Mapper {
	t.Helper()
	if c.Observer == nil {
		c = silent(c)
	}
	m, err := errmap.New(c, rules...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// link is a translate link with a mapper of its own.
func link(t testing.TB, c errmap.Config, rules ...errmap.Rule) *translate.Interceptor {
	t.Helper()
	return newTranslate(t, translate.Options{Mapper: newMapper(t, c, rules...)})
}

func newTranslate(t testing.TB, o translate.Options) *translate.Interceptor {
	t.Helper()
	i, err := translate.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// fails is a DummyService that fails with err on "error", and these links around it.
func fails(t testing.TB, err error, parts ...framework.Part) dummypb.DummyServiceClient {
	t.Helper()
	return frameworktest.DummyClient(t, onError(frameworktest.Raises(err)), frameworktest.ServerParts(parts...))
}

func onError(f func(context.Context, string) (string, error)) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){"error": f})
}

// An answer is what a client gets of an RPC.
type answer struct {
	outputs []string
	err     error
	status  *status.Status
	md      metadata.MD // header and trailer
}

func execute(t *testing.T, client dummypb.DummyServiceClient, kind framework.Kind, inputs ...string) answer {
	t.Helper()
	var header, trailer metadata.MD
	outputs, err := frameworktest.Execute(t.Context(), client, kind, inputs, grpc.Header(&header), grpc.Trailer(&trailer))
	a := answer{outputs, err, status.Convert(err), metadata.Join(header, trailer)}
	a.noLeak(t)
	return a
}

// noLeak holds everything that the client gets to what nobody chose to send.
func (a answer) noLeak(t *testing.T) {
	t.Helper()
	text := fmt.Sprintf("%+v %v %v", a.err, a.status.Message(), a.status.Details())
	for k, v := range a.md {
		text += k + "=" + strings.Join(v, ",")
	}
	for _, leak := range []string{"hunter2", "10.0.0.3", "pw=", "goroutine"} {
		if strings.Contains(text, leak) {
			t.Errorf("%q leaked: %s", leak, text)
		}
	}
}

// want holds the answer to a code and a message.
func (a answer) want(t *testing.T, c errmap.Code, msg string) {
	t.Helper()
	if a.err == nil || a.status.Code() != c.Code() || a.status.Message() != msg {
		t.Errorf("%q, %v, want %v %q", a.outputs, a.err, c.Name(), msg)
	}
}

// eachKind runs f for all four kinds.
func eachKind(t *testing.T, f func(t *testing.T, kind framework.Kind)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			f(t, kind)
		})
	}
}

// both serves with and without a mapper of the client's own, which changes nothing that the server sends.
func both(t *testing.T, options ...frameworktest.Option) map[string]dummypb.DummyServiceClient {
	t.Helper()
	return map[string]dummypb.DummyServiceClient{
		"plain client":  frameworktest.DummyClient(t, options...),
		"mapped client": frameworktest.DummyClient(t, append(options, frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}))))...),
	}
}

// The zero Options are safe: what is known keeps its code, the rest is UNKNOWN and says nothing.
func TestZeroOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		err  error
		code errmap.Code
		msg  string
	}{
		{errmap.NotFound.New("no such order"), errmap.NotFound, "no such order"},
		{errmap.NotFound, errmap.NotFound, "The requested entity was not found"},
		{fmt.Errorf("%s: %w", secret, errmap.Aborted.New("again")), errmap.Aborted, "again"},
		{status.Error(errmap.DataLoss.Code(), "gone"), errmap.DataLoss, "gone"},
	} {
		for name, client := range both(t, onError(frameworktest.Raises(tt.err)),
			frameworktest.ServerParts(framework.Use(newTranslate(t, translate.Options{})))) {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				eachKind(t, func(t *testing.T, kind framework.Kind) {
					execute(t, client, kind, "error").want(t, tt.code, tt.msg)
				})
			})
		}
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newTranslate(t, translate.Options{}).Placement()
	if p.Name != "translate" || p.Stage != framework.StageTranslate || len(p.Sides) != 0 {
		t.Errorf("%+v", p)
	}
}

// Intercept without Bind does the same.
func TestUnbound(t *testing.T) {
	t.Parallel()
	unbound := func(i *translate.Interceptor) framework.Interceptor {
		return framework.InterceptorFunc(i.Intercept)
	}
	known := errors.New("known")
	rule := errmap.On(known, errmap.NotFound, errmap.Reason("KNOWN"), errmap.Domain("test"))
	client := frameworktest.DummyClient(t, onError(frameworktest.Raises(known)),
		frameworktest.ServerParts(framework.Use(unbound(link(t, errmap.Config{}, rule)))),
		frameworktest.ClientParts(framework.Use(unbound(link(t, errmap.Config{}, rule)))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		if a := execute(t, client, kind, "error"); !errors.Is(a.err, known) {
			t.Errorf("%+v", a.err)
		}
	})
}

// What links outside of it see is the mapped error, with the handler's own inside.
func TestSeenOutside(t *testing.T) {
	t.Parallel()
	handlers := &orderError{ID: 7, Secret: secret}
	seen := make(chan error, 1)
	spy := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		seen <- err
		return err
	})
	client := fails(t, fmt.Errorf("outer: %w", handlers),
		framework.Use(spy, framework.At(framework.StageObserve)),
		framework.Use(link(t, errmap.Config{}, errmap.OnType[*orderError](errmap.NotFound, errmap.Message("no such order")))))
	for _, kind := range kinds {
		execute(t, client, kind, "error").want(t, errmap.NotFound, "no such order")
		err := <-seen
		mapped, ok := err.(*errmap.Error)
		if !ok || mapped.Error() != "no such order" {
			t.Fatalf("%s: outside sees %T %v", kind, err, err)
		}
		if found, ok := errors.AsType[*orderError](err); !ok || found != handlers || !errors.Is(err, errmap.NotFound) {
			t.Errorf("%s: the cause is lost: %+v", kind, err)
		}
		if want := methods[kind]; mapped.Outcome().Method != want {
			t.Errorf("%s: mapped as %s", kind, mapped.Outcome().Method)
		}
	}
}

type orderError struct {
	ID     int
	Secret string
}

func (e *orderError) Error() string { return fmt.Sprint(e.ID, e.Secret) }

const service = "/sluice.testing.v1.DummyService/"

var methods = map[framework.Kind]string{
	framework.Unary:        service + "Execute",
	framework.ClientStream: service + "ExecuteClientStream",
	framework.ServerStream: service + "ExecuteServerStream",
	framework.BidiStream:   service + "ExecuteClientServerStream",
}

// A rule for one method counts on that method.
func TestRuleForAMethod(t *testing.T) {
	t.Parallel()
	scoped := errors.New("scoped")
	client := fails(t, scoped, framework.Use(link(t, errmap.Config{},
		errmap.On(scoped, errmap.Aborted),
		errmap.On(scoped, errmap.PermissionDenied, errmap.For("sluice.testing.v1.DummyService/ExecuteServerStream")))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		want := errmap.Aborted
		if kind == framework.ServerStream {
			want = errmap.PermissionDenied
		}
		execute(t, client, kind, "error").want(t, want, "scoped")
	})
}

// B60: metadata that was set before the error reaches the client. X10 is the same for trailers.
func TestX10MetadataSurvives(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t,
		onError(func(ctx context.Context, _ string) (string, error) {
			return "", errors.Join(grpc.SetTrailer(ctx, metadata.Pairs("k", "v")), grpc.SetHeader(ctx, metadata.Pairs("h", "w")), errors.New(secret))
		}),
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		a := execute(t, client, kind, "error")
		a.want(t, errmap.Unknown, "unknown error")
		if !slices.Equal(a.md["k"], []string{"v"}) || !slices.Equal(a.md["h"], []string{"w"}) {
			t.Errorf("metadata %v", a.md)
		}
	})
}

// A stream that ends well ends with io.EOF itself, and with the error of nothing else.
func TestEOF(t *testing.T) {
	t.Parallel()
	for name, client := range both(t, frameworktest.ServerParts(framework.Use(link(t, errmap.Config{})))) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stream, err := client.ExecuteServerStream(t.Context(), &dummypb.DummyRequest{Input: "a"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := stream.Recv(); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if _, err := stream.Recv(); err != io.EOF {
					t.Errorf("%T %v, want io.EOF itself", err, err)
				}
			}
		})
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return link(t, errmap.Config{}) })
}
