package metrics

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/semconv/v1.43.0/rpcconv"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
)

// scope is the name under which the instruments are.
const scope = "github.com/sluice-go/sluice/modules/metrics"

// other is the convention's method for names that are anybody's.
const other = "_OTHER"

// toOpenTelemetry makes the metrics for OpenTelemetry, where there are to be some.
func (i *Interceptor) toOpenTelemetry(o Options) error {
	if o.MeterProvider == nil {
		return nil
	}
	meter := o.MeterProvider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL))
	server, err := rpcconv.NewServerCallDuration(meter)
	if err != nil {
		return fmt.Errorf("metrics: Options.MeterProvider: %w", err)
	}
	client, err := rpcconv.NewClientCallDuration(meter)
	if err != nil {
		return fmt.Errorf("metrics: Options.MeterProvider: %w", err)
	}
	i.sides[framework.ServerSide].duration = &duration{server.Inst(), isServerFault}
	i.sides[framework.ClientSide].duration = &duration{client.Inst(), isFault}
	return nil
}

// A duration is the one instrument of a side that the conventions have.
type duration struct {
	histogram metric.Float64Histogram
	fault     func(codes.Code) bool
}

// isFault reports whether a code has an error.type on a client.
func isFault(c codes.Code) bool { return c != codes.OK }

// isServerFault reports whether a code has an error.type on a server: what is the caller's doing has none.
func isServerFault(c codes.Code) bool {
	switch c {
	case codes.Unknown, codes.DeadlineExceeded, codes.Unimplemented, codes.Internal, codes.Unavailable, codes.DataLoss:
		return true
	}
	return false
}

// measures are what a duration has for one set of labels. nil measures nothing.
type measures struct {
	*duration
	method  string
	options [numCodes]atomic.Pointer[[]metric.RecordOption] // made when a code first comes
}

func (d *duration) measures(l labels) *measures {
	method := l.service + "/" + l.method
	if l.service == unknown && l.method == unknown {
		method = other
	}
	return &measures{duration: d, method: method}
}

func (m *measures) end(ctx context.Context, code codes.Code, took time.Duration) {
	if m != nil {
		m.histogram.Record(ctx, took.Seconds(), m.attributes(code)...)
	}
}

func (m *measures) attributes(code codes.Code) []metric.RecordOption {
	if o := m.options[code].Load(); o != nil {
		return *o
	}
	name := "OK"
	if code != codes.OK {
		name = errmap.Code(code).Name()
	}
	all := []attribute.KeyValue{semconv.RPCSystemNameGRPC, semconv.RPCMethod(m.method), semconv.RPCResponseStatusCode(name)}
	if m.fault(code) {
		all = append(all, semconv.ErrorTypeKey.String(name))
	}
	o := []metric.RecordOption{metric.WithAttributeSet(attribute.NewSet(all...))}
	m.options[code].Store(&o)
	return o
}
