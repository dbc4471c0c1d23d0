package concurrency_test

import (
	"context"
	"fmt"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/concurrency"
)

func newChain(t testing.TB, parts ...framework.Part) *framework.ServerChain {
	t.Helper()
	chain, err := framework.NewServerChain(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

// within makes a unary RPC whose handler does something, so that it has its slot meanwhile.
func within(t testing.TB, chain *framework.ServerChain, method string, do func()) error {
	t.Helper()
	handler := func(context.Context, any) (any, error) { do(); return &dummypb.DummyResponse{}, nil }
	_, err := chain.Unary()(t.Context(), &dummypb.DummyRequest{}, &grpc.UnaryServerInfo{FullMethod: method}, handler)
	return err
}

// fits reports whether there is a slot for an RPC. Any other error than that of a refusal fails the test.
func fits(t testing.TB, chain *framework.ServerChain, method string) bool {
	t.Helper()
	err := within(t, chain, method, func() {})
	if err != nil && status.Code(err) != codes.ResourceExhausted {
		t.Error(err)
	}
	return err == nil
}

// A limit is for each method by itself.
func TestEachMethod(t *testing.T) {
	t.Parallel()
	for name, parts := range map[string][]framework.Part{
		"limit": {limiting(t, concurrency.Options{Limit: 1})},
		"rule":  {limiting(t, concurrency.Options{}), framework.Rules("*", concurrency.Key.Set(1))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGate()
			client := frameworktest.DummyClient(t, g.cases(), frameworktest.ServerParts(parts...))
			var all []<-chan error
			for _, kind := range kinds {
				all = append(all, g.holds(t, client, kind))
			}
			for _, kind := range kinds {
				wantRefused(t, client, kind, fmt.Sprintf(methodFull, 1))
			}
			close(g.open)
			for _, ended := range all {
				if err := <-ended; err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// A total is for all of them, those with a rule as well. Who is refused by it has no slot of its method.
func TestTotal(t *testing.T) {
	t.Parallel()
	g := newGate()
	client := frameworktest.DummyClient(t, g.cases(), frameworktest.ServerParts(
		limiting(t, concurrency.Options{Limit: 1, Total: 3}), framework.Rules("DummyService/Execute", concurrency.Key.Set(2))))
	unary, second, stream := g.holds(t, client, framework.Unary), g.holds(t, client, framework.Unary), g.holds(t, client, framework.ClientStream)
	wantRefused(t, client, framework.Unary, fmt.Sprintf(methodFull, 2))
	wantRefused(t, client, framework.ClientStream, fmt.Sprintf(methodFull, 1))
	wantRefused(t, client, framework.ServerStream, fmt.Sprintf(serverFull, 3))
	wantRefused(t, client, framework.BidiStream, fmt.Sprintf(serverFull, 3))
	close(g.open)
	for _, ended := range []<-chan error{unary, second, stream} {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	for _, kind := range kinds {
		wantServed(t, client, kind)
	}
}

// Servers are told apart by their names.
func TestServers(t *testing.T) {
	t.Parallel()
	for _, o := range []concurrency.Options{{Limit: 1}, {Total: 1}} {
		link := limiting(t, o)
		public, admin := newChain(t, framework.Target("public"), link), newChain(t, framework.Target("admin"), link)
		one, other := newChain(t, link), newChain(t, link)
		for _, tt := range []struct {
			name         string
			first, again *framework.ServerChain
			fits         bool
		}{
			{"the same", public, public, false},
			{"two names", public, admin, true},
			{"a name and none", public, one, true},
			{"no names", one, other, false},
		} {
			t.Run(fmt.Sprintf("%+v/%s", o, tt.name), func(t *testing.T) {
				err := within(t, tt.first, "/a.B/C", func() {
					if got := fits(t, tt.again, "/a.B/C"); got != tt.fits {
						t.Errorf("it fits: %t", got)
					}
				})
				if err != nil || !fits(t, tt.again, "/a.B/C") {
					t.Errorf("%v, or the slot is gone", err)
				}
			})
		}
	}
}

// A chain that is bound again counts the RPCs that run already.
func TestBoundAgain(t *testing.T) {
	t.Parallel()
	const method = "/sluice.testing.v1.DummyService/Execute"
	for _, o := range []concurrency.Options{{Limit: 1}, {Total: 1}} {
		chain := newChain(t, limiting(t, o))
		server := grpc.NewServer()
		dummypb.RegisterDummyServiceServer(server, &frameworktest.DummyService{})
		err := within(t, chain, method, func() {
			if err := chain.Bind(server.GetServiceInfo()); err != nil {
				t.Error(err)
			}
			if fits(t, chain, method) {
				t.Errorf("%+v: an RPC was forgotten", o)
			}
		})
		if err != nil || !fits(t, chain, method) {
			t.Errorf("%+v: %v, or the slot is gone", o, err)
		}
	}
}

// An interceptor that stands in a function is not bound to a method.
func TestUnbound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		options           concurrency.Options
		fits, anotherFits bool
	}{
		{concurrency.Options{}, true, true},
		{concurrency.Options{Limit: 1}, false, true},
		{concurrency.Options{Total: 1}, false, false},
	} {
		chain := newChain(t, framework.Use(framework.InterceptorFunc(newConcurrency(t, tt.options).Intercept)))
		err := within(t, chain, "/a.B/C", func() {
			if got := fits(t, chain, "/a.B/C"); got != tt.fits {
				t.Errorf("%+v: it fits: %t", tt.options, got)
			}
			if got := fits(t, chain, "/a.B/D"); got != tt.anotherFits {
				t.Errorf("%+v: one of another method fits: %t", tt.options, got)
			}
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// Callers that choose the names of methods can't have the interceptor remember them all. Those beyond a number are one.
func TestNamesWithoutEnd(t *testing.T) {
	t.Parallel()
	const many = 1 << 14
	i := newConcurrency(t, concurrency.Options{Limit: 1})
	chain := newChain(t, framework.Use(i))
	if !fits(t, chain, "/a.B/Known") {
		t.Error("the first is refused")
	}
	for n := range many {
		if _, err := i.Bind(framework.MethodInfo{Method: framework.Method{Service: "S", Name: fmt.Sprint(n)}}); err != nil {
			t.Fatal(err)
		}
	}
	err := within(t, chain, "/a.B/Late", func() {
		if fits(t, chain, "/a.B/Later") {
			t.Error("a late method has slots of its own")
		}
		if !fits(t, chain, "/a.B/Known") {
			t.Error("a method that was known is refused for the late ones")
		}
	})
	if err != nil {
		t.Error(err)
	}
}
