package metrics_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/metric/noop"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

// measured are the histograms of a reader, without server.address: how many by name and attributes.
func measured(t *testing.T, from *sdk.ManualReader) numbers {
	t.Helper()
	var all metricdata.ResourceMetrics
	if err := from.Collect(t.Context(), &all); err != nil {
		t.Fatal(err)
	}
	n := numbers{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			h, ok := m.Data.(metricdata.Histogram[float64])
			if !ok || m.Unit != "s" {
				t.Errorf("%s is a %T in %q", m.Name, m.Data, m.Unit)
				continue
			}
			for _, p := range h.DataPoints {
				attrs, _ := p.Attributes.Filter(func(kv attribute.KeyValue) bool { return !strings.HasPrefix(string(kv.Key), "server.") })
				n[m.Name+" "+attrs.Encoded(attribute.DefaultEncoder())] += float64(p.Count)
			}
		}
	}
	return n
}

// measure is what measured calls an RPC.
func measure(side framework.Side, method, code, fault string) string {
	text := fmt.Sprintf("rpc.%s.call.duration ", side)
	if fault != "" {
		text += "error.type=" + fault + ","
	}
	return text + "rpc.method=" + method + ",rpc.response.status_code=" + code + ",rpc.system.name=grpc"
}

// OpenTelemetry has the measures of its conventions, with the code that the client gets, and an error.type where the side is
// at fault.
func TestOpenTelemetry(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		do      func() error
		code    string
		faultOf [2]string // of the server, and the client
	}{
		{"success", func() error { return nil }, "OK", [2]string{}},
		{"caller's fault", func() error { return errmap.NotFound }, "NOT_FOUND", [2]string{"", "NOT_FOUND"}},
		{"cancelled", func() error { return context.Canceled }, "CANCELLED", [2]string{"", "CANCELLED"}},
		{"server's fault", func() error { return errors.New("p") }, "UNKNOWN", [2]string{"UNKNOWN", "UNKNOWN"}},
		{"panic", func() error { panic("p") }, "INTERNAL", [2]string{"INTERNAL", "INTERNAL"}},
		{"invented", func() error { return status.Error(99, "") }, "UNKNOWN", [2]string{"UNKNOWN", "UNKNOWN"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			each(t, func(t *testing.T, kind framework.Kind) {
				reader := sdk.NewManualReader()
				i := newMetrics(t, metrics.Options{MeterProvider: sdk.NewMeterProvider(sdk.WithReader(reader))})
				if i.Registry() != nil {
					t.Error("there are metrics for Prometheus")
				}
				client := frameworktest.DummyClient(t, both(i, doing(func(context.Context) error { return tt.do() }))...)
				_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
				want := numbers{}
				for _, side := range sides {
					want[measure(side, service+"/"+methods[kind], tt.code, tt.faultOf[side])] = 1
				}
				measured(t, reader).want(t, want)
			})
		})
	}
}

// Those that no interceptor sees are there as well, under the convention's name for methods that are anybody's.
func TestOpenTelemetryMissed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		reader := sdk.NewManualReader()
		i := newMetrics(t, metrics.Options{MeterProvider: sdk.NewMeterProvider(sdk.WithReader(reader))})
		conn := plain(t, &frameworktest.DummyService{}, framework.Use(i))
		for _, method := range []string{"/a.B/C", "/" + service + "/Execute", "d"} {
			_ = conn.Invoke(t.Context(), method, &dummypb.DummyRequest{}, &dummypb.DummyResponse{}, grpc.ForceCodecV2(garbage{}))
		}
		synctest.Wait()
		measured(t, reader).want(t, numbers{
			measure(framework.ServerSide, "_OTHER", "UNIMPLEMENTED", "UNIMPLEMENTED"): 2,
			measure(framework.ServerSide, service+"/Execute", "INTERNAL", "INTERNAL"): 1,
		})
	})
}

// Both can be had, each of which has an RPC once.
func TestBoth(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		reader, registry := sdk.NewManualReader(), prometheus.NewRegistry()
		i := newMetrics(t, metrics.Options{MeterProvider: sdk.NewMeterProvider(sdk.WithReader(reader)), Registerer: registry})
		client := frameworktest.DummyClient(t, both(i)...)
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{""}); err != nil {
			t.Fatal(err)
		}
		want, here := numbers{}, numbers{}
		for _, side := range sides {
			want[measure(side, service+"/"+methods[kind], "OK", "")] = 1
			maps.Copy(here, ended(side, kind, codes.OK, 1))
		}
		measured(t, reader).want(t, want)
		read(t, registry).without("msg").want(t, here)
	})
}

// otelgrpc's own metrics are of attempts, and know nothing of RPCs that a link refuses, or ends otherwise. These know
// what the caller gets.
func TestAttempts(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, kind framework.Kind) {
		ours, other := sdk.NewManualReader(), sdk.NewManualReader()
		i := newMetrics(t, metrics.Options{MeterProvider: sdk.NewMeterProvider(sdk.WithReader(ours))})
		attempts := otelgrpc.NewClientHandler(otelgrpc.WithMeterProvider(sdk.NewMeterProvider(sdk.WithReader(other))))
		retry := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
			call.KeepRequests(1)
			_ = next(ctx, call)
			_ = next(ctx, call)
			return errmap.Aborted
		})
		client := frameworktest.DummyClient(t, raises(errmap.Unavailable), frameworktest.DialOptions(grpc.WithStatsHandler(attempts)),
			on(framework.ClientSide, framework.Use(i), framework.Use(retry, framework.At(framework.StageRetry))))
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); status.Code(err) != codes.Aborted {
			t.Error(err)
		}
		synctest.Wait()
		method := service + "/" + methods[kind]
		measured(t, ours).want(t, numbers{measure(framework.ClientSide, method, "ABORTED", "ABORTED"): 1})
		measured(t, other).want(t, numbers{measure(framework.ClientSide, method, "UNAVAILABLE", "UNAVAILABLE"): 2})
	})
}

// A meter that makes no instruments is an error.
func TestBrokenMeter(t *testing.T) {
	t.Parallel()
	_, err := metrics.New(metrics.Options{MeterProvider: broken{}})
	if want := "metrics: Options.MeterProvider: no more instruments"; err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

type broken struct{ noop.MeterProvider }

func (broken) Meter(string, ...metric.MeterOption) metric.Meter { return brokenMeter{} }

type brokenMeter struct{ noop.Meter }

func (brokenMeter) Float64Histogram(string, ...metric.Float64HistogramOption) (metric.Float64Histogram, error) {
	return nil, errors.New("no more instruments")
}
