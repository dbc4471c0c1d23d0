package tracing_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/requestid"
	"github.com/sluice-go/sluice/modules/tracing"
)

// A journal is what a log was written to.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

// Request id and trace id are in the line of each RPC that a call leads to, on both sides, whichever stands outermost.
func TestLog(t *testing.T) {
	t.Parallel()
	for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}} {
		each(t, func(t *testing.T, kind framework.Kind) {
			s, log := newSpans(), &journal{}
			parts := make([]framework.Part, 3)
			for place, n := range order {
				parts[place] = framework.Use(links(t, log, s)[n])
			}
			second := frameworktest.DummyClient(t, both(parts...)...)
			first := frameworktest.DummyClient(t, append(both(parts...), doing(func(ctx context.Context) error {
				_, err := frameworktest.Execute(ctx, second, kind, []string{"inner"})
				return err
			}))...)
			if _, err := frameworktest.Execute(t.Context(), first, kind, []string{"x"}); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
			id := s.ended(t)[0].SpanContext().TraceID().String()
			lines, requests := json.NewDecoder(&log.text), map[any]int{}
			for lines.More() {
				var line map[string]any
				if err := lines.Decode(&line); err != nil {
					t.Fatal(err)
				}
				requests[line[framework.AnnotationRequestID]]++
				if line[framework.AnnotationTraceID] != id {
					t.Errorf("%s of %s: trace %v, want %s", line["msg"], line["grpc.component"], line[framework.AnnotationTraceID], id)
				}
			}
			if len(requests) != 1 || requests[nil] != 0 || requests[""] != 0 {
				t.Errorf("request ids %v", requests)
			}
			for id, n := range requests {
				if n != 4 {
					t.Errorf("%d lines of the request %v", n, id)
				}
			}
		})
	}
}

func links(t *testing.T, log *journal, s *spans) []framework.Interceptor {
	t.Helper()
	lines, err := logging.New(logging.Options{Logger: slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	ids, err := requestid.New(requestid.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return []framework.Interceptor{lines, ids, newTracing(t, tracing.Options{TracerProvider: s.provider})}
}
