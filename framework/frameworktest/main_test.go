package frameworktest_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

// each runs a test for the kinds, in memory and over TCP.
func each(t *testing.T, of []framework.Kind, f func(t *testing.T, kind framework.Kind, over frameworktest.Option)) {
	t.Helper()
	t.Parallel()
	for _, kind := range of {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			both(t, func(t *testing.T, over frameworktest.Option) { f(t, kind, over) })
		})
	}
}

// both runs a test in memory and over TCP.
func both(t *testing.T, f func(t *testing.T, over frameworktest.Option)) {
	t.Helper()
	for name, over := range map[string]frameworktest.Option{"memory": frameworktest.ServerOptions(), "tcp": frameworktest.OverTCP()} {
		t.Run(name, func(t *testing.T) { f(t, over) })
	}
}

func onServer(links ...framework.InterceptorFunc) frameworktest.Option {
	return frameworktest.ServerParts(parts(links)...)
}

func onClient(links ...framework.InterceptorFunc) frameworktest.Option {
	return frameworktest.ClientParts(parts(links)...)
}

func parts(links []framework.InterceptorFunc) (all []framework.Part) {
	for _, l := range links {
		all = append(all, framework.Use(l))
	}
	return all
}

type cases = map[string]func(ctx context.Context, input string) (string, error)

type (
	dummyClient = dummypb.DummyServiceClient
	request     = dummypb.DummyRequest
)

// wantOutputs makes an RPC that succeeds with these outputs, joined: kinds cut them differently.
func wantOutputs(t *testing.T, client dummyClient, kind framework.Kind, inputs []string, want string) {
	t.Helper()
	got, err := frameworktest.Execute(t.Context(), client, kind, inputs)
	if joined := strings.Join(got, ""); err != nil || joined != want {
		t.Errorf("%s of %q: got %q, %v; want %q", kind, inputs, joined, err, want)
	}
}

// wantCode makes an RPC that fails with a code, and gives its error.
func wantCode(t *testing.T, client dummyClient, kind framework.Kind, input string, want codes.Code) error {
	t.Helper()
	got, err := frameworktest.Execute(t.Context(), client, kind, []string{input})
	if status.Code(err) != want {
		t.Errorf("%s of %q: got %q, %v; want %s", kind, input, got, err, want)
	}
	return err
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if fmt.Sprintf("%#v", got) != fmt.Sprintf("%#v", want) {
		t.Errorf("%s: got %#v, want %#v", what, got, want)
	}
}

// A journal is what links and handlers note, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) note(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) read() []string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return slices.Clone(j.lines)
}

// A counter counts by name.
type counter struct {
	mu     sync.Mutex
	counts map[string]int
}

func (c *counter) add(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.counts == nil {
		c.counts = map[string]int{}
	}
	c.counts[name]++
}

func (c *counter) read() map[string]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.counts)
}

// countCodes is a link that counts the final codes of RPCs.
func (c *counter) countCodes(ctx context.Context, call *framework.Call, next framework.Handler) error {
	err := next(ctx, call)
	c.add(status.Code(err).String())
	return err
}

func (c *counter) want(t *testing.T, want map[string]int) {
	t.Helper()
	if got := c.read(); !maps.Equal(got, want) {
		t.Errorf("counted %v, want %v", got, want)
	}
}

// flaky is a special case that fails a number of times with UNAVAILABLE and then echoes.
func flaky(times int) func(context.Context, string) (string, error) {
	var mu sync.Mutex
	return func(_ context.Context, input string) (string, error) {
		mu.Lock()
		defer mu.Unlock()
		if times > 0 {
			times--
			return "", status.Error(codes.Unavailable, "not yet")
		}
		return input, nil
	}
}
