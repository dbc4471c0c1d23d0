package metrics_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/metrics"
)

// What can't be is told when it is made, all of it.
func TestWrongOptions(t *testing.T) {
	t.Parallel()
	exemplar := func(context.Context) prometheus.Labels { return nil }
	meters := sdk.NewMeterProvider()
	for _, tt := range []struct {
		name string
		o    metrics.Options
		want string
	}{
		{
			"nil options",
			metrics.Options{Counters: []ggm.CounterOption{ggm.WithNamespace("a"), nil}, Histograms: []ggm.HistogramOption{nil}},
			"metrics: Options.Counters[1] is nil; leave it out\n" + "metrics: Options.Histograms[0] is nil; leave it out",
		},
		{
			"nil pointers",
			metrics.Options{Registerer: (*prometheus.Registry)(nil), MeterProvider: (*sdk.MeterProvider)(nil)},
			"metrics: Options.Registerer is a nil *prometheus.Registry; set one that was made, or nothing\n" +
				"metrics: Options.MeterProvider is a nil *metric.MeterProvider; set one that was made, or nothing",
		},
		{
			"histograms that are left out",
			metrics.Options{NoHistogram: true, Histograms: []ggm.HistogramOption{ggm.WithHistogramBuckets([]float64{1})}},
			"metrics: Options.Histograms and Options.NoHistogram are both set; set one",
		},
		{
			"for Prometheus alone",
			metrics.Options{
				MeterProvider: meters, Counters: []ggm.CounterOption{ggm.WithNamespace("a")}, Histograms: []ggm.HistogramOption{ggm.WithHistogramNamespace("a")},
				Exemplar: exemplar,
			},
			strings.Join([]string{nothingFor("Counters"), nothingFor("Histograms"), nothingFor("Exemplar")}, "\n"),
		},
		{"no histogram where none is", metrics.Options{MeterProvider: meters, NoHistogram: true}, nothingFor("NoHistogram")},
		{
			"buckets",
			metrics.Options{Histograms: []ggm.HistogramOption{ggm.WithHistogramBuckets([]float64{2, 1})}},
			"metrics: Options.Histograms: histogram buckets must be in increasing order: 2.000000 >= 1.000000",
		},
		{
			"bucket label",
			metrics.Options{Histograms: []ggm.HistogramOption{ggm.WithHistogramConstLabels(prometheus.Labels{"le": "1"})}},
			"metrics: Options.Histograms: \"le\" is not allowed as label name in histograms",
		},
		{
			"a label that is taken",
			metrics.Options{Counters: []ggm.CounterOption{ggm.WithConstLabels(prometheus.Labels{"grpc_code": "1"})}},
			"metrics: Options.Counters and Options.Histograms make metrics that can not be: descriptor Desc{",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i, err := metrics.New(tt.o)
			if i != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) || !strings.HasSuffix(tt.want, "{") && err.Error() != tt.want {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
		})
	}
}

func nothingFor(option string) string {
	return "metrics: Options." + option + " is for Prometheus, for which there is nothing with Options.MeterProvider alone; " +
		"set Options.Registerer as well, or leave it out"
}

// A second one of the same metrics in a registry is refused, and leaves nothing behind.
func TestTaken(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, want string }{
		{
			"another",
			"metrics: Options.Registerer has the metrics of another Interceptor; let servers and clients share one, or give each constant labels " +
				"of its own: duplicate metrics collector registration attempted",
		},
		{
			"ggm's",
			"metrics: Options.Registerer has metrics of these names, as go-grpc-middleware's own are; leave those out: descriptor Desc{fqName: \"grpc_server_",
		},
		{
			"without a histogram",
			"metrics: Options.Registerer has metrics of these names, as go-grpc-middleware's own are; leave those out: descriptor Desc{fqName: \"grpc_",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			registry, o := prometheus.NewRegistry(), metrics.Options{}
			o.Registerer = registry
			if tt.name == "ggm's" {
				registry.MustRegister(ggm.NewServerMetrics())
			} else {
				newMetrics(t, o)
			}
			before := read(t, registry)
			o.NoHistogram = tt.name == "without a histogram"
			i, err := metrics.New(o)
			if i != nil || err == nil || !strings.HasPrefix(err.Error(), tt.want) {
				t.Errorf("got  %v\nwant %s", err, tt.want)
			}
			read(t, registry).want(t, before)
		})
	}
}

// Options of ggm's say what the metrics are called, the gauge too, and tell two interceptors in one registry apart.
func TestNames(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		registry := prometheus.NewRegistry()
		options := func(server string) metrics.Options {
			label := prometheus.Labels{"server": server}
			return metrics.Options{
				Registerer: registry,
				Counters:   []ggm.CounterOption{ggm.WithNamespace("acme"), ggm.WithConstLabels(label)},
				Histograms: []ggm.HistogramOption{
					ggm.WithHistogramNamespace("acme"), ggm.WithHistogramSubsystem("shop"), ggm.WithHistogramConstLabels(label), ggm.WithHistogramBuckets([]float64{1}),
				},
			}
		}
		want := numbers{}
		for _, server := range []string{"admin", "public"} {
			i := newMetrics(t, options(server))
			if i.Registry() != nil {
				t.Error("it has a registry of its own")
			}
			client := frameworktest.DummyClient(t, on(framework.ServerSide, framework.Use(i)))
			if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"a"}); err != nil {
				t.Fatal(err)
			}
			for name, v := range ended(framework.ServerSide, framework.Unary, codes.OK, 1).passed(framework.ServerSide, framework.Unary, 1, 1) {
				name = "acme " + strings.Replace(name, " ", "_", 1) + " server=" + server
				want[strings.Replace(name, "acme server_handling ", "acme shop_server_handling ", 1)] = v
			}
		}
		read(t, registry).want(t, want)
	})
}

// The process's registry is not used, nor its meter provider, unless that is said.
func TestDefaultRegistry(t *testing.T) {
	newMetrics(t, metrics.Options{})
	for name := range read(t, prometheus.DefaultGatherer) {
		if strings.Contains(name, "server") {
			t.Errorf("%s is in the default registry", name)
		}
	}
	// Those that have no numbers yet are not gathered; their names would be taken.
	others := ggm.NewServerMetrics()
	if err := prometheus.Register(others); err != nil {
		t.Error(err)
	}
	prometheus.Unregister(others)
}
