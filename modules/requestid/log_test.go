package requestid_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"

	"go.uber.org/fx"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
	"github.com/sluice-go/sluice/modules/logging"
	"github.com/sluice-go/sluice/modules/requestid"
)

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

// ids are those of all lines, "" for a line without.
func (j *journal) ids(t *testing.T) (ids []string) {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	lines := json.NewDecoder(&j.text)
	for lines.More() {
		var line map[string]any
		if err := lines.Decode(&line); err != nil {
			t.Fatal(err)
		}
		id, _ := line[framework.AnnotationRequestID].(string)
		ids = append(ids, id)
	}
	return ids
}

// Every line of an RPC has its id, on both sides, in whatever order the parts are given: its start, its messages, its end.
func TestEveryLine(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		for _, fail := range []error{nil, errors.New("database is down")} {
			j := &journal{}
			lines, err := logging.New(logging.Options{
				Logger: slog.New(slog.NewJSONHandler(j, &slog.HandlerOptions{Level: slog.LevelDebug})), StartLine: true,
				Payloads: func(context.Context, *framework.Call) bool { return true },
			})
			if err != nil {
				t.Fatal(err)
			}
			parts := []framework.Part{framework.Use(lines), link(t, requestid.Options{})}
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(parts...), frameworktest.ClientParts(parts...),
				handling(func(context.Context) error { return fail }))
			_, _ = frameworktest.Execute(t.Context(), client, kind, []string{"x"})
			ids := j.ids(t)
			if len(ids) < 6 {
				t.Errorf("%s: %d lines", kind, len(ids))
			}
			for _, id := range ids {
				if !isV7(id) || id != ids[0] {
					t.Errorf("%s: lines of %q and %q", kind, ids[0], id)
				}
			}
		}
	}
}

// In an fx app it is declared by its constructor, for servers and for clients.
func TestProvide(t *testing.T) {
	t.Parallel()
	w := newWitness()
	service := &frameworktest.DummyService{SpecialCases: map[string]func(context.Context, string) (string, error){
		"x": func(ctx context.Context, _ string) (string, error) {
			id, _ := requestid.FromContext(ctx)
			w.handled <- id
			return "y", nil
		},
	}}
	var client dummypb.DummyServiceClient
	app := fxgrpctest.New(t, fx.NopLogger, fxgrpc.Module,
		fx.Supply(requestid.Options{Header: "x-correlation-id"}),
		fxgrpc.Server(fxgrpc.Insecure()),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(func() *frameworktest.DummyService { return service })),
		fxgrpc.Client("dummy", dummypb.NewDummyServiceClient, fxgrpc.Insecure(), fxgrpc.Address("passthrough:///dummy")),
		fxgrpc.Provide(requestid.New, fxgrpc.OnServers(), fxgrpc.OnClients()),
		fx.Populate(&client))
	fxgrpctest.AssertChain(t, app, dummypb.DummyService_Execute_FullMethodName, "requestid")
	for _, kind := range kinds {
		ctx := metadata.AppendToOutgoingContext(t.Context(), "x-correlation-id", "from-fx")
		if _, err := frameworktest.Execute(ctx, client, kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if id := <-w.handled; id != "from-fx" {
			t.Errorf("%s: %q", kind, id)
		}
	}
}
