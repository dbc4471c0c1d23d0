package metrics

import (
	"fmt"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/sluice-go/sluice/framework"
)

// families are the metrics of one side for Prometheus. Names, labels and help are ggm's, so that what is made for them
// fits; the gauge is ours.
type families struct {
	started, handled, requests, responses *prometheus.CounterVec
	duration                              *prometheus.HistogramVec // nil where it is left out
	inFlight                              *prometheus.GaugeVec
}

// A prose is what differs between the sides.
type prose struct{ side, started, handled, received, sent, duration, inFlight string }

func proseOf(side framework.Side) prose {
	if side == framework.ClientSide {
		return prose{
			side:     "client",
			started:  "Total number of RPCs started on the client.",
			handled:  "Total number of RPCs completed by the client, regardless of success or failure.",
			received: "Total number of RPC stream messages received by the client.",
			sent:     "Total number of gRPC stream messages sent by the client.",
			duration: "Histogram of response latency (seconds) of the gRPC until it is finished by the application.",
			inFlight: "Number of RPCs that the client has started and that have not ended.",
		}
	}
	return prose{
		side:     "server",
		started:  "Total number of RPCs started on the server.",
		handled:  "Total number of RPCs completed on the server, regardless of success or failure.",
		received: "Total number of RPC stream messages received on the server.",
		sent:     "Total number of gRPC stream messages sent by the server.",
		duration: "Histogram of response latency (seconds) of gRPC that had been application-level handled by the server.",
		inFlight: "Number of RPCs that the server has started and that have not ended.",
	}
}

func newFamilies(side framework.Side, o Options) *families {
	p := proseOf(side)
	received := p.counter(o, "msg_received_total", p.received)
	sent := p.counter(o, "msg_sent_total", p.sent)
	f := &families{
		started:   p.counter(o, "started_total", p.started),
		handled:   p.counter(o, "handled_total", p.handled, "grpc_code"),
		requests:  received,
		responses: sent,
		duration:  p.histogram(o, "handling_seconds", p.duration),
		inFlight:  prometheus.NewGaugeVec(prometheus.GaugeOpts(p.opts(o, "in_flight_rpcs", p.inFlight)), labelNames()),
	}
	if side == framework.ClientSide {
		f.requests, f.responses = sent, received
	}
	return f
}

func labelNames(more ...string) []string {
	return append([]string{"grpc_type", "grpc_service", "grpc_method"}, more...)
}

func (p prose) name(of string) string { return "grpc_" + p.side + "_" + of }

func (p prose) opts(o Options, name, help string) prometheus.CounterOpts {
	opts := prometheus.CounterOpts{Name: p.name(name), Help: help}
	for _, f := range o.Counters {
		f(&opts)
	}
	return opts
}

func (p prose) counter(o Options, name, help string, labels ...string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(p.opts(o, name, help), labelNames(labels...))
}

func (p prose) histogram(o Options, name, help string) *prometheus.HistogramVec {
	if o.NoHistogram {
		return nil
	}
	opts := prometheus.HistogramOpts{Name: p.name(name), Help: help, Buckets: prometheus.DefBuckets}
	for _, f := range o.Histograms {
		f(&opts)
	}
	return prometheus.NewHistogramVec(opts, labelNames())
}

// collectors are all of them.
func (f *families) collectors() []prometheus.Collector {
	all := []prometheus.Collector{f.started, f.handled, f.requests, f.responses, f.inFlight}
	if f.duration != nil {
		all = append(all, f.duration)
	}
	return all
}

// try makes one of each, which the options for histograms can make impossible.
func (f *families) try() (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("metrics: Options.Histograms: %v", p)
		}
	}()
	if f.duration != nil {
		f.duration.WithLabelValues("", "", "")
		f.duration.Reset()
	}
	return nil
}
