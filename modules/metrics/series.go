package metrics

import (
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"
)

// A series is what the families have for one set of labels, looked up once. nil counts nothing.
type series struct {
	started, requests, responses prometheus.Counter
	duration                     prometheus.Observer // nil where it is left out
	inFlight                     prometheus.Gauge
	handled                      [numCodes]atomic.Pointer[prometheus.Counter] // made when a code first comes
	handledOf                    func(codes.Code) prometheus.Counter
}

func (f *families) series(l labels) *series {
	s := &series{
		started:   f.started.WithLabelValues(l.kind, l.service, l.method),
		requests:  f.requests.WithLabelValues(l.kind, l.service, l.method),
		responses: f.responses.WithLabelValues(l.kind, l.service, l.method),
		inFlight:  f.inFlight.WithLabelValues(l.kind, l.service, l.method),
		handledOf: func(c codes.Code) prometheus.Counter {
			return f.handled.WithLabelValues(l.kind, l.service, l.method, c.String())
		},
	}
	if f.duration != nil {
		s.duration = f.duration.WithLabelValues(l.kind, l.service, l.method)
	}
	return s
}

func (s *series) start() {
	if s != nil {
		s.started.Inc()
	}
}

func (s *series) enter() {
	if s != nil {
		s.inFlight.Inc()
	}
}

func (s *series) leave() {
	if s != nil {
		s.inFlight.Dec()
	}
}

func (s *series) request() {
	if s != nil {
		s.requests.Inc()
	}
}

func (s *series) response() {
	if s != nil {
		s.responses.Inc()
	}
}

func (s *series) end(code codes.Code, took time.Duration, exemplar prometheus.Labels) {
	if s == nil {
		return
	}
	add(s.counter(code), exemplar)
	if s.duration != nil {
		observe(s.duration, took.Seconds(), exemplar)
	}
}

func (s *series) counter(code codes.Code) prometheus.Counter {
	if c := s.handled[code].Load(); c != nil {
		return *c
	}
	c := s.handledOf(code)
	s.handled[code].Store(&c)
	return c
}
