package metrics_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/metrics"
)

const service = "sluice.testing.v1.DummyService"

var (
	kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}
	sides = []framework.Side{framework.ServerSide, framework.ClientSide}
)

var methods = map[framework.Kind]string{
	framework.Unary:        "Execute",
	framework.ClientStream: "ExecuteClientStream",
	framework.ServerStream: "ExecuteServerStream",
	framework.BidiStream:   "ExecuteClientServerStream",
}

func newMetrics(t testing.TB, o metrics.Options) *metrics.Interceptor {
	t.Helper()
	i, err := metrics.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// on gives parts to a side.
func on(side framework.Side, parts ...framework.Part) frameworktest.Option {
	if side == framework.ClientSide {
		return frameworktest.ClientParts(parts...)
	}
	return frameworktest.ServerParts(parts...)
}

// both has one interceptor stand on both sides.
func both(i *metrics.Interceptor, o ...frameworktest.Option) []frameworktest.Option {
	link := framework.Use(i)
	return append(o, on(framework.ServerSide, link), on(framework.ClientSide, link))
}

// each runs f for all four kinds, each in a bubble of its own, in which synctest.Wait waits for what a server does when
// its client has the answer already.
func each(t *testing.T, f func(t *testing.T, kind framework.Kind)) {
	t.Helper()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { f(t, kind) })
		})
	}
}

// numbers are what metrics say, without those that are 0, by a short name: "server handled unary Execute OK". Of a
// histogram it is how many there were. A service that is not the DummyService is in front of its method, and so are labels
// that are not of the method.
type numbers map[string]float64

func read(t testing.TB, from prometheus.Gatherer) numbers {
	t.Helper()
	families, err := from.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := numbers{}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if v := value(m); v != 0 {
				all[short(f.GetName(), m)] = v
			}
		}
	}
	return all
}

func value(m *dto.Metric) float64 {
	return m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
}

func short(name string, m *dto.Metric) string {
	labels := map[string]string{}
	for _, l := range m.GetLabel() {
		labels[l.GetName()] = l.GetValue()
	}
	name = strings.NewReplacer("grpc_", "", "_total", "", "_seconds", "").Replace(name)
	side, what, _ := strings.Cut(name, "_")
	method := strings.TrimPrefix(labels["grpc_service"]+"/"+labels["grpc_method"], service+"/")
	words := []string{side, what, labels["grpc_type"], method, labels["grpc_code"]}
	for _, own := range []string{"grpc_type", "grpc_service", "grpc_method", "grpc_code"} {
		delete(labels, own)
	}
	for _, more := range slices.Sorted(maps.Keys(labels)) {
		words = append(words, more+"="+labels[more])
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " ")
}

// of are the numbers whose names begin so.
func (n numbers) of(prefix string) numbers {
	some := numbers{}
	for name, v := range n {
		if strings.HasPrefix(name, prefix) {
			some[name] = v
		}
	}
	return some
}

// want holds numbers to others.
func (n numbers) want(t testing.TB, want numbers) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(n)) {
		if n[name] != want[name] {
			t.Errorf("%s is %v, want %v", name, n[name], want[name])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(want)) {
		if _, ok := n[name]; !ok {
			t.Errorf("%s is missing, want %v", name, want[name])
		}
	}
}

// ended are the numbers of RPCs that ended with a code.
func ended(side framework.Side, kind framework.Kind, code fmt.Stringer, n float64) numbers {
	of := func(what, code string) string {
		return strings.TrimSpace(fmt.Sprintf("%s %s %s %s %s", side, what, kind, methods[kind], code))
	}
	return numbers{of("started", ""): n, of("handled", code.String()): n, of("handling", ""): n}
}

// passed adds the messages that passed.
func (n numbers) passed(side framework.Side, kind framework.Kind, requests, responses float64) numbers {
	received, sent := requests, responses
	if side == framework.ClientSide {
		received, sent = sent, received
	}
	for what, v := range map[string]float64{"msg_received": received, "msg_sent": sent} {
		if v != 0 {
			n[fmt.Sprintf("%s %s %s %s", side, what, kind, methods[kind])] = v
		}
	}
	return n
}

// without leaves out the numbers whose names have a part.
func (n numbers) without(part string) numbers {
	some := maps.Clone(n)
	maps.DeleteFunc(some, func(name string, _ float64) bool { return strings.Contains(name, part) })
	return some
}

// raises has the service end RPCs of the input "x" so.
func raises(err error) frameworktest.Option {
	return doing(func(context.Context) error { return err })
}

// doing has the service do something on the input "x", to which it answers "y".
func doing(do func(ctx context.Context) error) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(ctx context.Context, _ string) (string, error) { return "y", do(ctx) },
	})
}

func dummy(s dummypb.DummyServiceServer) func(grpc.ServiceRegistrar) {
	return func(r grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(r, s) }
}
