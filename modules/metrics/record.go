package metrics

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
)

// unknown is the service and the method of RPCs whose name is anybody's, and the type of those that got no handler.
const unknown = "unknown"

// labels are what the RPCs of one record have in common.
type labels struct {
	kind, service, method string
	streamsResponses      bool
}

func labelsOf(m framework.Method, kind framework.Kind) labels {
	return labels{kind.String(), m.FullService(), m.Name, kind.StreamsResponses()}
}

func unknownOf(kind framework.Kind) labels {
	return labels{kind.String(), unknown, unknown, kind.StreamsResponses()}
}

// instruments are those of one side.
type instruments struct {
	families *families // nil without Prometheus
	duration *duration // nil without OpenTelemetry
	unknowns [4]atomic.Pointer[record]
}

// unknown is the record of RPCs whose name is anybody's. It is made when it is needed, so that those who need none have none.
func (i *instruments) unknown(kind framework.Kind) *record {
	return made(&i.unknowns[kind&3], func() *record { return i.record(unknownOf(kind)) })
}

// made is what a pointer has, made now where it has nothing. Of two that are made at once either will do.
func made(at *atomic.Pointer[record], make func() *record) *record {
	if r := at.Load(); r != nil {
		return r
	}
	at.CompareAndSwap(nil, make())
	return at.Load()
}

// A record is where the RPCs of one set of labels are counted.
type record struct {
	labels   labels
	series   *series   // nil without Prometheus
	measures *measures // nil without OpenTelemetry

	request, response framework.MessageFunc // that count; kept, since to make one is an allocation
}

func (i *instruments) record(l labels) *record {
	r := &record{labels: l}
	if i.families != nil {
		r.series = i.families.series(l)
	}
	if i.duration != nil {
		r.measures = i.duration.measures(l)
	}
	r.request, r.response = r.countRequest, r.countResponse
	return r
}

func (r *record) countRequest(_ context.Context, msg any) (any, error) {
	r.series.request()
	return msg, nil
}

func (r *record) countResponse(_ context.Context, msg any) (any, error) {
	r.series.response()
	return msg, nil
}

func (r *record) end(ctx context.Context, code codes.Code, took time.Duration, exemplar prometheus.Labels) {
	r.series.end(code, took, exemplar)
	r.measures.end(ctx, code, took)
}

// missed counts an RPC that was over before an interceptor saw it.
func (r *record) missed(ctx context.Context, code codes.Code, took time.Duration) {
	r.series.start()
	r.end(ctx, code, took, nil)
}
