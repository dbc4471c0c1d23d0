package logging_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/recovery"
)

// One line says of an RPC who it was for, how it ended, how long it took and what passed.
func TestLine(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log, link := logged(t, side, logging.Options{})
		client := frameworktest.DummyClient(t, link)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if _, err := frameworktest.Execute(ctx, client, kind, []string{"foo"}); err != nil {
			t.Fatal(err)
		}
		got := log.only(t)
		for k, want := range map[string]any{
			"msg":              "finished call",
			"level":            map[framework.Side]string{framework.ServerSide: "INFO", framework.ClientSide: "DEBUG"}[side],
			"protocol":         "grpc",
			"grpc.component":   side.String(),
			"grpc.service":     "sluice.testing.v1.DummyService",
			"grpc.method":      methods[kind],
			"grpc.method_type": kind.String(),
			"grpc.code":        "OK",
		} {
			if got[k] != want {
				t.Errorf("%s is %v, want %v", k, got[k], want)
			}
		}
		for _, k := range []string{"time", "grpc.start_time", "grpc.request.deadline"} {
			if _, err := time.Parse(time.RFC3339Nano, got.text(k)); err != nil {
				t.Error(err)
			}
		}
		if ms, ok := got["grpc.time_ms"].(float64); !ok || ms < 0 || ms > 60_000 {
			t.Errorf("grpc.time_ms is %v", got["grpc.time_ms"])
		}
		if _, ok := got["peer.address"]; ok != (side == framework.ServerSide) {
			t.Errorf("peer.address is %v", got["peer.address"])
		}
		for _, k := range []string{"grpc.error", "grpc.cause", "grpc.request.content", "grpc.response.content"} {
			if _, ok := got[k]; ok {
				t.Errorf("%s is %v", k, got[k])
			}
		}
	})
}

// Messages are counted, on the way of an RPC that fails as well.
func TestCounts(t *testing.T) {
	t.Parallel()
	type counts struct{ requests, responses float64 }
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log, link := logged(t, side, logging.Options{})
		client := frameworktest.DummyClient(t, link, raises(errmap.NotFound))
		for _, tt := range []struct {
			inputs []string
			want   [4]counts // by kind
		}{
			{[]string{"a", "b", "c"}, [4]counts{{1, 1}, {3, 1}, {1, 3}, {3, 3}}},
			{nil, [4]counts{{1, 1}, {0, 1}, {1, 0}, {0, 0}}},
			{[]string{"error"}, [4]counts{{1, 0}, {1, 0}, {1, 0}, {1, 0}}},
		} {
			_, _ = frameworktest.Execute(t.Context(), client, kind, tt.inputs)
			got := log.only(t)
			if c := (counts{got["grpc.requests"].(float64), got["grpc.responses"].(float64)}); c != tt.want[kind] {
				t.Errorf("%q: %v, want %v", tt.inputs, c, tt.want[kind])
			}
		}
	})
}

// okStatus and nilStatus are errors with a status that is none.
type (
	okStatus  struct{}
	nilStatus struct{}
)

func (okStatus) Error() string               { return "fine" }
func (okStatus) GRPCStatus() *status.Status  { return status.New(codes.OK, "") }
func (nilStatus) Error() string              { return "nil" }
func (nilStatus) GRPCStatus() *status.Status { return nil }

// ended are errors that RPCs end with.
func ended() map[string]error {
	all := map[string]error{
		"no error of ours":   errors.New(secret),
		"EOF":                io.EOF,
		"canceled":           context.Canceled,
		"deadline":           context.DeadlineExceeded,
		"wrapped canceled":   fmt.Errorf("query: %w", context.Canceled),
		"wrapped deadline":   fmt.Errorf("query: %w", context.DeadlineExceeded),
		"wrapped status":     fmt.Errorf("query: %w", status.Error(codes.Aborted, "again")),
		"OK status":          okStatus{},
		"nil status":         nilStatus{},
		"code above sixteen": status.Error(99, "?"),
		"panic":              &errmap.PanicError{Value: secret},
	}
	for c := errmap.Canceled; c <= errmap.Unauthenticated; c++ {
		all[c.Name()] = status.Error(c.Code(), "text")
	}
	return all
}

// The code of the line is the one that the client gets: on both sides, of all kinds, with translate or without. The ggm
// interceptors log context errors as Unknown.
func TestCode(t *testing.T) {
	t.Parallel()
	input := map[string]func(context.Context, string) (string, error){}
	for name, err := range ended() {
		input[name] = frameworktest.Raises(err)
	}
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		for _, inside := range [][]framework.Part{nil, {errs(t)}} {
			log, link := logged(t, side, logging.Options{})
			client := frameworktest.DummyClient(t, link, cases(input), frameworktest.ServerParts(inside...), frameworktest.ClientParts(inside...))
			for name := range input {
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{name})
				got := log.only(t)
				if got["grpc.code"] != status.Code(err).String() {
					t.Errorf("%s: logged %v, the client got %v", name, got["grpc.code"], err)
				}
				if err != nil && got.text("grpc.error") == "" {
					t.Errorf("%s: no error in %v", name, got)
				}
			}
		}
	})
}

// What the client is told stands beside what it is not told.
func TestError(t *testing.T) {
	t.Parallel()
	known := errors.New("sold out")
	rule := errmap.On(known, errmap.FailedPrecondition)
	for _, tt := range []struct {
		name  string
		err   error
		text  string
		cause map[string]any
	}{
		{"unknown", errors.New(secret), "unknown error", map[string]any{"source": "unknown", "error": secret}},
		{"rule", fmt.Errorf("row 7: %w", known), "sold out", map[string]any{"source": "sentinel", "rule": "sold out", "place": "logging_test.go", "error": "row 7: sold out"}},
		{"rule, nothing more", known, "sold out", map[string]any{"source": "sentinel", "rule": "sold out", "place": "logging_test.go"}},
		{"code", errmap.NotFound.New("no such order"), "no such order", map[string]any{"source": "explicit"}},
		{"panic", &errmap.PanicError{Value: secret, Stack: []byte("goroutine 1")}, "internal error", map[string]any{"source": "panic", "panic": secret}},
		{"defect", (*errmap.PanicError)(nil), "internal error", map[string]any{"source": "defect", "flaw": "typed-nil", "error": "errmap: typed-nil: *errmap.PanicError: <nil>"}},
		{
			"cause", errmap.NotFound.Wrap(errors.New(secret), "no such order"), "no such order",
			map[string]any{"source": "explicit", "error": map[string]any{"code": "NOT_FOUND", "message": "no such order", "cause": secret}},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			log, link := logged(t, framework.ServerSide, logging.Options{})
			client := frameworktest.DummyClient(t, link, frameworktest.ServerParts(errs(t, rule)), raises(tt.err))
			_, _ = frameworktest.Execute(t.Context(), client, framework.Unary, []string{"error"})
			got := log.only(t)
			if got["grpc.error"] != tt.text {
				t.Errorf("grpc.error is %v, want %q", got["grpc.error"], tt.text)
			}
			cause, _ := got["grpc.cause"].(map[string]any)
			if place, ok := cause["place"].(string); ok {
				cause["place"], _, _ = strings.Cut(place, ":")
			}
			if fmt.Sprint(cause) != fmt.Sprint(tt.cause) {
				t.Errorf("grpc.cause is %v, want %v", cause, tt.cause)
			}
			noLeak(t, []line{got}, "goroutine")
		})
	}
}

// A client has no cause to log.
func TestErrorOfAClient(t *testing.T) {
	t.Parallel()
	for text, inside := range map[string][]framework.Part{"nf": {errs(t)}, "rpc error: code = NotFound desc = nf": nil} {
		log, link := logged(t, framework.ClientSide, logging.Options{})
		client := frameworktest.DummyClient(t, link, frameworktest.ClientParts(inside...), raises(errmap.NotFound.New("nf")))
		for _, kind := range kinds {
			_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"error"})
			if got := log.only(t); got["grpc.error"] != text || got["grpc.cause"] != nil {
				t.Errorf("%s: %v, %v", kind, got["grpc.error"], got["grpc.cause"])
			}
		}
	}
}

// What links and handlers say of the RPC, and what Fields adds, is in the line.
func TestAnnotations(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log, link := logged(t, side, logging.Options{Fields: func(_ context.Context, call *framework.Call) []slog.Attr {
			v, _ := call.Annotation("link")
			return []slog.Attr{slog.String("fields", call.Kind().String()+" "+v.String())}
		}})
		annotate := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.Annotate(slog.String("link", "here"), slog.Group("group", slog.Int("n", 1)))
			return next(ctx, call)
		})
		client := frameworktest.DummyClient(t, link, on(side, framework.Use(annotate, framework.At(framework.StageAdmit))),
			cases(map[string]func(context.Context, string) (string, error){
				"x": func(ctx context.Context, input string) (string, error) {
					if call, ok := framework.CallFrom(ctx); ok {
						call.Annotate(slog.String("handler", "there"))
					}
					return input, nil
				},
			}))
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		got := log.only(t)
		if got["link"] != "here" || got["fields"] != kind.String()+" here" || fmt.Sprint(got["group"]) != "map[n:1]" {
			t.Error(got)
		}
		if side == framework.ServerSide && got["handler"] != "there" {
			t.Errorf("what the handler said is missing: %v", got)
		}
	})
}

// The start is told before anything inside has happened, also of a stream on which nothing ever does. ggm tells it with
// the first message.
func TestStartLine(t *testing.T) {
	t.Parallel()
	refuse := framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error { return errmap.PermissionDenied })
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log, link := logged(t, side, logging.Options{StartLine: true})
		client := frameworktest.DummyClient(t, link, on(side, framework.Use(refuse, framework.At(framework.StageAuthenticate))))
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); status.Code(err) != codes.PermissionDenied {
			t.Fatal(err)
		}
		got := log.take()
		if len(got) != 2 || got[0]["msg"] != "started call" || got[1]["msg"] != "finished call" {
			t.Fatal(got)
		}
		for _, k := range []string{"grpc.code", "grpc.time_ms", "grpc.error"} {
			if got[0][k] != nil {
				t.Errorf("at the start %s is %v", k, got[0][k])
			}
		}
		if got[0]["grpc.start_time"] != got[1]["grpc.start_time"] || got[0]["grpc.method"] != methods[kind] {
			t.Errorf("%v", got)
		}
	})
}

// A panic on its way through is logged, and goes on.
func TestPanic(t *testing.T) {
	t.Parallel()
	recover, err := recovery.New(recovery.Options{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	outer := framework.Use(recover, framework.At(framework.StageObserve), framework.Before("logging"))
	for name, part := range map[string]framework.Part{"recovered outside": outer, "recovered inside": framework.Use(recover)} {
		log, link := logged(t, framework.ServerSide, logging.Options{})
		client := frameworktest.DummyClient(t, link, frameworktest.ServerParts(part),
			cases(map[string]func(context.Context, string) (string, error){
				"panic": func(context.Context, string) (string, error) { panic(secret) },
			}))
		for _, kind := range kinds {
			_, err := frameworktest.Execute(t.Context(), client, kind, []string{"panic"})
			got := log.only(t)
			if status.Code(err) != codes.Internal || got["grpc.code"] != "Internal" || got["level"] != "ERROR" {
				t.Errorf("%s, %s: %v, %v", name, kind, err, got)
			}
			noLeak(t, []line{got}, "hunter2")
		}
	}
}

// A handler's call to another service is logged as what it is, with nothing of the call that it is made for.
func TestCallInACall(t *testing.T) {
	t.Parallel()
	inner, innerLink := logged(t, framework.ClientSide, logging.Options{})
	back := frameworktest.DummyClient(t, innerLink)
	outer, outerLink := logged(t, framework.ServerSide, logging.Options{})
	annotate := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.Annotate(slog.String("principal", "ann"))
		return next(ctx, call)
	})
	front := frameworktest.DummyClient(t, outerLink, frameworktest.ServerParts(framework.Use(annotate)),
		cases(map[string]func(context.Context, string) (string, error){
			"x": func(ctx context.Context, input string) (string, error) {
				_, err := frameworktest.Execute(ctx, back, framework.ServerStream, []string{input})
				return input, err
			},
		}))
	if _, err := frameworktest.Execute(t.Context(), front, framework.Unary, []string{"x"}); err != nil {
		t.Fatal(err)
	}
	got := inner.only(t)
	if got["grpc.method"] != "ExecuteServerStream" || got["grpc.component"] != "client" || got["principal"] != nil || got["peer.address"] != nil {
		t.Errorf("%v", got)
	}
	if got := outer.only(t); got["principal"] != "ann" {
		t.Errorf("%v", got)
	}
}

// Neither metadata nor messages are in the log of an RPC, whatever becomes of it.
func TestNoSecrets(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log, link := logged(t, side, logging.Options{StartLine: true})
		client := frameworktest.DummyClient(t, link, frameworktest.ServerParts(errs(t)), frameworktest.ClientParts(errs(t)),
			cases(map[string]func(context.Context, string) (string, error){
				"hunter2": func(ctx context.Context, input string) (string, error) {
					return input, grpc.SetTrailer(ctx, metadata.Pairs("token", "hunter2"))
				},
				"hunter2!": frameworktest.Raises(errmap.NotFound),
			}))
		ctx := metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer hunter2")
		for _, input := range []string{"hunter2", "hunter2!"} {
			_, _ = frameworktest.Execute(ctx, client, kind, []string{input})
		}
		got := log.take()
		if len(got) != 4 {
			t.Errorf("%d lines", len(got))
		}
		noLeak(t, got, "hunter2", "Bearer", "token", "authorization")
	})
}

// A client names methods where the server takes any.
func TestLongNames(t *testing.T) {
	t.Parallel()
	log, link := logged(t, framework.ServerSide, logging.Options{})
	conn := frameworktest.DummyConn(t, link, frameworktest.ServerOptions(
		grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil })))
	service, name := strings.Repeat("s", 1000)+".S", strings.Repeat("ж", 1000)
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/"+service+"/"+name)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.RecvMsg(new(any)); err != io.EOF {
		t.Fatal(err)
	}
	got := log.only(t)
	if want := strings.Repeat("s", 256) + "… (1002 bytes)"; got["grpc.service"] != want {
		t.Errorf("%v", got["grpc.service"])
	}
	if want := strings.Repeat("ж", 128) + "… (2000 bytes)"; got["grpc.method"] != want {
		t.Errorf("%v", got["grpc.method"])
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	_, err := logging.New(logging.Options{Logger: slog.Default(), Adapter: adapter(nil), PayloadLimit: -1})
	want := "logging: Options.Logger and Options.Adapter are both set; set one\n" +
		"logging: Options.PayloadLimit is -1; it is a number of bytes, 0 for 2048"
	if err == nil || err.Error() != want {
		t.Errorf("got %v\nwant %s", err, want)
	}
	p := newLogging(t, logging.Options{}).Placement()
	if p.Name != "logging" || p.Stage != framework.StageObserve || len(p.Sides) != 0 {
		t.Errorf("%+v", p)
	}
}

// Without a Logger it is the default one at the time of the line. That is the process's, so this one runs alone.
func TestDefaultLogger(t *testing.T) {
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(framework.Use(newLogging(t, logging.Options{}))))
	log := &lines{}
	before := slog.Default()
	slog.SetDefault(log.logger(slog.LevelInfo))
	defer slog.SetDefault(before)
	for _, kind := range kinds {
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if got := log.only(t); got["grpc.method"] != methods[kind] || got["protocol"] != "grpc" {
			t.Errorf("%v", got)
		}
	}
}

// Intercept without Bind does the same.
func TestUnbound(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		log := &lines{}
		i := newLogging(t, logging.Options{Logger: log.logger(slog.LevelDebug)})
		client := frameworktest.DummyClient(t, on(side, framework.Use(framework.InterceptorFunc(i.Intercept))))
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if got := log.only(t); got["grpc.method"] != methods[kind] || got["grpc.component"] != side.String() {
			t.Errorf("%v", slices.Sorted(maps.Keys(got)))
		}
	})
}

func TestConformance(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor {
		return newLogging(t, logging.Options{
			Logger: slog.New(slog.NewJSONHandler(io.Discard, nil)), StartLine: true, Payloads: always,
			Fields: func(context.Context, *framework.Call) []slog.Attr { return nil },
		})
	})
}
