package metrics

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-go/sluice/framework"
)

// TraceID is an Options.Exemplar: the trace that the RPC belongs to, as trace_id, by the annotation of a tracing link.
func TraceID(ctx context.Context) prometheus.Labels {
	call, ok := framework.CallFrom(ctx)
	if !ok {
		return nil
	}
	id, ok := call.Annotation(framework.AnnotationTraceID)
	if !ok {
		return nil
	}
	return prometheus.Labels{"trace_id": id.String()}
}

// exemplarOf is the RPC's exemplar, nil for none.
func (i *Interceptor) exemplarOf(ctx context.Context) prometheus.Labels {
	if i.exemplar == nil {
		return nil
	}
	labels := i.exemplar(ctx)
	if len(labels) == 0 || !acceptable(labels) {
		return nil
	}
	return labels
}

// acceptable reports whether Prometheus takes the labels. It panics for others, in the middle of an RPC.
func acceptable(labels prometheus.Labels) bool {
	runes := 0
	for name, value := range labels {
		if name == "" || strings.HasPrefix(name, "__") || !utf8.ValidString(name) || !utf8.ValidString(value) {
			return false
		}
		runes += utf8.RuneCountInString(name) + utf8.RuneCountInString(value)
	}
	return runes <= prometheus.ExemplarMaxRunes
}

func add(c prometheus.Counter, exemplar prometheus.Labels) {
	if e, ok := c.(prometheus.ExemplarAdder); ok && exemplar != nil {
		e.AddWithExemplar(1, exemplar)
		return
	}
	c.Inc()
}

func observe(o prometheus.Observer, v float64, exemplar prometheus.Labels) {
	if e, ok := o.(prometheus.ExemplarObserver); ok && exemplar != nil {
		e.ObserveWithExemplar(v, exemplar)
		return
	}
	o.Observe(v)
}
