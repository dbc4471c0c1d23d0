package metrics_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/metrics"
)

// annotating says which trace an RPC belongs to, as tracing does.
func annotating(key, value string) framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.Annotate(slog.String(key, value))
		return next(ctx, call)
	}))
}

// exemplars are those of all metrics.
func exemplars(t *testing.T, from prometheus.Gatherer) map[string]string {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			found := []*dto.Exemplar{m.GetCounter().GetExemplar()}
			for _, b := range m.GetHistogram().GetBucket() {
				found = append(found, b.GetExemplar())
			}
			for _, e := range found {
				for _, l := range e.GetLabel() {
					all[short(f.GetName(), m)] = l.GetName() + "=" + l.GetValue()
				}
			}
		}
	}
	return all
}

// Counts and durations have the RPC's trace where that is asked for, whatever became of it.
func TestExemplar(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, input string
		exemplar    func(context.Context) prometheus.Labels
		part        framework.Part
		want        string
	}{
		{"not asked for", "y", nil, annotating(framework.AnnotationTraceID, "4711"), ""},
		{"success", "y", metrics.TraceID, annotating(framework.AnnotationTraceID, "4711"), "trace_id=4711"},
		{"failure", "x", metrics.TraceID, annotating(framework.AnnotationTraceID, "4711"), "trace_id=4711"},
		{"no trace", "y", metrics.TraceID, annotating("other", "4711"), ""},
		{"too long", "y", metrics.TraceID, annotating(framework.AnnotationTraceID, strings.Repeat("ä", 121)), ""},
		{"long enough", "y", metrics.TraceID, annotating(framework.AnnotationTraceID, strings.Repeat("ä", 120)), "trace_id=" + strings.Repeat("ä", 120)},
		{"no text", "y", metrics.TraceID, annotating(framework.AnnotationTraceID, "\xff"), ""},
		{"no name", "y", func(context.Context) prometheus.Labels { return prometheus.Labels{"": "1"} }, annotating("other", ""), ""},
		{"a reserved name", "y", func(context.Context) prometheus.Labels { return prometheus.Labels{"__a": "1"} }, annotating("other", ""), ""},
		{"no text for a name", "y", func(context.Context) prometheus.Labels { return prometheus.Labels{"\xff": "1"} }, annotating("other", ""), ""},
		{"empty", "y", func(context.Context) prometheus.Labels { return prometheus.Labels{} }, annotating("other", ""), ""},
		{"its own", "y", func(context.Context) prometheus.Labels { return prometheus.Labels{"build": "7"} }, annotating("other", ""), "build=7"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				i := newMetrics(t, metrics.Options{Exemplar: tt.exemplar})
				client := frameworktest.DummyClient(t, both(i, raises(errmap.NotFound), on(framework.ServerSide, tt.part), on(framework.ClientSide, tt.part))...)
				_, err := frameworktest.Execute(t.Context(), client, kind, []string{tt.input})
				if (err != nil) != (tt.input == "x") {
					t.Error(err)
				}
				synctest.Wait()
				code := map[string]string{"x": "NotFound", "y": "OK"}[tt.input]
				want := map[string]string{}
				for _, side := range sides {
					if tt.want != "" {
						want[fmt.Sprintf("%s handled %s %s %s", side, kind, methods[kind], code)] = tt.want
						want[fmt.Sprintf("%s handling %s %s", side, kind, methods[kind])] = tt.want
					}
				}
				if got := exemplars(t, i.Registry()); fmt.Sprint(got) != fmt.Sprint(want) {
					t.Errorf("got  %v\nwant %v", got, want)
				}
			})
		})
	}
}

// A function that panics ends its RPC with INTERNAL, and that alone: the RPC is counted.
func TestExemplarPanics(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		i := newMetrics(t, metrics.Options{Exemplar: func(context.Context) prometheus.Labels { panic("p") }})
		client := frameworktest.DummyClient(t, on(framework.ServerSide, framework.Use(i)))
		for range 2 {
			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"y"}); status.Code(err) != codes.Internal {
				t.Error(err)
			}
		}
		synctest.Wait()
		read(t, i.Registry()).without("msg").want(t, ended(framework.ServerSide, kind, codes.Internal, 2))
	})
}

// Outside of an RPC there is no trace.
func TestTraceIDOutside(t *testing.T) {
	t.Parallel()
	if got := metrics.TraceID(t.Context()); got != nil {
		t.Error(got)
	}
}
