package requestid_test

import (
	"context"
	"slices"
	"sync"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/requestid"
)

// received notes what ids the requests that a server gets have.
type received struct {
	mu  sync.Mutex
	ids [][]string
}

func (r *received) part() framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		r.mu.Lock()
		r.ids = append(r.ids, metadata.ValueFromIncomingContext(ctx, header))
		r.mu.Unlock()
		return next(ctx, call)
	}), framework.Name("received"))
}

func (r *received) take() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	ids := r.ids
	r.ids = nil
	return ids
}

// What a call sends is what there is, else a new id; its own log has the same.
func TestOutbound(t *testing.T) {
	t.Parallel()
	sending := func(ids ...string) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context {
			for _, id := range ids {
				ctx = metadata.AppendToOutgoingContext(ctx, header, id)
			}
			return metadata.AppendToOutgoingContext(ctx, "other", "stays")
		}
	}
	under := func(id string, of func(context.Context) context.Context) func(context.Context) context.Context {
		return func(ctx context.Context) context.Context { return requestid.NewContext(of(ctx), id) }
	}
	for _, tt := range []struct {
		name string
		ctx  func(context.Context) context.Context
		want string // "" for a new one
	}{
		{"nothing", sending(), ""},
		{"a job's", under("job-7", sending()), "job-7"},
		{"said by hand", sending("by-hand"), "by-hand"},
		{"said by hand in a job", under("job-7", sending("by-hand")), "by-hand"},
		{"no id by hand", sending("no id"), ""},
		{"no id by hand in a job", under("job-7", sending("no id")), "job-7"},
		{"several by hand", sending("a", "b"), ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, r := newWitness(), &received{}
			inside := make(chan string, 1)
			insider := framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				id, _ := requestid.FromContext(ctx)
				inside <- id
				return next(ctx, call)
			}), framework.Name("inside"), framework.At(framework.StageTranslate))
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(r.part()),
				frameworktest.ClientParts(w.outside(), link(t, requestid.Options{}), insider))
			for _, kind := range kinds {
				ctx := tt.ctx(t.Context())
				if _, err := frameworktest.Execute(ctx, client, kind, []string{"x"}); err != nil {
					t.Fatal(err)
				}
				id := <-w.annotated
				if tt.want == "" && !isV7(id) || tt.want != "" && id != tt.want {
					t.Errorf("%s: the id is %q, want %q", kind, id, tt.want)
				}
				if got := r.take(); len(got) != 1 || !slices.Equal(got[0], []string{id}) {
					t.Errorf("%s: %q was sent, %q is the id", kind, got, id)
				}
				if got := <-inside; got != id {
					t.Errorf("%s: inside it is %q", kind, got)
				}
				if md, _ := metadata.FromOutgoingContext(ctx); !slices.Equal(md["other"], []string{"stays"}) {
					t.Error("the caller's metadata was changed")
				}
			}
		})
	}
}

// All attempts of a call have one id.
func TestAttempts(t *testing.T) {
	t.Parallel()
	twice := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		call.KeepRequests(10)
		if err := next(ctx, call); err == nil {
			return nil
		}
		return next(ctx, call)
	})
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			r := &received{}
			client := frameworktest.DummyClient(t,
				frameworktest.ServerParts(r.part()),
				handling(func(context.Context) error { return status.Error(codes.Unavailable, "again") }),
				frameworktest.ClientParts(link(t, requestid.Options{}), framework.Use(twice, framework.At(framework.StageRetry))))
			_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"})
			got := r.take()
			if status.Code(err) != codes.Unavailable || len(got) != 2 || len(got[0]) != 1 || !isV7(got[0][0]) || !slices.Equal(got[0], got[1]) {
				t.Errorf("%v, sent %q", err, got)
			}
		})
	}
}

// What a handler calls has the id of its own RPC, over several servers, whatever the kinds.
func TestPropagation(t *testing.T) {
	t.Parallel()
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			both := link(t, requestid.Options{})
			last := newWitness()
			chain := []frameworktest.Option{frameworktest.ServerParts(both), frameworktest.ClientParts(both)}
			behind := frameworktest.DummyClient(t, append(chain, last.handler(nil))...)
			between := frameworktest.DummyClient(t, append(chain, handling(func(ctx context.Context) error {
				_, err := frameworktest.Execute(context.WithoutCancel(ctx), behind, kind, []string{"x"})
				return err
			}))...)
			first := newWitness()
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(first.outside(), both), handling(func(ctx context.Context) error {
				_, err := frameworktest.Execute(ctx, between, kind, []string{"x"})
				return err
			}))
			for range 2 {
				if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
					t.Fatal(err)
				}
				if id, far := <-first.annotated, <-last.handled; !isV7(id) || id != far {
					t.Errorf("%q became %q", id, far)
				}
			}
		})
	}
}

// A malformed id that came in does not go out either.
func TestPropagationOfNone(t *testing.T) {
	t.Parallel()
	r := &received{}
	behind := frameworktest.DummyClient(t, frameworktest.ServerParts(r.part()), frameworktest.ClientParts(link(t, requestid.Options{})))
	w := newWitness()
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(w.outside(), link(t, requestid.Options{})), handling(func(ctx context.Context) error {
		_, err := frameworktest.Execute(ctx, behind, framework.Unary, []string{"x"})
		return err
	}))
	ctx := metadata.AppendToOutgoingContext(t.Context(), header, "no id")
	if _, err := frameworktest.Execute(ctx, client, framework.Unary, []string{"x"}); err != nil {
		t.Fatal(err)
	}
	if id, sent := <-w.annotated, r.take(); !isV7(id) || len(sent) != 1 || !slices.Equal(sent[0], []string{id}) {
		t.Errorf("%q was sent, %q is the id", sent, id)
	}
}
