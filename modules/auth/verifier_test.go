package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/auth"
)

// careless is an error that has the token in its long form alone.
type careless struct{ token string }

func (careless) Error() string { return "no such token" }

func (c careless) Format(s fmt.State, verb rune) {
	if verb == 'v' && s.Flag('+') {
		_, _ = fmt.Fprint(s, c.token)
		return
	}
	_, _ = fmt.Fprint(s, c.Error())
}

func fails(err error) auth.Verifier {
	return auth.VerifierFunc(func(context.Context, auth.Credentials) (*auth.Principal, error) { return nil, err })
}

// saying is a verifier whose error says the token.
func saying(f func(token string) error) auth.Verifier {
	return auth.VerifierFunc(func(_ context.Context, c auth.Credentials) (*auth.Principal, error) { return nil, f(c.Token()) })
}

func knows(p *auth.Principal) auth.Verifier {
	return auth.VerifierFunc(func(context.Context, auth.Credentials) (*auth.Principal, error) { return p, nil })
}

func panics(context.Context, auth.Credentials) (*auth.Principal, error) { panic("a bug") }

func blurts(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
	panic(fmt.Errorf("a bug with %s", c.Token()))
}

// What a verifier says, and what comes of it: a code with its one text at the client, and the reason in the error outside.
var verdicts = []struct {
	name     string
	verifier auth.Verifier
	want     codes.Code
	why      string // in the error outside
}{
	{"not mine", fails(auth.ErrNotMine), codes.Unauthenticated, "no credentials that are known here"},
	{"rejected", fails(fmt.Errorf("%w: issued by %q", auth.ErrRejected, "evil.example")), codes.Unauthenticated, `issued by "evil.example"`},
	{"failed", fails(errors.New("dial 10.0.0.3: refused")), codes.Unavailable, "dial 10.0.0.3: refused"},
	{"failed with a status", fails(status.Error(codes.NotFound, "no table")), codes.Unavailable, "no table"},
	{"failed with OK", fails(okStatus{}), codes.Unavailable, "fine"},
	{"failed with PERMISSION_DENIED", fails(status.Error(codes.PermissionDenied, "of the backend")), codes.Unavailable, "of the backend"},
	{"failed with UNAUTHENTICATED", fails(errmap.Unauthenticated.New("at the backend")), codes.Unavailable, "at the backend"},
	{"failed by its own deadline", fails(context.DeadlineExceeded), codes.Unavailable, "deadline exceeded"},
	{"neither", knows(nil), codes.Internal, "neither a principal"},
	{"a principal without ID", knows(&auth.Principal{Roles: []string{"admin"}}), codes.Internal, "neither a principal"},
	{"an expired one", knows(&auth.Principal{ID: "ann", Expires: time.Unix(0, 0)}), codes.Unauthenticated, "expired at 1970-01-01T00:00:00Z"},
	{"a panic that says the token", auth.VerifierFunc(blurts), codes.Internal, ""},
	{"a panic", auth.VerifierFunc(panics), codes.Internal, ""},

	{"says the token", saying(func(token string) error { return fmt.Errorf("bad token %q", token) }), codes.Unavailable, `bad token "[token]"`},
	{
		"says the token, rejected", saying(func(token string) error { return fmt.Errorf("%w: %s", auth.ErrRejected, token) }),
		codes.Unauthenticated, "rejected: [token]",
	},
	{
		"says the token, not mine", saying(func(token string) error { return fmt.Errorf("%w: %s", auth.ErrNotMine, token) }),
		codes.Unauthenticated, "known here: [token]",
	},
	{"says it in the long form", saying(func(token string) error { return careless{token} }), codes.Unavailable, "no such token"},
	{
		"says it in a URL", saying(func(token string) error {
			return &url.Error{Op: "Get", URL: "https://sts.example/?token=" + url.QueryEscape(token), Err: errors.New("refused")}
		}), codes.Unavailable, `Get "https://sts.example/?token=[token]": refused`,
	},
}

type okStatus struct{}

func (okStatus) Error() string              { return "fine" }
func (okStatus) GRPCStatus() *status.Status { return status.New(codes.OK, "fine") }

func TestVerdicts(t *testing.T) {
	t.Parallel()
	const urlToken = marker + "/+=" // which a URL has otherwise
	for _, tt := range verdicts {
		for _, open := range []bool{false, true} {
			w := &witness{}
			client := w.client(t, auth.Options{Verifier: tt.verifier}, openOr(open))
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("%s/open=%t/%s", tt.name, open, kind), func(t *testing.T) {
					_, err := frameworktest.Execute(showing(t, "Bearer "+urlToken), client.stub(), kind, []string{"x"})
					wantRefusal(t, err, tt.want)
					saw := w.take()
					saw.wantCallers(t)
					saw.wantNoMarker(t, err)
					if tt.why != "" && !strings.Contains(fmt.Sprintf("%+v", saw.errs), tt.why) {
						t.Errorf("outside is %+v, want %q in it", saw.errs, tt.why)
					}
				})
			}
		}
	}
}

func openOr(open bool) framework.Part {
	if open {
		return framework.Rules("*", auth.Anonymous.Set(true))
	}
	return framework.Rules("*", auth.Allow.Set(auth.Grants{auth.Authenticated()}))
}

// Without credentials only ErrNotMine opens a method that is anonymous.
func TestAnonymousVerdicts(t *testing.T) {
	t.Parallel()
	for _, tt := range verdicts {
		w := &witness{}
		client := w.client(t, auth.Options{Verifier: tt.verifier}, openOr(true))
		_, err := frameworktest.Execute(t.Context(), client.stub(), framework.Unary, []string{"x"})
		if strings.HasSuffix(tt.name, "not mine") {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
			continue
		}
		wantRefusal(t, err, tt.want)
	}
}

// First asks until one knows the credentials, and no further.
func TestFirst(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	for _, tt := range []struct {
		name      string
		verifiers []auth.Verifier
		want      codes.Code
		caller    string
	}{
		{"first", []auth.Verifier{knows(&reader), knows(&writer)}, codes.OK, "ann"},
		{"second", []auth.Verifier{fails(auth.ErrNotMine), knows(&writer)}, codes.OK, "bob"},
		{"of a First", []auth.Verifier{auth.First(fails(auth.ErrNotMine)), auth.First(staticTokens(t), knows(&writer))}, codes.OK, "bob"},
		{"rejected by the first", []auth.Verifier{fails(auth.ErrRejected), knows(&writer)}, codes.Unauthenticated, ""},
		{"the first failed", []auth.Verifier{fails(down), knows(&writer)}, codes.Unavailable, ""},
		{"nobody's", []auth.Verifier{fails(auth.ErrNotMine), staticTokens(t)}, codes.Unauthenticated, ""},
	} {
		w := &witness{}
		client := w.client(t, auth.Options{Verifier: auth.First(tt.verifiers...)})
		_, err := frameworktest.Execute(showing(t, "Bearer "+wrongToken), client.stub(), framework.Unary, []string{"x"})
		if tt.want != codes.OK {
			wantRefusal(t, err, tt.want)
		} else if err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		wantPrincipal(t, w.take(), tt.caller)
	}
}

// First is a verifier for others to wrap.
func TestFirstVerify(t *testing.T) {
	t.Parallel()
	f := auth.First(fails(auth.ErrNotMine), knows(&writer))
	if p, err := f.Verify(t.Context(), auth.Credentials{}); p != &writer || err != nil {
		t.Errorf("%v, %v", p, err)
	}
	if p, err := auth.First(staticTokens(t)).Verify(t.Context(), auth.Credentials{}); p != nil || err != auth.ErrNotMine {
		t.Errorf("%v, %v", p, err)
	}
}

// A verifier that waits is given up, as a failure of its own; one inside First has the whole time, too.
func TestTimeout(t *testing.T) {
	t.Parallel()
	waits := auth.VerifierFunc(func(ctx context.Context, _ auth.Credentials) (*auth.Principal, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	})
	for _, tt := range []struct {
		o    auth.Options
		want time.Duration
	}{
		{auth.Options{Verifier: waits}, 5 * time.Second},
		{auth.Options{Verifier: waits, Timeout: time.Minute}, time.Minute},
		{auth.Options{Verifier: auth.First(staticTokens(t), waits), Timeout: time.Minute}, time.Minute},
	} {
		for _, kind := range kinds {
			synctest.Test(t, func(t *testing.T) {
				w := &witness{}
				client := w.client(t, tt.o)
				start := time.Now()
				_, err := frameworktest.Execute(t.Context(), client.stub(), kind, []string{"x"})
				wantRefusal(t, err, codes.Unavailable)
				if took := time.Since(start); took != tt.want {
					t.Errorf("it took %s, want %s", took, tt.want)
				}
			})
		}
	}
}

// The verifier's deadline is its own: inside there is none.
func TestTimeoutEndsWithTheVerifier(t *testing.T) {
	t.Parallel()
	deadlines := make(chan bool, 2)
	v := auth.VerifierFunc(func(ctx context.Context, _ auth.Credentials) (*auth.Principal, error) {
		_, ok := ctx.Deadline()
		deadlines <- ok
		return &reader, nil
	})
	r := frameworktest.Run(t, newAuth(t, auth.Options{Verifier: v}), frameworktest.Case{})
	_, ok := r.Context.Deadline()
	if r.Err != nil || ok || r.Context.Err() != nil || !<-deadlines {
		t.Errorf("%v: inside there is a deadline: %t, and the context's error is %v", r.Err, ok, r.Context.Err())
	}
}

// A caller who goes away while the verifier works has cancelled the RPC; that is no failure of the verifier.
func TestCallerGoesAway(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	v := auth.VerifierFunc(func(ctx context.Context, _ auth.Credentials) (*auth.Principal, error) {
		cancel()
		<-ctx.Done()
		return nil, fmt.Errorf("asking: %w", ctx.Err())
	})
	r := frameworktest.Run(t, newAuth(t, auth.Options{Verifier: v}), frameworktest.Case{Context: ctx})
	if !errors.Is(r.Err, context.Canceled) || errors.Is(r.Err, errmap.Unavailable) || r.Runs > 0 {
		t.Errorf("%v after %d runs", r.Err, r.Runs)
	}
}

// A verifier sees who calls what, and what the caller showed.
func TestVerifierSees(t *testing.T) {
	t.Parallel()
	saw := make(chan string, 1)
	v := auth.VerifierFunc(func(ctx context.Context, c auth.Credentials) (*auth.Principal, error) {
		call, _ := framework.CallFrom(ctx)
		saw <- fmt.Sprint(call.Method().Name, " ", c.Present(), " ", c.Scheme(), " ", c.Token())
		return &reader, nil
	})
	w := &witness{}
	client := w.client(t, auth.Options{Verifier: v})
	for _, tt := range []struct {
		shown []string
		want  string
	}{
		{nil, "Execute false  "},
		{[]string{"BEARER " + readerToken}, "Execute true bearer " + readerToken},
		{[]string{"DPoP   abc=="}, "Execute true dpop abc=="},
	} {
		_, err := frameworktest.Execute(showing(t, tt.shown...), client.stub(), framework.Unary, []string{"x"})
		if got := <-saw; err != nil || got != tt.want {
			t.Errorf("saw %q, want %q; %v", got, tt.want, err)
		}
	}
}
