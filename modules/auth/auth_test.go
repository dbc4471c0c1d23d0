package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/reflection"
	reflectionpb "google.golang.org/grpc/reflection/grpc_reflection_v1"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/auth"
)

// shown are authorization values, and who they make the caller: "" for nobody.
var shown = []struct {
	name   string
	values []string
	caller string
}{
	{"token", []string{"Bearer " + readerToken}, "ann"},
	{"another caller", []string{"Bearer " + writerToken}, "bob"},
	{"token before rotation", []string{"Bearer " + oldToken}, "bob"},
	{"scheme in lower case", []string{"bearer " + readerToken}, "ann"},
	{"scheme in upper case", []string{"BEARER " + readerToken}, "ann"},
	{"spaces after the scheme", []string{"Bearer   " + readerToken}, "ann"},

	{"none", nil, ""},
	{"empty", []string{""}, ""},
	{"scheme alone", []string{"Bearer"}, ""},
	{"scheme and space", []string{"Bearer "}, ""},
	{"padding alone", []string{"Bearer ="}, ""},
	{"token alone", []string{readerToken}, ""},
	{"space and token", []string{" " + readerToken}, ""},
	{"wrong token", []string{"Bearer " + wrongToken}, ""},
	{"beginning of a token", []string{"Bearer " + readerToken[:len(readerToken)-1]}, ""},
	{"more than a token", []string{"Bearer " + readerToken + "0"}, ""},
	{"token in another case", []string{"Bearer S3CR3T-MARKER-READER-0001"}, ""},
	{"space at the end", []string{"Bearer " + readerToken + " "}, ""},
	{"padding at the end", []string{"Bearer " + readerToken + "="}, ""},
	{"padding inside", []string{"Bearer " + marker + "=" + readerToken}, ""},
	{"two words", []string{"Bearer " + readerToken + " " + readerToken}, ""},
	{"another scheme", []string{"Basic " + readerToken}, ""},
	{"scheme that is none", []string{"Bear(er) " + readerToken}, ""},
	{"scheme twice", []string{"Bearer Bearer " + readerToken}, ""},
	{"two, both right", []string{"Bearer " + readerToken, "Bearer " + writerToken}, ""},
	{"two that are one", []string{"Bearer " + readerToken, "Bearer " + readerToken}, ""},
	{"right and wrong", []string{"Bearer " + readerToken, "Bearer " + wrongToken}, ""},
	{"wrong and right", []string{"Bearer " + wrongToken, "Bearer " + readerToken}, ""},
	{"right and empty", []string{"Bearer " + readerToken, ""}, ""},
	{"two in one", []string{"Bearer " + readerToken + ", Bearer " + writerToken}, ""},
}

// Without any rule all callers who are known may call, and nobody else, whatever the kind. Who is refused reads one text,
// and the token is nowhere.
func TestAuthorization(t *testing.T) {
	t.Parallel()
	w := &witness{}
	client := w.client(t, auth.Options{Verifier: staticTokens(t)})
	for _, tt := range shown {
		for _, kind := range kinds {
			t.Run(tt.name+"/"+kind.String(), func(t *testing.T) {
				outputs, err := frameworktest.Execute(showing(t, tt.values...), client.stub(), kind, []string{"x"})
				saw := w.take()
				if tt.caller == "" {
					wantRefusal(t, err, codes.Unauthenticated)
					saw.wantCallers(t)
				} else if err != nil || !slices.Equal(outputs, []string{"x"}) {
					t.Errorf("%q, %v", outputs, err)
				} else {
					saw.wantCallers(t, tt.caller)
				}
				wantPrincipal(t, saw, tt.caller)
				saw.wantNoMarker(t, err)
			})
		}
	}
}

// wantPrincipal looks for the caller in the annotations, from which the log line is made.
func wantPrincipal(t *testing.T, saw seen, id string) {
	t.Helper()
	got := ""
	for _, a := range saw.attrs {
		if a.Key == framework.AnnotationPrincipal {
			got = a.Value.String()
		}
	}
	if got != id {
		t.Errorf("the principal is noted as %q, want %q", got, id)
	}
}

// A stream is refused when it is opened: the caller needs not have sent anything.
func TestBeforeTheFirstMessage(t *testing.T) {
	t.Parallel()
	w := &witness{}
	client := w.client(t, auth.Options{Verifier: staticTokens(t)}).stub()
	up, err := client.ExecuteClientStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, up.RecvMsg(&dummypb.DummyResponse{}), codes.Unauthenticated)
	both, err := client.ExecuteClientServerStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, both.RecvMsg(&dummypb.DummyResponse{}), codes.Unauthenticated)
	w.take().wantCallers(t)
}

// Health, reflection and what no service has are methods like any other: closed until a rule says something else.
func TestEveryMethod(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		rules []framework.Part
		code  codes.Code
	}{
		{"no rule", nil, codes.Unauthenticated},
		{"anonymous", []framework.Part{framework.Rules("*", auth.Anonymous.Set(true))}, codes.OK},
	} {
		w := &witness{}
		registered := func(s grpc.ServiceRegistrar) {
			healthpb.RegisterHealthServer(s, health.NewServer())
			reflection.Register(s.(*grpc.Server))
		}
		conn := frameworktest.Conn(t, registered,
			frameworktest.ServerParts(append(tt.rules, w.outside(), w.inside(), framework.Use(newAuth(t, auth.Options{Verifier: staticTokens(t)})))...),
			frameworktest.ServerOptions(grpc.UnknownServiceHandler(func(any, grpc.ServerStream) error { return nil })))
		methods := map[string]func(ctx context.Context) error{
			"Check": func(ctx context.Context) error {
				_, err := healthpb.NewHealthClient(conn).Check(ctx, &healthpb.HealthCheckRequest{})
				return err
			},
			"Watch": func(ctx context.Context) error {
				stream, err := healthpb.NewHealthClient(conn).Watch(ctx, &healthpb.HealthCheckRequest{})
				if err == nil {
					_, err = stream.Recv()
				}
				return err
			},
			"reflection": func(ctx context.Context) error {
				stream, err := reflectionpb.NewServerReflectionClient(conn).ServerReflectionInfo(ctx)
				list := &reflectionpb.ServerReflectionRequest{MessageRequest: &reflectionpb.ServerReflectionRequest_ListServices{}}
				if err == nil {
					_ = stream.Send(list) // Recv has the reason
					_, err = stream.Recv()
				}
				return err
			},
			"unknown": func(ctx context.Context) error {
				stream, err := conn.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true, ClientStreams: true}, "/no.Such/Method")
				if err == nil {
					err = stream.RecvMsg(&dummypb.DummyResponse{})
				}
				if err != nil && err.Error() == "EOF" {
					return nil
				}
				return err
			},
		}
		for name, call := range methods {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				err := call(ctx)
				if tt.code == codes.OK && err != nil {
					t.Error(err)
				}
				if tt.code != codes.OK {
					wantRefusal(t, err, tt.code)
				}
				if runs := w.take().runs; (runs > 0) != (tt.code == codes.OK) {
					t.Errorf("the handler ran %d times", runs)
				}
			})
		}
	}
}

func TestPlacement(t *testing.T) {
	t.Parallel()
	i := newAuth(t, auth.Options{Verifier: staticTokens(t)})
	p := i.Placement()
	if p.Name != "auth" || p.Stage != framework.StageAuthenticate || !slices.Equal(p.Sides, []framework.Side{framework.ServerSide}) {
		t.Errorf("%+v", p)
	}
	var keys []string
	for _, k := range p.Keys {
		keys = append(keys, k.Name())
	}
	if want := []string{"allow", "require", "anonymous", "deny"}; !slices.Equal(keys, want) {
		t.Errorf("keys %q, want %q", keys, want)
	}
	if _, err := framework.NewClientChain(framework.Use(i)); err == nil {
		t.Error("a client took it")
	}
}

// An Interceptor that no chain bound is as one without rules.
func TestUnbound(t *testing.T) {
	t.Parallel()
	i := newAuth(t, auth.Options{Verifier: staticTokens(t)})
	unbound := framework.InterceptorFunc(i.Intercept)
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(framework.Use(unbound)))
	_, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"})
	wantRefusal(t, err, codes.Unauthenticated)
	if _, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client, framework.Unary, []string{"x"}); err != nil {
		t.Error(err)
	}
}

// A link outside can tell refusals apart, with translate between and without.
func TestSentinels(t *testing.T) {
	t.Parallel()
	w := &witness{}
	client := w.client(t, auth.Options{Verifier: staticTokens(t)})
	for _, tt := range []struct {
		value string
		is    error
	}{{"Bearer " + wrongToken, auth.ErrNotMine}, {"Bearer", auth.ErrRejected}} {
		_, _ = frameworktest.Execute(showing(t, tt.value), client.stub(), framework.Unary, []string{"x"})
		if saw := w.take(); len(saw.errs) != 1 || !errors.Is(saw.errs[0], tt.is) || !errors.Is(saw.errs[0], errmap.Unauthenticated) {
			t.Errorf("%q: %+v", tt.value, saw.errs)
		}
	}
}

func TestFromContextWithoutAuth(t *testing.T) {
	t.Parallel()
	if p, ok := auth.FromContext(t.Context()); ok || p != nil {
		t.Errorf("%v, %t", p, ok)
	}
}

// All that is wrong with the options is told at once.
func TestNew(t *testing.T) {
	t.Parallel()
	const setOne = "set one, auth.Tokens or auth.Certificates for instance"
	for _, tt := range []struct {
		name string
		o    auth.Options
		want string
	}{
		{"no verifier", auth.Options{}, "auth: Options.Verifier is nil; " + setOne},
		{
			"negative",
			auth.Options{Timeout: -1},
			"auth: Options.Verifier is nil; " + setOne + "\nauth: Options.Timeout is -1ns; it is how long a Verifier may take, 0 for 5s",
		},
		{"First of none", auth.Options{Verifier: auth.First()}, "auth: Options.Verifier is First of no verifiers; give it some"},
		{
			"First of nil",
			auth.Options{Verifier: auth.First(staticTokens(t), nil)},
			"auth: verifier 2 of First in Options.Verifier is nil; " + setOne,
		},
		{"nil function", auth.Options{Verifier: auth.VerifierFunc(nil)}, "auth: Options.Verifier is a nil VerifierFunc; give a function"},
		{
			"Certificates of nil",
			auth.Options{Verifier: auth.First(auth.First(auth.Certificates(nil)))},
			"auth: verifier 1 of First in verifier 1 of First in Options.Verifier is Certificates without a function; give auth.SPIFFE, or one of your own",
		},
		{"Func of nil", auth.Options{Verifier: auth.Func(nil, nil)}, "auth: Options.Verifier is Func without one of its functions; give both"},
	} {
		if _, err := auth.New(tt.o); fmt.Sprint(err) != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.name, err, tt.want)
		}
	}
}

func TestConformance(t *testing.T) {
	t.Parallel()
	using := frameworktest.Using(frameworktest.ClientParts(showingAlways("Bearer " + readerToken)))
	frameworktest.TestInterceptor(t, func() framework.Interceptor { return newAuth(t, auth.Options{Verifier: staticTokens(t)}) }, using)
}
