package logging_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/logging"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/logging"
)

// An entry is a line as a ggm Logger gets it.
type entry struct {
	level  ggm.Level
	msg    string
	fields []any
}

func (e entry) value(key string) any {
	for i := 0; i+1 < len(e.fields); i += 2 {
		if e.fields[i] == key {
			return e.fields[i+1]
		}
	}
	return nil
}

// entries are a log of a ggm Logger, which keeps the slices it is given.
type entries struct {
	mu   sync.Mutex
	kept []entry
}

func adapter(e *entries) ggm.Logger {
	return ggm.LoggerFunc(func(_ context.Context, level ggm.Level, msg string, fields ...any) {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.kept = append(e.kept, entry{level, msg, fields})
	})
}

func (e *entries) take() []entry {
	e.mu.Lock()
	defer e.mu.Unlock()
	kept := e.kept
	e.kept = nil
	return kept
}

// theirs is ggm's own interceptor, as a link.
func theirs(side framework.Side, l ggm.Logger) framework.Part {
	o := []framework.LinkOption{framework.Name("ggm"), framework.At(framework.StageObserve)}
	if side == framework.ClientSide {
		return framework.UseClient(ggm.UnaryClientInterceptor(l), ggm.StreamClientInterceptor(l), o...)
	}
	return framework.UseServer(ggm.UnaryServerInterceptor(l), ggm.StreamServerInterceptor(l), o...)
}

// Beside ggm's interceptor, on the same RPC, the lines have all its keys, with its values, and its messages and levels.
func TestLikeGGM(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind, side framework.Side) {
		var ours, ggms entries
		client := frameworktest.DummyClient(t, raises(errmap.NotFound.New("nf")), on(side,
			framework.Use(newLogging(t, logging.Options{Adapter: adapter(&ours), StartLine: true})), theirs(side, adapter(&ggms))))
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		for _, input := range []string{"x", "error"} {
			_, _ = frameworktest.Execute(ctx, client, kind, []string{input})
			got, want := ours.take(), ggms.take()
			if len(got) != 2 || len(want) != 2 {
				t.Fatalf("%s: %d lines, ggm %d", input, len(got), len(want))
			}
			for i := range want {
				likeGGM(t, got[i], want[i])
			}
		}
	})
}

func likeGGM(t *testing.T, got, want entry) {
	t.Helper()
	if got.msg != want.msg || got.level != want.level {
		t.Errorf("%q at %v, ggm's is %q at %v", got.msg, got.level, want.msg, want.level)
	}
	measured := []string{"grpc.start_time", "grpc.time_ms"}
	for i := 0; i < len(want.fields); i += 2 {
		key := want.fields[i].(string)
		if key == "grpc.time_ms" && got.msg == "started call" {
			continue // theirs has no time to tell, either
		}
		value := got.value(key)
		if fmt.Sprintf("%T", value) != fmt.Sprintf("%T", want.fields[i+1]) {
			t.Errorf("%s is a %T, ggm's a %T", key, value, want.fields[i+1])
		}
		if !slices.Contains(measured, key) && value != want.fields[i+1] {
			t.Errorf("%s is %v, ggm's %v", key, value, want.fields[i+1])
		}
	}
}

// A ggm Logger gets groups flat, and slices that are its own to keep: ggm appends to those it gave away.
func TestAdapter(t *testing.T) {
	t.Parallel()
	var log entries
	annotate := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.Annotate(slog.Group("a", slog.Group("b", slog.Int("c", 1)), slog.Duration("d", time.Second)), slog.Group("", slog.Bool("inline", true)))
		return next(ctx, call)
	})
	client := frameworktest.DummyClient(t, raises(fmt.Errorf("row 7: %w", errmap.NotFound)), frameworktest.ServerParts(
		framework.Use(newLogging(t, logging.Options{Adapter: adapter(&log)})), errs(t), framework.Use(annotate)))
	for range 2 {
		_, _ = frameworktest.Execute(t.Context(), client, framework.Unary, []string{"error"})
	}
	kept := log.take()
	if len(kept) != 2 {
		t.Fatalf("%d lines", len(kept))
	}
	for _, e := range kept {
		for k, want := range map[string]any{
			"a.b.c": int64(1), "a.d": "1s", "inline": true, "grpc.requests": int64(1),
			"grpc.error": errmap.NotFound.Error(), "grpc.cause.source": "code", "grpc.cause.error": "row 7: " + errmap.NotFound.Error(),
		} {
			if got := e.value(k); got != want {
				t.Errorf("%s is %T %v, want %v", k, got, got, want)
			}
		}
	}
	kept[0].fields[1] = "changed"
	if kept[1].fields[1] != "grpc" {
		t.Error("two lines share a slice")
	}
}
