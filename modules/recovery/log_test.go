package recovery_test

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/recovery"
)

// records is a slog.Handler that keeps what it gets.
type records struct {
	slog.Handler
	handled func()
	mu      sync.Mutex
	kept    []map[string]string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }

func (r *records) Handle(_ context.Context, record slog.Record) error {
	m := map[string]string{"msg": record.Message, "level": record.Level.String()}
	record.Attrs(func(a slog.Attr) bool {
		m[a.Key] = a.Value.String()
		return true
	})
	r.mu.Lock()
	r.kept = append(r.kept, m)
	r.mu.Unlock()
	if r.handled != nil {
		r.handled()
	}
	return nil
}

func (r *records) take() []map[string]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.kept
	r.kept = nil
	return kept
}

var methods = map[framework.Kind]string{
	framework.Unary:        "Execute",
	framework.ClientStream: "ExecuteClientStream",
	framework.ServerStream: "ExecuteServerStream",
	framework.BidiStream:   "ExecuteClientServerStream",
}

// One record a panic, with the value as text, the place, and the method.
func TestLog(t *testing.T) {
	t.Parallel()
	log := &records{}
	cases := map[string]func(context.Context, string) (string, error){}
	for _, p := range panics {
		cases[p.name] = func(context.Context, string) (string, error) { p.panic(); return "", nil }
	}
	client := frameworktest.DummyClient(t, frameworktest.SpecialCases(cases),
		frameworktest.ServerParts(framework.Use(newRecovery(t, recovery.Options{Logger: slog.New(log)}))))
	for _, p := range panics {
		for _, kind := range kinds {
			_, _ = frameworktest.Execute(t.Context(), client, kind, []string{p.name})
			got := log.take()
			if len(got) != 1 {
				t.Fatalf("%s: %v", p.name, got)
			}
			want := map[string]string{
				"msg": "recovery: panic in an RPC", "level": "ERROR", "panic": p.log,
				"grpc.service": "sluice.testing.v1.DummyService", "grpc.method": methods[kind], "grpc.method_type": kind.String(),
			}
			for k, v := range want {
				if got[0][k] != v {
					t.Errorf("%s, %s: %s is %q, want %q", p.name, kind, k, got[0][k], v)
				}
			}
			if !strings.Contains(got[0]["stack"], "recovery_test.") {
				t.Errorf("%s: the stack does not show the panic: %s", p.name, got[0]["stack"])
			}
		}
	}
}

// The default logger is the one at the time of the panic. It is the process's, so this one runs alone.
func TestDefaultLogger(t *testing.T) {
	client := frameworktest.DummyClient(t, panicsOn("panic", secret), frameworktest.ServerParts(framework.Use(newRecovery(t, recovery.Options{}))))
	log := &records{}
	before := slog.Default()
	slog.SetDefault(slog.New(log))
	defer slog.SetDefault(before)
	_, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"panic"})
	checkAnswer(t, err)
	if got := log.take(); len(got) != 1 || got[0]["panic"] != secret {
		t.Errorf("logged %v", got)
	}
}
