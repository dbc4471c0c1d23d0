package framework_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// at is an interceptor with a placement of its own.
type at framework.Placement

func (a at) Placement() framework.Placement { return framework.Placement(a) }

func (a at) Intercept(ctx context.Context, c *framework.Call, next framework.Handler) error {
	return next(ctx, c)
}

func rawUnary(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
	return handler(ctx, req)
}

func rawStream(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
	return handler(srv, ss)
}

func rawClientUnary(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoker(ctx, method, req, reply, cc, opts...)
}

func use(o ...framework.LinkOption) framework.Part { return framework.Use(pass, o...) }

// TestMistakes has each mistake in a chain of its own, and says what its error must say.
func TestMistakes(t *testing.T) {
	for _, row := range []struct {
		name   string
		client bool
		parts  []framework.Part
		want   []string
	}{
		{"nil part", false, []framework.Part{nil}, []string{"part 1", "nil"}},
		{"nil interceptor", false, []framework.Part{framework.Use(nil)}, []string{"build_test.go:", "nil"}},
		{"nil pointer", false, []framework.Part{framework.Use((*lookout)(nil))}, []string{"build_test.go:", "nil"}},
		{"nil option", false, []framework.Part{use(nil)}, []string{"nil LinkOption"}},
		{
			"unknown stage", false,
			[]framework.Part{use(framework.Name("auth"), framework.At("authn"))},
			[]string{`link "auth" (build_test.go:`, `unknown stage "authn"; did you mean "authenticate"?`},
		},
		{"stage of the other side", false, []framework.Part{use(framework.At(framework.StageRetry))}, []string{`stage "retry" is not on a server`}},
		{"bad name", false, []framework.Part{use(framework.Name("a b"))}, []string{`"a b" is not a link name`}},
		{"empty name", false, []framework.Part{use(framework.Name(""))}, []string{`"" is not a link name`}},
		{
			"name twice", false,
			[]framework.Part{use(framework.Name("a")), use(framework.Name("a"))},
			[]string{`link "a" (build_test.go:`, "taken by the one at build_test.go:", "Name"},
		},
		{
			"unknown neighbour", false,
			[]framework.Part{use(framework.Name("audit"), framework.Before("loging")), use(framework.Name("logging"))},
			[]string{`link "audit" (build_test.go:`, `before names "loging"`, `did you mean "logging"?`, `"?loging"`},
		},
		{"cycle", false, []framework.Part{
			use(framework.Name("a"), framework.Before("b")), use(framework.Name("b"), framework.Before("c")), use(framework.Name("c"), framework.Before("a")),
		}, []string{"cycle", `"a" (build_test.go:`, `"b" (build_test.go:`, `"c" (build_test.go:`}},
		{"itself", false, []framework.Part{use(framework.Name("a"), framework.Before("a"))}, []string{"cycle", `"a" (build_test.go:`}},
		{"against the stages", false, []framework.Part{
			use(framework.Name("log"), framework.At(framework.StageObserve), framework.After("app")), use(framework.Name("app")),
		}, []string{`link "log"`, `after "app" goes against the stages`, `"observe"`, `in "app"`}},
		{
			"wrong side", true,
			[]framework.Part{framework.Use(at{Name: "r", Sides: []framework.Side{framework.ServerSide}})},
			[]string{`link "r"`, "does not serve on a client; it serves on a server"},
		},
		{"raw server pair on a client", true, []framework.Part{framework.UseServer(rawUnary, rawStream)}, []string{"does not serve on a client"}},
		{"no halves", false, []framework.Part{framework.UseServer(nil, nil)}, []string{"both interceptors are nil"}},
		{
			"streams uncovered", false,
			[]framework.Part{framework.UseServer(rawUnary, nil, framework.Name("auth"))},
			[]string{`link "auth"`, "streams would go uncovered", "UnaryOnly()"},
		},
		{"unary uncovered", false, []framework.Part{framework.UseServer(nil, rawStream)}, []string{"unary RPCs would go uncovered", "On("}},
		{"unary only without it", false, []framework.Part{framework.UseServer(nil, rawStream, framework.UnaryOnly())}, []string{"UnaryOnly was said"}},
		{"client streams uncovered", true, []framework.Part{framework.UseClient(rawClientUnary, nil)}, []string{"streams would go uncovered"}},
		{
			"client stream uncovered by pattern", true,
			[]framework.Part{framework.UseClient(rawClientUnary, nil, framework.On("DummyService/*"))},
			[]string{"/sluice.testing.v1.DummyService/ExecuteClientStream (client_stream) would go uncovered", "Except"},
		},
		{"malformed pattern", false, []framework.Part{use(framework.On("a/*/b"))}, []string{"On: ", `"a/*/b"`}},
		{"leading slash", false, []framework.Part{use(framework.Except("/a.B/C"))}, []string{"Except: ", `"/a.B/C"`, `"a.B/C"`}},
		{
			"client pattern that matches nothing", true,
			[]framework.Part{use(framework.On("sluice.testing.v1.DumyService/*"))},
			[]string{`"sluice.testing.v1.DumyService/*" matches no method`, `did you mean "sluice.testing.v1.DummyService"?`, `"?sluice`},
		},
		{"in a target", false, []framework.Part{framework.Target("public"), use(framework.At("x"))}, []string{`server "public"`}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			err := build(row.client, row.parts)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
		})
	}
}

func build(client bool, parts []framework.Part) error {
	if client {
		_, err := framework.NewClientChain(parts...)
		return err
	}
	_, err := framework.NewServerChain(parts...)
	return err
}

func TestAllMistakesAtOnce(t *testing.T) {
	_, err := framework.NewServerChain(framework.Use(nil), use(framework.At("x")), use(framework.On("/")), use(framework.Name("?")))
	if n := strings.Count(err.Error(), "framework: link"); n != 4 {
		t.Fatalf("%d of 4 in:\n%v", n, err)
	}
}

// TestMistakesOfBind has what only the services can show.
func TestMistakesOfBind(t *testing.T) {
	server := grpc.NewServer()
	dummypb.RegisterDummyServiceServer(server, &service{})
	info := server.GetServiceInfo()
	for _, row := range []struct {
		name string
		part framework.Part
		want []string
	}{
		{
			"pattern that matches nothing", use(framework.Name("a"), framework.On("sluice.testing.v1.DummyService/Exicute")),
			[]string{`link "a" (build_test.go:`, `"sluice.testing.v1.DummyService/Exicute" matches no method of the server's services`, `"?sluice`},
		},
		{"except that matches nothing", use(framework.Except("grpc.health.*")), []string{`"grpc.health.*" matches no method`}},
		{
			"stream uncovered", framework.UseServer(rawUnary, nil, framework.Name("a"), framework.On("DummyService/Execute*")),
			[]string{`link "a"`, "/sluice.testing.v1.DummyService/ExecuteServerStream (server_stream) would go uncovered"},
		},
		{
			"binder's error", framework.Use(binder(func(framework.MethodInfo) (framework.Interceptor, error) { return nil, errors.New("no rate") })),
			[]string{"Bind of /sluice.testing.v1.DummyService/Execute: no rate"},
		},
		{
			"binder's panic", framework.Use(binder(func(framework.MethodInfo) (framework.Interceptor, error) { panic("oops") })),
			[]string{"Bind of /sluice.testing.v1.DummyService/Execute panicked: oops"},
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			c, err := framework.NewServerChain(row.part)
			if err != nil {
				t.Fatal(err)
			}
			err = c.Bind(info)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range row.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in:\n%v", want, err)
				}
			}
		})
	}
}

type binder func(framework.MethodInfo) (framework.Interceptor, error)

func (binder) Intercept(ctx context.Context, c *framework.Call, next framework.Handler) error {
	return next(ctx, c)
}

func (b binder) Bind(m framework.MethodInfo) (framework.Interceptor, error) { return b(m) }

func TestShortPatternOfTwoServices(t *testing.T) {
	c, err := framework.NewServerChain(use(framework.On("Orders/Get")))
	if err != nil {
		t.Fatal(err)
	}
	get := grpc.ServiceInfo{Methods: []grpc.MethodInfo{{Name: "Get"}}}
	err = c.Bind(map[string]grpc.ServiceInfo{"a.Orders": get, "b.Orders": get})
	if err == nil || !strings.Contains(err.Error(), `could mean ["a.Orders" "b.Orders"]`) {
		t.Fatal(err)
	}
}

func namesOf(t *testing.T, parts ...framework.Part) []string {
	t.Helper()
	c, err := framework.NewServerChain(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return c.Explain("/sluice.testing.v1.DummyService/Execute").Names()
}

func TestSorting(t *testing.T) {
	n := framework.Name
	for _, row := range []struct {
		name  string
		parts []framework.Part
		want  string
	}{
		{"as given", []framework.Part{use(n("a")), use(n("b"))}, "a b"},
		{"stages", []framework.Part{
			use(n("app")), use(n("validate"), framework.At(framework.StageValidate)), use(n("observe"), framework.At(framework.StageObserve)),
			use(n("authorize"), framework.At(framework.StageAuthorize)), use(n("recover"), framework.At(framework.StageRecover)),
			use(n("translate"), framework.At(framework.StageTranslate)), use(n("authenticate"), framework.At(framework.StageAuthenticate)), use(n("admit"), framework.At(framework.StageAdmit)),
		}, "observe translate recover admit authenticate authorize validate app"},
		{"placement", []framework.Part{use(n("app")), framework.Use(at{Name: "log", Stage: framework.StageObserve})}, "log app"},
		{"option over placement", []framework.Part{use(n("app")), framework.Use(at{Name: "log", Stage: framework.StageObserve}, framework.At(framework.StageApp))}, "app log"},
		{"before", []framework.Part{use(n("a")), use(n("b")), use(n("c"), framework.Before("a"))}, "b c a"},
		{"after", []framework.Part{use(n("a"), framework.After("c")), use(n("b")), use(n("c"))}, "b c a"},
		{"may be missing", []framework.Part{use(n("a"), framework.After("?x"), framework.Before("?y"))}, "a"},
		{"options replace the placement's neighbours", []framework.Part{use(n("b")), framework.Use(at{Name: "a", Before: []string{"nobody"}}, framework.Before("b"))}, "a b"},
		{"a wish of the type's own against the stages", []framework.Part{
			use(n("log"), framework.At(framework.StageObserve)), framework.Use(at{Name: "a", Before: []string{"?log"}}),
		}, "log a"},
		{"names not given", []framework.Part{use(), use(), framework.Use(&lookout{}), framework.UseServer(rawUnary, rawStream)}, "func func#2 framework_test func#3"},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := strings.Join(namesOf(t, row.parts...), " "); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// FuzzSorting sorts random constraints: the result obeys all of them, or the chain is refused.
func FuzzSorting(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed, seed%9)
	}
	f.Fuzz(func(t *testing.T, seed, links uint64) {
		r := rand.New(rand.NewPCG(seed, links))
		n := int(links%12) + 1
		names := strings.Split("abcdefghijkl", "")[:n]
		before := map[[2]string]bool{}
		declared := make([]framework.Part, n)
		for i, name := range names {
			o := []framework.LinkOption{framework.Name(name)}
			for range r.IntN(3) {
				other := names[r.IntN(n)]
				o = append(o, framework.Before(other))
				before[[2]string{name, other}] = true
			}
			declared[i] = use(o...)
		}
		c, err := framework.NewServerChain(declared...)
		if err != nil {
			if !strings.Contains(err.Error(), "cycle") {
				t.Fatal(err)
			}
			return
		}
		sorted := c.Explain("/sluice.testing.v1.DummyService/Execute").Names()
		for edge := range before {
			if slices.Index(sorted, edge[0]) >= slices.Index(sorted, edge[1]) {
				t.Fatalf("%q is not before %q in %q", edge[0], edge[1], sorted)
			}
		}
	})
}

func TestExplain(t *testing.T) {
	c, err := framework.NewServerChain(
		framework.Target("public"),
		use(framework.Name("audit"), framework.On("DummyService/ExecuteServerStream")),
		framework.DeclaredAt("app.go:7", framework.UseServer(rawUnary, nil, framework.UnaryOnly(), framework.Name("auth"), framework.At(framework.StageAuthenticate))),
		framework.DeclaredAt("app.go:8", framework.Use(at{Name: "log", Stage: framework.StageObserve})),
	)
	if err != nil {
		t.Fatal(err)
	}
	e := c.Explain("/sluice.testing.v1.DummyService/ExecuteServerStream")
	if got := strings.Join(e.Names(), " "); got != "log audit" || e.Kind != framework.ServerStream || !e.Known || e.Target != "public" {
		t.Fatalf("got %+v", e)
	}
	text := e.String()
	for _, want := range []string{`(server_stream, server "public")`, "1  log    observe       framework_test.at", "app.go:8", "-  auth", "(it is for unary RPCs only)"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is missing in:\n%s", want, text)
		}
	}
	if got := c.Explain("/sluice.testing.v1.DummyService/Execute"); got.Absent[0].Why != "its patterns do not match" {
		t.Errorf("got %+v", got)
	}
	if got := c.Explain("nonsense"); got.Error == "" {
		t.Errorf("got %+v", got)
	}
	if got := c.Explain("/x.Y/Z"); got.Known {
		t.Errorf("got %+v", got)
	}
	if text := c.String(); !strings.Contains(text, `server "public" chain of 3 links`) || !strings.Contains(text, "on DummyService/ExecuteServerStream") {
		t.Errorf("got:\n%s", text)
	}
}
