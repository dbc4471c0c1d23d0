package realip_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/fx"
	"golang.org/x/time/rate"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/ratelimit"
	"github.com/sluice-go/sluice/modules/realip"
)

// In an fx app it is declared by its constructor, with Options from the graph.
func TestProvide(t *testing.T) {
	t.Parallel()
	app := fxgrpctest.New(t, fx.NopLogger, fxgrpc.Module,
		fx.Supply(inside),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *frameworktest.DummyService { return &frameworktest.DummyService{} })),
		fxgrpc.Provide(realip.New))
	fxgrpctest.AssertChain(t, app, dummypb.DummyService_Execute_FullMethodName, "realip")
	if _, err := frameworktest.Execute(t.Context(), dummypb.NewDummyServiceClient(app.Conn(t, "default")), framework.Unary, []string{"x"}); err != nil {
		t.Error(err)
	}
}

// A journal is what a log was written to.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(line []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(line)
}

// The log has the address in each line, the first one too, and a limit inside counts by it: callers behind one proxy are
// told apart, and who makes addresses up is one caller.
func TestLogAndLimit(t *testing.T) {
	t.Parallel()
	j := &journal{}
	lines, err := logging.New(logging.Options{Logger: slog.New(slog.NewJSONHandler(j, nil)), StartLine: true})
	if err != nil {
		t.Fatal(err)
	}
	limit, err := ratelimit.New(ratelimit.Options{})
	if err != nil {
		t.Fatal(err)
	}
	loopback := newRealIP(t, realip.Options{TrustedProxies: prefixes("127.0.0.0/8")})
	client := frameworktest.DummyClient(t, frameworktest.OverTCP(), frameworktest.ServerParts(
		framework.Use(lines), framework.Use(limit), framework.Use(loopback),
		framework.Rules("*", ratelimit.Rate.Set(rate.Every(time.Hour)), ratelimit.By.Set("peer"))))
	for _, kind := range kinds {
		for _, call := range []struct {
			header string
			want   codes.Code
		}{
			{"203.0.113.7", codes.OK},
			{"203.0.113.7", codes.ResourceExhausted},
			{"198.51.100.1, 203.0.113.7", codes.ResourceExhausted},
			{"198.51.100.1", codes.OK},
		} {
			ctx := metadata.AppendToOutgoingContext(t.Context(), "x-forwarded-for", call.header)
			if _, err := frameworktest.Execute(ctx, client, kind, []string{"x"}); status.Code(err) != call.want {
				t.Errorf("%s, %s: %v", kind, call.header, err)
			}
		}
	}
	seen := j.addresses(t)
	for i, addr := range seen {
		if want := [4]string{"203.0.113.7", "203.0.113.7", "203.0.113.7", "198.51.100.1"}[i/2%4]; addr != want {
			t.Errorf("line %d is of %q, want %q", i, addr, want)
		}
	}
	if len(seen) != 2*4*len(kinds) {
		t.Errorf("%d lines", len(seen))
	}
}

// addresses are those of all lines, "" for a line without.
func (j *journal) addresses(t *testing.T) (all []string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for lines := json.NewDecoder(&j.text); lines.More(); {
		var line map[string]any
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		addr, _ := line[framework.AnnotationPeerIP].(string)
		all = append(all, addr)
	}
	return all
}
