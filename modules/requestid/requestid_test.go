package requestid_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/requestid"
)

var (
	kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}
	sides = []framework.Side{framework.ServerSide, framework.ClientSide}
)

const header = "x-request-id"

func newRequestID(t testing.TB, o requestid.Options) *requestid.Interceptor {
	t.Helper()
	i, err := requestid.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

func link(t testing.TB, o requestid.Options) framework.Part {
	t.Helper()
	return framework.Use(newRequestID(t, o))
}

// on gives parts to a side.
func on(side framework.Side, parts ...framework.Part) frameworktest.Option {
	if side == framework.ClientSide {
		return frameworktest.ClientParts(parts...)
	}
	return frameworktest.ServerParts(parts...)
}

// handling has the service do something on the input "x", to which it answers "yz".
func handling(do func(ctx context.Context) error) frameworktest.Option {
	return frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
		"x": func(ctx context.Context, _ string) (string, error) { return "yz", do(ctx) },
	})
}

// A witness sees the ids of an RPC from outside, as the log does, and in the handler.
type witness struct {
	annotated, handled chan string
}

func newWitness() witness { return witness{make(chan string, 10), make(chan string, 10)} }

// outside is a link outside of requestid.
func (w witness) outside() framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		id, _ := call.Annotation(framework.AnnotationRequestID)
		w.annotated <- id.String()
		return err
	}), framework.Name("outside"), framework.At(framework.StageObserve), framework.Before("requestid"))
}

func (w witness) handler(err error) frameworktest.Option {
	return handling(func(ctx context.Context) error {
		id, _ := requestid.FromContext(ctx)
		w.handled <- id
		return err
	})
}

func isV7(id string) bool {
	u, err := uuid.Parse(id)
	return err == nil && u.Version() == 7 && u.String() == id
}

// An id that a caller sent is taken over where it is one, alone, and short.
func TestInbound(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 128)
	for _, tt := range []struct {
		name    string
		sent    []string
		options requestid.Options
		want    string // "" for a new one
	}{
		{"none", nil, requestid.Options{}, ""},
		{"a uuid", []string{"7d444840-9dc0-11d1-b245-5ffdce74fad2"}, requestid.Options{}, "7d444840-9dc0-11d1-b245-5ffdce74fad2"},
		{"all characters", []string{"azAZ09._-"}, requestid.Options{}, "azAZ09._-"},
		{"one character", []string{"-"}, requestid.Options{}, "-"},
		{"as long as can be", []string{long}, requestid.Options{}, long},
		{"longer", []string{long + "a"}, requestid.Options{}, ""},
		{"a megabyte", []string{strings.Repeat("a", 1<<20)}, requestid.Options{}, ""},
		{"empty", []string{""}, requestid.Options{}, ""},
		{"a space", []string{"a b"}, requestid.Options{}, ""},
		{"a line of a log", []string{`a"level=ERROR`}, requestid.Options{}, ""},
		{"markup", []string{"<script>"}, requestid.Options{}, ""},
		{"a path", []string{"../../etc/passwd"}, requestid.Options{}, ""},
		{"several", []string{"a", "b"}, requestid.Options{}, ""},
		{"the same twice", []string{"a", "a"}, requestid.Options{}, ""},
		{"a list", []string{"a,b"}, requestid.Options{}, ""},
		{"ignored", []string{"a"}, requestid.Options{IgnoreCaller: true}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWitness()
			client := frameworktest.DummyClient(t, frameworktest.ServerParts(w.outside(), link(t, tt.options)), w.handler(nil))
			for _, kind := range kinds {
				ctx := t.Context()
				for _, v := range tt.sent {
					ctx = metadata.AppendToOutgoingContext(ctx, header, v)
				}
				var sentBack, trailer metadata.MD
				outputs, err := frameworktest.Execute(ctx, client, kind, []string{"x"}, grpc.Header(&sentBack), grpc.Trailer(&trailer))
				if err != nil || strings.Join(outputs, "") != "yz" {
					t.Fatal(outputs, err)
				}
				id := <-w.annotated
				if tt.want == "" && !isV7(id) || tt.want != "" && id != tt.want {
					t.Errorf("%s: the id is %q, want %q", kind, id, tt.want)
				}
				if handled := <-w.handled; handled != id {
					t.Errorf("%s: the handler has %q, the log %q", kind, handled, id)
				}
				for _, md := range []metadata.MD{sentBack, trailer} {
					if !slices.Equal(md[header], []string{id}) {
						t.Errorf("%s: %q came back, %q is the id", kind, md[header], id)
					}
				}
			}
		})
	}
}

// Each RPC has an id of its own, and they sort by time.
func TestGenerated(t *testing.T) {
	t.Parallel()
	w := newWitness()
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(w.outside(), link(t, requestid.Options{})), w.handler(nil))
	var ids []string
	for range 50 {
		if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		ids = append(ids, <-w.annotated)
		<-w.handled
	}
	if !slices.IsSorted(ids) || len(slices.Compact(ids)) != 50 {
		t.Errorf("%q", ids)
	}
}

// Ids of one's own are used where they are ones.
func TestGenerate(t *testing.T) {
	t.Parallel()
	var made atomic.Int64
	own := requestid.Options{Generate: func() string {
		return [...]string{"tried-by-new", "own-1", "not an id", "", "own-2"}[made.Add(1)-1]
	}}
	w := newWitness()
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(w.outside(), link(t, own)), w.handler(nil))
	for _, want := range []string{"own-1", "", "", "own-2"} {
		if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if id := <-w.annotated; want == "" && !isV7(id) || want != "" && id != want {
			t.Errorf("got %q, want %q", id, want)
		}
	}
}

type noBytes struct{}

func (noBytes) Read([]byte) (int, error) { return 0, errors.New("no entropy") }

// An RPC does not fail for want of an id. The source of bytes is the process's, so this one runs alone.
func TestNoRandomBytes(t *testing.T) {
	uuid.SetRand(noBytes{})
	defer uuid.SetRand(nil)
	for _, side := range sides {
		w := newWitness()
		client := frameworktest.DummyClient(t, on(side, w.outside(), link(t, requestid.Options{})), w.handler(nil))
		for _, kind := range kinds {
			var trailer metadata.MD
			_, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}, grpc.Trailer(&trailer))
			if annotated, handled := <-w.annotated, <-w.handled; err != nil || annotated != "<nil>" || handled != "" || len(trailer[header]) > 0 {
				t.Errorf("%s, %s: %v, %q, %q, %q", side, kind, err, annotated, handled, trailer[header])
			}
		}
	}
}

// The name of the metadata is the same both ways.
func TestHeader(t *testing.T) {
	t.Parallel()
	options := requestid.Options{Header: "x-correlation-id"}
	w := newWitness()
	client := frameworktest.DummyClient(t, w.handler(nil),
		frameworktest.ServerParts(link(t, options)), frameworktest.ClientParts(w.outside(), link(t, options)))
	for _, kind := range kinds {
		var trailer metadata.MD
		if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}, grpc.Trailer(&trailer)); err != nil {
			t.Fatal(err)
		}
		id := <-w.annotated
		if handled := <-w.handled; id != handled || !slices.Equal(trailer["x-correlation-id"], []string{id}) || len(trailer[header]) > 0 {
			t.Errorf("%s: sent %q, handled %q, sent back %v", kind, id, handled, trailer["x-correlation-id"])
		}
	}
}

// Whoever makes a value of the package's context has an id in it, or nothing.
func TestNewContext(t *testing.T) {
	t.Parallel()
	if id, ok := requestid.FromContext(t.Context()); ok || id != "" {
		t.Errorf("%q of nowhere", id)
	}
	ctx := requestid.NewContext(t.Context(), "job-7")
	if id, ok := requestid.FromContext(context.WithoutCancel(ctx)); !ok || id != "job-7" {
		t.Errorf("%q", id)
	}
	for _, id := range []string{"", "a b", "é", strings.Repeat("a", 129)} {
		if got := requestid.NewContext(ctx, id); got != ctx {
			t.Errorf("%q is an id", id)
		}
	}
}

// An interceptor that stands in a function is not bound to a method.
func TestUnbound(t *testing.T) {
	t.Parallel()
	for _, side := range sides {
		i := newRequestID(t, requestid.Options{})
		w := newWitness()
		part := framework.Use(framework.InterceptorFunc(i.Intercept), framework.Name("requestid"), framework.At(framework.StageObserve))
		client := frameworktest.DummyClient(t, on(side, w.outside(), part), w.handler(nil))
		for _, kind := range kinds {
			if _, err := frameworktest.Execute(t.Context(), client, kind, []string{"x"}); err != nil {
				t.Fatal(err)
			}
			if id := <-w.annotated; !isV7(id) {
				t.Errorf("%s, %s: %q", side, kind, id)
			}
			<-w.handled
		}
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	p := newRequestID(t, requestid.Options{}).Placement()
	if p.Name != "requestid" || p.Stage != framework.StageObserve || len(p.Sides) != 0 || len(p.Keys) != 0 {
		t.Errorf("%+v", p)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		options requestid.Options
		want    string
	}{
		{
			"all at once",
			requestid.Options{Header: "x-request-id:", Generate: func() string { return "no id" }},
			`requestid: Options.Header is "x-request-id:", which is not the name of metadata; write it with lower case letters, digits and ._-
requestid: Options.Generate made "no id", which is no id; let it make 1 to 128 letters, digits and ._-`,
		},
		{
			"capitals",
			requestid.Options{Header: "X-Request-ID"},
			`requestid: Options.Header is "X-Request-ID", which has capitals, and grpc sends none; write "x-request-id"`,
		},
		{
			"grpc's",
			requestid.Options{Header: "grpc-id"},
			`requestid: Options.Header is "grpc-id", which is for something else; take a name of your own, such as x-request-id`,
		},
		{
			"credentials",
			requestid.Options{Header: "authorization"},
			`requestid: Options.Header is "authorization", which is for something else; take a name of your own, such as x-request-id`,
		},
		{
			"bytes",
			requestid.Options{Header: "x-id-bin"},
			`requestid: Options.Header is "x-id-bin", which is that of bytes; take one that does not end in -bin`,
		},
		{
			"too long",
			requestid.Options{Generate: func() string { return strings.Repeat("a", 1<<20) }},
			`requestid: Options.Generate made "` + strings.Repeat("a", 140) + `", which is no id; let it make 1 to 128 letters, digits and ._-`,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			i, err := requestid.New(tt.options)
			if i != nil || err == nil || err.Error() != tt.want {
				t.Errorf("%v\ngot  %v\nwant %s", i, err, tt.want)
			}
		})
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return newRequestID(t, requestid.Options{}) })
}
