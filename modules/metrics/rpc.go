package metrics

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
)

// An rpc is one RPC that is being counted.
type rpc struct {
	record   *record
	start    time.Time
	code     codes.Code
	exemplar prometheus.Labels
}

// begin counts the start of an RPC. One that is not heard of again has panicked.
func begin(r *record) rpc {
	r.series.start()
	r.series.enter()
	return rpc{record: r, start: time.Now(), code: codes.Internal}
}

// watch has the messages counted as they pass. The one response of an RPC that succeeds is counted with its end.
func (r rpc) watch(call *framework.Call) {
	switch {
	case r.record.series == nil: // nobody else counts them
		return
	case call.Kind() == framework.Unary:
		r.record.series.request()
		return
	}
	call.OnRequest(r.record.request)
	if call.Kind().StreamsResponses() {
		call.OnResponse(r.record.response)
	}
}

// awaitsSend reports whether a server's RPC that has gone well so far can still fail: grpc sends its one response when
// all interceptors have returned.
func (r rpc) awaitsSend() bool {
	return r.code == codes.OK && !r.record.labels.streamsResponses
}

// end counts the end of an RPC.
func (r rpc) end(ctx context.Context) {
	r.record.series.leave()
	if r.awaitsSend() {
		r.record.series.response()
	}
	r.record.end(ctx, r.code, time.Since(r.start), r.exemplar)
}
