package logging_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/translate"
)

const secret = "dial 10.0.0.3: pw=hunter2"

var (
	kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}
	sides = []framework.Side{framework.ServerSide, framework.ClientSide}
)

var methods = map[framework.Kind]string{
	framework.Unary:        "Execute",
	framework.ClientStream: "ExecuteClientStream",
	framework.ServerStream: "ExecuteServerStream",
	framework.BidiStream:   "ExecuteClientServerStream",
}

// A line is one that was logged, read back from JSON.
type line map[string]any

func (l line) text(key string) string {
	s, _ := l[key].(string)
	return s
}

// lines are a log. Each line goes to the channel, too, where there is one.
type lines struct {
	mu    sync.Mutex
	kept  []line
	wrote chan line
}

// Write takes a line as JSON.
func (l *lines) Write(text []byte) (int, error) {
	read := line{}
	if err := json.Unmarshal(text, &read); err != nil {
		return 0, err
	}
	l.mu.Lock()
	l.kept = append(l.kept, read)
	l.mu.Unlock()
	if l.wrote != nil {
		l.wrote <- read
	}
	return len(text), nil
}

func (l *lines) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewJSONHandler(l, &slog.HandlerOptions{Level: level}))
}

func (l *lines) take() []line {
	l.mu.Lock()
	defer l.mu.Unlock()
	kept := l.kept
	l.kept = nil
	return kept
}

// only is the one line that was logged.
func (l *lines) only(t *testing.T) line {
	t.Helper()
	got := l.take()
	if len(got) != 1 {
		t.Fatalf("%d lines, want one: %v", len(got), got)
	}
	return got[0]
}

// of are the lines with a message.
func of(all []line, msg string) []line {
	return slices.DeleteFunc(slices.Clone(all), func(l line) bool { return l.text("msg") != msg })
}

func newLogging(t testing.TB, o logging.Options) *logging.Interceptor {
	t.Helper()
	i, err := logging.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// on puts parts on one side.
func on(side framework.Side, parts ...framework.Part) frameworktest.Option {
	if side == framework.ClientSide {
		return frameworktest.ClientParts(parts...)
	}
	return frameworktest.ServerParts(parts...)
}

// logged puts logging on one side, with all levels enabled, and gives its log.
func logged(t testing.TB, side framework.Side, o logging.Options) (*lines, frameworktest.Option) {
	t.Helper()
	log := &lines{}
	o.Logger = log.logger(slog.LevelDebug)
	return log, on(side, framework.Use(newLogging(t, o)))
}

// errs is a translate link with the given rules, that logs nothing itself.
func errs(t testing.TB, rules ...errmap.Rule) framework.Part {
	t.Helper()
	m, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}}, rules...)
	if err != nil {
		t.Fatal(err)
	}
	i, err := translate.New(translate.Options{Mapper: m})
	if err != nil {
		t.Fatal(err)
	}
	return framework.Use(i)
}

func cases(f map[string]func(context.Context, string) (string, error)) frameworktest.Option {
	return frameworktest.SpecialCases(f)
}

func raises(err error) frameworktest.Option {
	return cases(map[string]func(context.Context, string) (string, error){"error": frameworktest.Raises(err)})
}

// each runs f for all kinds on both sides.
func each(t *testing.T, f func(t *testing.T, kind framework.Kind, side framework.Side)) {
	t.Helper()
	for _, side := range sides {
		for _, kind := range kinds {
			t.Run(side.String()+"/"+kind.String(), func(t *testing.T) {
				t.Parallel()
				f(t, kind, side)
			})
		}
	}
}

// noLeak holds a log to what must never be in it.
func noLeak(t *testing.T, all []line, words ...string) {
	t.Helper()
	text, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, leak := range words {
		if strings.Contains(string(text), leak) {
			t.Errorf("%q is in the log: %s", leak, text)
		}
	}
}
