package metrics

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/metric"
)

// Options say where the numbers go. The zero value has them in a registry of the Interceptor's own, for Prometheus.
type Options struct {
	// Registerer gets the metrics for Prometheus, when New is called. nil means a registry that the Interceptor makes for
	// itself, see its method Registry; with a MeterProvider it means that there are none. prometheus.DefaultRegisterer, which
	// is the process's, is used by those who say so.
	Registerer prometheus.Registerer

	// MeterProvider gets the metrics for OpenTelemetry: those of its semantic conventions for RPC. nil means that there
	// are none. With a Registerer as well there are both.
	MeterProvider metric.MeterProvider

	// Counters are ggm's options for the counters, and for the gauge: a namespace, constant labels.
	Counters []ggm.CounterOption

	// Histograms are ggm's options for the histogram: buckets, native histograms. A namespace and constant labels are to be
	// said here as well.
	Histograms []ggm.HistogramOption

	// NoHistogram leaves out the histogram, of which each method has 14 series for Prometheus.
	NoHistogram bool

	// Exemplar gives the exemplar for the RPC's count and its duration, as TraceID does. nil means none. It is asked when the
	// RPC has ended, concurrently for concurrent RPCs; in its context framework.CallFrom has the RPC's annotations. nil labels
	// are none, and so are labels that Prometheus would refuse.
	Exemplar func(ctx context.Context) prometheus.Labels
}

// prometheus reports whether there are metrics for it.
func (o Options) prometheus() bool { return o.Registerer != nil || o.MeterProvider == nil }

func (o Options) check() error {
	errs := []error{
		nilPointer("Registerer", o.Registerer), nilPointer("MeterProvider", o.MeterProvider),
		nilOption("Counters", o.Counters), nilOption("Histograms", o.Histograms),
	}
	if o.NoHistogram && len(o.Histograms) > 0 {
		errs = append(errs, errors.New("metrics: Options.Histograms and Options.NoHistogram are both set; set one"))
	}
	if o.prometheus() {
		return errors.Join(errs...)
	}
	for _, o := range []struct {
		name string
		said bool
	}{
		{"Counters", len(o.Counters) > 0}, {"Histograms", len(o.Histograms) > 0}, {"NoHistogram", o.NoHistogram}, {"Exemplar", o.Exemplar != nil},
	} {
		if o.said {
			errs = append(errs, fmt.Errorf("metrics: Options.%s is for Prometheus, for which there is nothing with Options.MeterProvider alone; "+
				"set Options.Registerer as well, or leave it out", o.name))
		}
	}
	return errors.Join(errs...)
}

// nilPointer refuses what is not nil but will be taken for something.
func nilPointer(name string, v any) error {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
		return fmt.Errorf("metrics: Options.%s is a nil %T; set one that was made, or nothing", name, v)
	}
	return nil
}

func nilOption[F ~func(T), T any](name string, all []F) error {
	for n, f := range all {
		if f == nil {
			return fmt.Errorf("metrics: Options.%s[%d] is nil; leave it out", name, n)
		}
	}
	return nil
}
