package metrics

import (
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-go/sluice/framework"
)

// toPrometheus makes the metrics for Prometheus, where there are to be some.
func (i *Interceptor) toPrometheus(o Options) error {
	if !o.prometheus() {
		return nil
	}
	var all collected
	for side := range i.sides {
		f := newFamilies(framework.Side(side), o)
		if err := f.try(); err != nil {
			return err
		}
		i.sides[side].families = f
		all = append(all, f.collectors()...)
	}
	own := prometheus.NewRegistry()
	if err := own.Register(&all); err != nil {
		return fmt.Errorf("metrics: Options.Counters and Options.Histograms make metrics that can not be: %w", err)
	}
	if o.Registerer == nil {
		i.registry = own
		return nil
	}
	return taken(o.Registerer.Register(&all))
}

// taken is the error of a registry that other metrics are in.
func taken(err error) error {
	if err == nil {
		return nil
	}
	by := "metrics of these names, as go-grpc-middleware's own are; leave those out"
	if _, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		by = "the metrics of another Interceptor; let servers and clients share one, or give each constant labels of its own"
	}
	return fmt.Errorf("metrics: Options.Registerer has %s: %w", by, err)
}

// collected are the metrics of both sides: they are registered all or none.
type collected []prometheus.Collector

// Describe is for a registry.
func (c *collected) Describe(to chan<- *prometheus.Desc) {
	for _, one := range *c {
		one.Describe(to)
	}
}

// Collect is for a registry.
func (c *collected) Collect(to chan<- prometheus.Metric) {
	for _, one := range *c {
		one.Collect(to)
	}
}
