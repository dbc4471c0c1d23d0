package tracing

import (
	"errors"
	"fmt"
	"reflect"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc/filters"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// Options say where spans go, and of which RPCs. The zero value uses what the process has set in package otel.
type Options struct {
	// TracerProvider makes the spans. nil means otel's global one, which may be set later, and makes none until it is.
	TracerProvider trace.TracerProvider

	// Propagators write the trace into the metadata of requests, and read it. nil means otel's global ones, as they are at the
	// first RPC, and where none are set the trace context of W3C. (otel itself has none then: each server would begin a
	// trace of its own.)
	Propagators propagation.TextMapPropagator

	// MeterProvider gets otelgrpc's metrics. nil means that there are none: modules/metrics has better ones, of the same
	// names.
	MeterProvider metric.MeterProvider

	// Filter says of which RPCs there are spans. It is asked for each RPC, concurrently, those of unknown methods as well. nil
	// means all but those of grpc.health.v1.Health. Package filters, beside otelgrpc, has some.
	Filter otelgrpc.Filter

	// Handlers are more options of otelgrpc's, for both sides. They are given after those above, and win.
	Handlers []otelgrpc.Option
}

func (o Options) check() error {
	errs := []error{
		nilPointer("TracerProvider", o.TracerProvider), nilPointer("Propagators", o.Propagators), nilPointer("MeterProvider", o.MeterProvider),
	}
	for n, option := range o.Handlers {
		if option == nil {
			errs = append(errs, fmt.Errorf("tracing: Options.Handlers[%d] is nil; leave it out", n))
		}
	}
	return errors.Join(errs...)
}

// nilPointer refuses what is not nil but will be taken for something.
func nilPointer(name string, v any) error {
	if r := reflect.ValueOf(v); r.Kind() == reflect.Pointer && r.IsNil() {
		return fmt.Errorf("tracing: Options.%s is a nil %T; set one that was made, or nothing", name, v)
	}
	return nil
}

// handlers are the options as otelgrpc has them. It takes nil for its own default.
func (o Options) handlers() []otelgrpc.Option {
	if o.Propagators == nil {
		o.Propagators = newPropagators()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = noop.NewMeterProvider()
	}
	if o.Filter == nil {
		o.Filter = filters.Not(filters.HealthCheck())
	}
	return append([]otelgrpc.Option{
		otelgrpc.WithTracerProvider(o.TracerProvider), otelgrpc.WithPropagators(o.Propagators),
		otelgrpc.WithMeterProvider(o.MeterProvider), otelgrpc.WithFilter(o.Filter),
	}, o.Handlers...)
}
