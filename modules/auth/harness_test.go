package auth_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/auth"
	"github.com/sluice-go/sluice/modules/translate"
)

var kinds = []framework.Kind{framework.Unary, framework.ClientStream, framework.ServerStream, framework.BidiStream}

// The tokens of the tests. All that nobody may print have the marker in them.
const (
	marker      = "s3cr3t-marker"
	readerToken = marker + "-reader-0001"
	writerToken = marker + "-writer-0001"
	oldToken    = marker + "-writer-0000"
	wrongToken  = marker + "-nobody-0001"
)

var (
	reader = auth.Principal{ID: "ann", Roles: []string{"reader"}}
	writer = auth.Principal{ID: "bob", Roles: []string{"reader", "writer"}, Scopes: []string{"orders.write"}}
)

func newTokens(t testing.TB, holders ...auth.Holder) auth.Verifier {
	t.Helper()
	v, err := auth.Tokens(holders...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func staticTokens(t testing.TB) auth.Verifier {
	t.Helper()
	return newTokens(t, auth.HeldBy(reader, readerToken), auth.HeldBy(writer, writerToken, oldToken))
}

func newAuth(t testing.TB, o auth.Options) *auth.Interceptor {
	t.Helper()
	i, err := auth.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// showing is a context whose RPCs show these authorization values.
func showing(t testing.TB, values ...string) context.Context {
	ctx := t.Context()
	for _, v := range values {
		ctx = metadata.AppendToOutgoingContext(ctx, "authorization", v)
	}
	return ctx
}

// A witness stands around auth and in the handler, and notes what each sees.
type witness struct {
	mu      sync.Mutex
	errs    []error
	attrs   []slog.Attr
	callers []string // that handlers saw; "" for nobody
	runs    int
}

// outside is the link around auth.
func (w *witness) outside() framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.errs, w.attrs = append(w.errs, err), append(w.attrs, call.Annotations()...)
		return err
	}), framework.Name("witness"), framework.At(framework.StageObserve))
}

// inside is the link next to the handler.
func (w *witness) inside() framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		p, ok := auth.FromContext(ctx)
		w.mu.Lock()
		w.runs++
		if ok {
			w.callers = append(w.callers, p.ID)
		} else {
			w.callers = append(w.callers, "")
		}
		w.mu.Unlock()
		return next(ctx, call)
	}), framework.Name("inside"))
}

// seen is what was noted since, in words.
type seen struct {
	errs    []error
	attrs   []slog.Attr
	callers []string
	runs    int
}

func (w *witness) take() seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	s := seen{w.errs, w.attrs, w.callers, w.runs}
	w.errs, w.attrs, w.callers, w.runs = nil, nil, nil, 0
	return s
}

// client is of a dummy service behind auth, with translate outside as servers have it.
func (w *witness) client(t testing.TB, o auth.Options, parts ...framework.Part) *dummy {
	t.Helper()
	silent, err := errmap.New(errmap.Config{Observer: func(context.Context, errmap.Outcome) {}})
	if err != nil {
		t.Fatal(err)
	}
	errs, err := translate.New(translate.Options{Mapper: silent})
	if err != nil {
		t.Fatal(err)
	}
	parts = append([]framework.Part{w.outside(), framework.Use(errs), framework.Use(newAuth(t, o)), w.inside()}, parts...)
	return &dummy{frameworktest.DummyConn(t, frameworktest.ServerParts(parts...))}
}

type dummy struct{ *grpc.ClientConn }

const (
	unauthenticated = "The request does not have valid authentication credentials for the operation"
	forbidden       = "The caller does not have permission to execute the specified operation"
	unavailable     = "The service is currently unavailable"
	internal        = "internal error"
)

// texts are all that a client may read.
var texts = map[codes.Code]string{
	codes.Unauthenticated: unauthenticated, codes.PermissionDenied: forbidden,
	codes.Unavailable: unavailable, codes.Internal: internal,
}

// wantRefusal holds an answer to a code with its one text.
func wantRefusal(t *testing.T, err error, code codes.Code) {
	t.Helper()
	s := status.Convert(err)
	if s.Code() != code || s.Message() != texts[code] || len(s.Details()) > 0 {
		t.Errorf("the client got %v %q with %v, want %v %q", s.Code(), s.Message(), s.Details(), code, texts[code])
	}
}

// wantNoMarker looks for the token in what is printed of a value, in any way.
func wantNoMarker(t *testing.T, what string, v any) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%d"} {
		if text := fmt.Sprintf(verb, v); strings.Contains(text, marker) {
			t.Errorf("%s, printed by %s, has the token: %s", what, verb, text)
		}
	}
	var logged strings.Builder
	for _, h := range []slog.Handler{slog.NewTextHandler(&logged, nil), slog.NewJSONHandler(&logged, nil)} {
		slog.New(h).Info("", "v", v)
	}
	if strings.Contains(logged.String(), marker) {
		t.Errorf("%s, logged, has the token: %s", what, logged.String())
	}
}

func (s seen) wantCallers(t *testing.T, callers ...string) {
	t.Helper()
	if !slices.Equal(s.callers, callers) {
		t.Errorf("the handler saw %q, want %q", s.callers, callers)
	}
}

func (d *dummy) stub() dummypb.DummyServiceClient { return dummypb.NewDummyServiceClient(d) }

// wantNoMarker looks for the token in all that was seen, and in the client's error.
func (s seen) wantNoMarker(t *testing.T, err error) {
	t.Helper()
	wantNoMarker(t, "the client's error", err)
	for _, err := range s.errs {
		wantNoMarker(t, "the error outside", err)
	}
	for _, a := range s.attrs {
		wantNoMarker(t, "an annotation", a)
	}
}

// showingAlways is a client's link that shows an authorization value.
func showingAlways(value string) framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		return next(metadata.AppendToOutgoingContext(ctx, "authorization", value), call)
	}))
}
