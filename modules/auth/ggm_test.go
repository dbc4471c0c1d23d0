package auth_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	middleware "github.com/grpc-ecosystem/go-grpc-middleware/v2"
	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/auth"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/auth"
)

type userKey struct{}

// written is a function as ggm's documentation has it.
func written(ctx context.Context) (context.Context, error) {
	token, err := ggm.AuthFromMD(ctx, "bearer")
	if err != nil {
		return nil, err
	}
	if token != readerToken {
		return nil, status.Errorf(codes.Unauthenticated, "invalid auth token: %v", token)
	}
	return context.WithValue(ctx, userKey{}, "ann"), nil
}

// user says whose context it is.
func user(ctx context.Context) *auth.Principal {
	if name, ok := ctx.Value(userKey{}).(string); ok {
		return &auth.Principal{ID: name}
	}
	return nil
}

// theirs is ggm's own interceptor, as a link.
func theirs(f ggm.AuthFunc) framework.Part {
	return framework.UseServer(ggm.UnaryServerInterceptor(f), ggm.StreamServerInterceptor(f), framework.Name("ggm"), framework.At(framework.StageAuthenticate))
}

// valued is a handler's link that notes what ggm's function put into the context.
func valued(saw chan any) framework.Part {
	return framework.Use(framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		saw <- ctx.Value(userKey{})
		return next(ctx, call)
	}), framework.Name("valued"))
}

// Func works with a function as ggm does: handlers find its values. What it refuses is refused with our texts.
func TestFunc(t *testing.T) {
	t.Parallel()
	w, saw := &witness{}, make(chan any, 1)
	client := w.client(t, auth.Options{Verifier: auth.Func(written, user)}, valued(saw))
	for _, kind := range kinds {
		if _, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client.stub(), kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if v := <-saw; v != "ann" {
			t.Errorf("the handler found %v", v)
		}
		wantPrincipal(t, w.take(), "ann")
		for _, value := range [][]string{nil, {"Bearer " + wrongToken}, {"Basic " + readerToken}, {"Bearer " + readerToken, "Bearer " + wrongToken}} {
			_, err := frameworktest.Execute(showing(t, value...), client.stub(), kind, []string{"x"})
			wantRefusal(t, err, codes.Unauthenticated)
			w.take().wantNoMarker(t, err)
		}
	}
}

// What a function may answer, and what comes of it without credentials and with some, on an anonymous method and on another.
func TestFuncAnswers(t *testing.T) {
	t.Parallel()
	answers := func(err error) ggm.AuthFunc {
		return func(context.Context) (context.Context, error) { return nil, err }
	}
	passes := func(ctx context.Context) (context.Context, error) { return ctx, nil }
	for _, tt := range []struct {
		name                      string
		f                         ggm.AuthFunc
		none, openNone, openShown codes.Code // without credentials, so on an anonymous method, there with credentials
	}{
		{"UNAUTHENTICATED", answers(status.Error(codes.Unauthenticated, marker)), codes.Unauthenticated, codes.OK, codes.Unauthenticated},
		{"PERMISSION_DENIED", answers(status.Error(codes.PermissionDenied, "no")), codes.PermissionDenied, codes.PermissionDenied, codes.PermissionDenied},
		{"another status", answers(status.Error(codes.NotFound, "no")), codes.Unavailable, codes.Unavailable, codes.Unavailable},
		{"no status", answers(errors.New("dial 10.0.0.3")), codes.Unavailable, codes.Unavailable, codes.Unavailable},
		{"a status that says OK", answers(okStatus{}), codes.Unavailable, codes.Unavailable, codes.Unavailable},
		{"nothing", answers(nil), codes.Unavailable, codes.Unavailable, codes.Unavailable},
		{
			"a context of its own", func(context.Context) (context.Context, error) {
				return context.WithValue(context.Background(), userKey{}, "ann"), nil
			},
			codes.Unavailable, codes.Unavailable, codes.Unavailable,
		},
		{"nobody's context", passes, codes.Unauthenticated, codes.OK, codes.Unauthenticated},
	} {
		for _, kind := range kinds {
			w := &witness{}
			verifier := auth.Func(tt.f, user)
			client, open := w.client(t, auth.Options{Verifier: verifier}).stub(), w.client(t, auth.Options{Verifier: verifier}, openOr(true)).stub()
			for i, rpc := range []struct {
				client dummypb.DummyServiceClient
				ctx    context.Context
				want   codes.Code
			}{{client, t.Context(), tt.none}, {open, t.Context(), tt.openNone}, {open, showing(t, "Bearer "+wrongToken), tt.openShown}} {
				_, err := frameworktest.Execute(rpc.ctx, rpc.client, kind, []string{"x"})
				if rpc.want == codes.OK && err == nil {
					continue
				}
				t.Run(fmt.Sprintf("%s/%s/%d", tt.name, kind, i), func(t *testing.T) { wantRefusal(t, err, rpc.want) })
			}
		}
	}
}

// overriding is a service that authenticates its callers itself, as ggm lets it.
type overriding struct {
	frameworktest.DummyService
	asked chan string
}

func (o *overriding) AuthFuncOverride(ctx context.Context, fullMethodName string) (context.Context, error) {
	o.asked <- fullMethodName
	return context.WithValue(ctx, userKey{}, "cid"), nil
}

func TestFuncOverride(t *testing.T) {
	t.Parallel()
	w, service := &witness{}, &overriding{asked: make(chan string, 1)}
	refuses := func(context.Context) (context.Context, error) {
		return nil, errors.New("asked in spite of the override")
	}
	conn := frameworktest.Conn(t, func(s grpc.ServiceRegistrar) { dummypb.RegisterDummyServiceServer(s, service) },
		frameworktest.ServerParts(w.outside(), framework.Use(newAuth(t, auth.Options{Verifier: auth.Func(refuses, user)}))))
	for _, kind := range kinds {
		if _, err := frameworktest.Execute(t.Context(), dummypb.NewDummyServiceClient(conn), kind, []string{"x"}); err != nil {
			t.Fatal(err)
		}
		if method := <-service.asked; !strings.HasPrefix(method, "/sluice.testing.v1.DummyService/Execute") {
			t.Errorf("asked for %q", method)
		}
		wantPrincipal(t, w.take(), "cid")
	}
}

// Func is a verifier for others to wrap; what it puts into the context is lost then.
func TestFuncVerify(t *testing.T) {
	t.Parallel()
	inner := auth.Func(written, user)
	outer := auth.VerifierFunc(func(ctx context.Context, c auth.Credentials) (*auth.Principal, error) { return inner.Verify(ctx, c) })
	w, saw := &witness{}, make(chan any, 1)
	client := w.client(t, auth.Options{Verifier: outer}, valued(saw))
	if _, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client.stub(), framework.Unary, []string{"x"}); err != nil {
		t.Fatal(err)
	}
	if v := <-saw; v != nil {
		t.Errorf("the handler found %v", v)
	}
	wantPrincipal(t, w.take(), "ann")
}

// TestDefects shows what ggm's own interceptors do with a function, and that auth does not.
func TestDefects(t *testing.T) {
	t.Parallel()
	leaky := func(ctx context.Context) (context.Context, error) {
		token, err := ggm.AuthFromMD(ctx, "bearer")
		if err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("Get https://sts/?token=%s: refused", token)
	}
	empty := func(ctx context.Context) (context.Context, error) {
		token, err := ggm.AuthFromMD(ctx, "bearer")
		return context.WithValue(ctx, userKey{}, "holder of "+fmt.Sprintf("%q", token)), err
	}
	for _, tt := range []struct {
		name  string
		f     ggm.AuthFunc
		shown []string
		theirs,
		ours codes.Code
		says string // theirs, to the client
	}{
		{"the first of two values counts", written, []string{"Bearer " + readerToken, "Bearer " + wrongToken}, codes.OK, codes.Unauthenticated, ""},
		{"no token is a token", empty, []string{"Bearer "}, codes.OK, codes.Unauthenticated, ""},
		{"its text is the client's", written, []string{"Bearer " + wrongToken}, codes.Unauthenticated, codes.Unauthenticated, wrongToken},
		{"so is any error's, as UNKNOWN", leaky, []string{"Bearer " + wrongToken}, codes.Unknown, codes.Unavailable, wrongToken},
	} {
		w := &witness{}
		mine := w.client(t, auth.Options{Verifier: auth.Func(tt.f, user)}).stub()
		ggms := frameworktest.DummyClient(t, frameworktest.ServerParts(theirs(tt.f)))
		for _, kind := range kinds {
			t.Run(tt.name+"/"+kind.String(), func(t *testing.T) {
				_, err := frameworktest.Execute(showing(t, tt.shown...), ggms, kind, []string{"x"})
				if status.Code(err) != tt.theirs || !strings.Contains(status.Convert(err).Message(), tt.says) {
					t.Errorf("ggm's answers %v", err)
				}
				_, err = frameworktest.Execute(showing(t, tt.shown...), mine, kind, []string{"x"})
				wantRefusal(t, err, tt.ours)
				w.take().wantNoMarker(t, err)
			})
		}
	}
}

// A context that a function of ggm's makes nil is the handler's there, and ends in a panic.
func TestNilContext(t *testing.T) {
	t.Parallel()
	makesNone := func(context.Context) (context.Context, error) { return nil, nil }
	handled := false
	_, err := ggm.UnaryServerInterceptor(makesNone)(t.Context(), nil, &grpc.UnaryServerInfo{}, func(ctx context.Context, _ any) (any, error) {
		handled = ctx == nil
		return nil, nil
	})
	if !handled || err != nil {
		t.Error("ggm's handler has a context now")
	}
	r := frameworktest.Run(t, newAuth(t, auth.Options{Verifier: auth.Func(makesNone, user)}), frameworktest.Case{})
	wantRefusal(t, r.Err, codes.Unavailable)
	if r.Runs > 0 {
		t.Error("the handler ran")
	}
}

// ggm's stream interceptor changes the context of a wrapped stream that is another's.
func TestBorrowedStream(t *testing.T) {
	t.Parallel()
	stream := middleware.WrapServerStream(bareStream{ctx: t.Context()})
	names := func(ctx context.Context) (context.Context, error) {
		return context.WithValue(ctx, userKey{}, "ann"), nil
	}
	_ = ggm.StreamServerInterceptor(names)(nil, stream, &grpc.StreamServerInfo{}, func(any, grpc.ServerStream) error { return nil })
	if stream.Context().Value(userKey{}) != "ann" {
		t.Error("ggm's leaves the stream outside alone now")
	}
	var outside any
	link := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		outside = ctx.Value(userKey{})
		return err
	})
	chain, err := framework.NewServerChain(framework.Use(link, framework.At(framework.StageObserve)), framework.Use(newAuth(t, auth.Options{Verifier: auth.Func(names, user)})))
	if err != nil {
		t.Fatal(err)
	}
	stream = middleware.WrapServerStream(bareStream{ctx: t.Context()})
	info := &grpc.StreamServerInfo{FullMethod: "/sluice.testing.v1.DummyService/ExecuteServerStream", IsServerStream: true}
	if err := chain.Stream()(nil, stream, info, func(_ any, inside grpc.ServerStream) error {
		if inside.Context().Value(userKey{}) != "ann" {
			t.Error("the handler does not see the context")
		}
		return nil
	}); err != nil {
		t.Error(err)
	}
	if outside != nil || stream.Context().Value(userKey{}) != nil {
		t.Error("the stream outside was changed")
	}
}

type bareStream struct {
	grpc.ServerStream
	ctx context.Context
}

func (s bareStream) Context() context.Context { return s.ctx }

// The two stand side by side in a chain, with ggm's function in both: for those who move from one to the other.
func TestBesideGGM(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(theirs(written), framework.Use(newAuth(t, auth.Options{Verifier: auth.Func(written, user)}))))
	for _, kind := range kinds {
		outputs, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client, kind, []string{"x"})
		if err != nil || !slices.Equal(outputs, []string{"x"}) {
			t.Errorf("%q, %v", outputs, err)
		}
	}
}
