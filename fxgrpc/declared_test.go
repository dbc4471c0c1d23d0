package fxgrpc_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/health"
	healthpb "google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
	"github.com/sluice-go/sluice/modules/recovery"
)

// chain is a chain struct that fx fills.
type chain struct {
	fx.In    `grpc:"chain=server"`
	Recovery *recovery.Interceptor `grpc:"recovery"`
	Audit    *audit                `grpc:"audit,on=DummyService/Execute"`
	Guard    *guard                `grpc:"guard,when=guarded" optional:"true"`
}

// plainChain is one that a constructor of the app fills.
type plainChain struct {
	_     struct{} `grpc:"chain=server,servers=default"`
	Audit *audit   `grpc:"plain"`
}

func newPlainChain(j *journal) plainChain { return plainChain{Audit: &audit{j, "plain"}} }

// calls is a chain of clients.
type calls struct {
	fx.In `grpc:"chain=client,clients=a"`
	Audit *audit `grpc:"audit"`
}

// collected is a chain with what fx calls by name and by group.
type collected struct {
	fx.In   `grpc:"chain=server"`
	Special *audit                  `grpc:"special,stage=admit" name:"special"`
	Plugins []framework.Interceptor `grpc:"plugins,on=DummyService/Execute" group:"plugins"`
}

// plugin is one of a group, which has no order but by names.
type plugin struct {
	framework.Interceptor
	name string
}

func (p plugin) Placement() framework.Placement { return framework.Placement{Name: p.name} }

func plugins(names ...string) fx.Option {
	var all []any
	for _, name := range names {
		all = append(all, fx.Annotated{Group: "plugins", Target: func() framework.Interceptor { return &plugin{passing, name} }})
	}
	return fx.Provide(all...)
}

func newJournal() *journal { return &journal{} }

func newRecovery() (*recovery.Interceptor, error) { return recovery.New(recovery.Options{}) }

// limit is the key of quota.
var limit = framework.NewKey("limit", func(text string) (string, error) {
	if text == "" {
		return "", errors.New("write limit=some")
	}
	return text, nil
})

// quota notes the limit of a method.
type quota struct{ journal *journal }

func newQuota(j *journal) *quota { return &quota{j} }

func (q *quota) Placement() framework.Placement {
	return framework.Placement{Name: "quota", Stage: framework.StageAdmit, Keys: []framework.AnyKey{limit}}
}

func (q *quota) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	text, ok := limit.Of(m)
	if !ok {
		return nil, nil
	}
	return &audit{q.journal, "limit " + text}, nil
}

func (q *quota) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return next(ctx, call)
}

// limits is a policy without values.
type limits struct {
	_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
	All framework.Rule `grpc:"*,limit=some"`
	One framework.Rule `grpc:"Execute,limit=few"`
}

// checks is a policy with a check, from the graph.
type checks struct {
	fx.In `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
	All   framework.Rule                                     `grpc:"*,limit=some"`
	Check func(context.Context, *dummypb.DummyRequest) error `grpc:"Execute"`
}

func newCheck() func(context.Context, *dummypb.DummyRequest) error {
	return func(_ context.Context, r *dummypb.DummyRequest) error {
		if r.GetInput() == "bad" {
			return status.Error(codes.InvalidArgument, "bad it is")
		}
		return nil
	}
}

// plainChecks is one that the app makes.
type plainChecks struct {
	_     struct{}                                           `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
	Check func(context.Context, *dummypb.DummyRequest) error `grpc:"Execute"`
}

var journaled = fx.Provide(newJournal)

func TestInterceptors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		opts fx.Option
		want []string
	}{
		{"filled by fx", fx.Options(fxgrpc.Interceptors[chain](), fx.Provide(newAudit, newRecovery), fxgrpc.Parts(framework.When("guarded", false))), []string{"recovery", "audit"}},
		{"optional and there", fx.Options(fxgrpc.Interceptors[chain](), fx.Provide(newAudit, newRecovery, newGuard), fx.Supply(Options{}),
			fxgrpc.PartsFrom(func(j *journal) framework.Part { return framework.When("guarded", j != nil) })), []string{"recovery", "audit", "guard"}},
		{"filled by the app", fx.Options(fxgrpc.Interceptors[plainChain](), fx.Provide(newPlainChain)), []string{"plain"}},
		{"for servers by name", fx.Options(fxgrpc.Interceptors[chain](fxgrpc.OnServers("default")), fx.Provide(newAudit, newRecovery),
			fxgrpc.PartsFrom(func() []framework.Part { return []framework.Part{framework.When("guarded", false)} }, fxgrpc.OnServers("default"))), []string{"recovery", "audit"}},
		{"provided and held is one", fx.Options(fxgrpc.Interceptors[chain](), fxgrpc.Provide(newAudit), fx.Provide(newRecovery),
			fxgrpc.Parts(framework.When("guarded", false))), []string{"recovery", "audit"}},
		{"defaults yield to a field", fx.Options(fxgrpc.Interceptors[chain](), fxgrpc.Defaults(fxgrpc.Without("health")), fx.Provide(newAudit, newRecovery),
			fxgrpc.Parts(framework.When("guarded", false))), []string{"requestid", "logging", "translate", "recovery", "audit"}},
		{"by name and by group", fx.Options(fxgrpc.Interceptors[collected](), fx.Provide(fx.Annotated{Name: "special", Target: newAudit}),
			plugins("c", "a", "b")), []string{"special", "plugins.a", "plugins.b", "plugins.c"}},
		{"two structs", fx.Options(fxgrpc.Interceptors[chain](), fxgrpc.Interceptors[plainChain](), fx.Provide(newAudit, newRecovery, newPlainChain),
			fxgrpc.Parts(framework.When("guarded", false))), []string{"recovery", "audit", "plain"}},
		{"a policy", fx.Options(fxgrpc.Policy[limits](), fxgrpc.Provide(newQuota)), []string{"quota"}},
		{"a policy with a check", fx.Options(fxgrpc.Policy[checks](), fx.Provide(newCheck), fxgrpc.Provide(newQuota)), []string{"quota", "checks.Check"}},
		{"a policy that the app makes", fx.Options(fxgrpc.Policy[plainChecks](), fx.Provide(func() plainChecks { return plainChecks{Check: newCheck()} })), []string{"plainChecks.Check"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fxgrpctest.Validate(t, quiet, journaled, served(tt.opts))
			app := fxgrpctest.New(t, quiet, journaled, served(tt.opts))
			fxgrpctest.AssertChain(t, app, execute, tt.want...)
			_, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).Execute(t.Context(), &dummypb.DummyRequest{Input: "bad"})
			if want := slices.ContainsFunc(tt.want, func(l string) bool { return strings.HasSuffix(l, "Check") }); (status.Code(err) == codes.InvalidArgument) != want {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestDecorated reaches what a struct holds from the app's root.
func TestDecorated(t *testing.T) {
	t.Parallel()
	var j *journal
	app := fxgrpctest.New(t, quiet, journaled, fx.Populate(&j), served(
		fx.Module("feature", fxgrpc.Interceptors[chain](), fx.Provide(newAudit, newRecovery), fxgrpc.Parts(framework.When("guarded", false)))),
		fx.Decorate(func(a *audit) *audit { return &audit{a.journal, "decorated"} }))
	if _, err := dummypb.NewDummyServiceClient(app.Conn(t, "default")).Execute(t.Context(), &dummypb.DummyRequest{}); err != nil {
		t.Fatal(err)
	}
	if got := j.take(); !slices.Equal(got, []string{"decorated"}) {
		t.Errorf("noted %q", got)
	}
}

// TestClientStruct has a chain struct for one client of two.
func TestClientStruct(t *testing.T) {
	t.Parallel()
	p := plan(t, journaled, fxgrpc.Module, fxgrpc.Interceptors[calls](), fx.Provide(newAudit),
		fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1"), fxgrpc.NamedOnly()),
		fxgrpc.Client("b", dummypb.NewDummyServiceClient, fxgrpc.Address("b:1"), fxgrpc.NamedOnly()))
	if a, b := p.ClientChain("a").Explain(execute).Names(), p.ClientChain("b").Explain(execute).Names(); !slices.Equal(a, []string{"audit"}) || len(b) > 0 {
		t.Errorf("a has %q, b has %q", a, b)
	}
}

// TestSelfRegistered judges patterns of services that the app registers itself when it starts.
func TestSelfRegistered(t *testing.T) {
	t.Parallel()
	health := fx.Invoke(func(s *grpc.Server) { healthpb.RegisterHealthServer(s, health.NewServer()) })
	link := fxgrpc.Use(passing, framework.Name("link"), framework.On("grpc.health.v1.Health/*"))
	fxgrpctest.Validate(t, quiet, served(link), health)
	app := fxgrpctest.New(t, quiet, served(link), health)
	fxgrpctest.AssertChain(t, app, check, "link")
	bad := fx.New(quiet, served(link), fx.Invoke(func(*grpc.Server) {}))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := bad.Start(ctx); err == nil || !strings.Contains(err.Error(), `pattern "grpc.health.v1.Health/*" matches no method`) {
		t.Errorf("got %v", err)
	}
}

// TestPatternOnOneOfTwo has a link for two servers of which one has the service.
func TestPatternOnOneOfTwo(t *testing.T) {
	t.Parallel()
	two := fx.Options(fxgrpc.Module, fxgrpc.Server(fxgrpc.Named("a"), fxgrpc.Insecure()), fxgrpc.Server(fxgrpc.Named("b"), fxgrpc.Insecure()),
		dummies(fxgrpc.OnServers("a")), fxgrpc.Defaults(), fxgrpc.Policy[limits](), fxgrpc.Provide(newQuota), journaled)
	fxgrpctest.Validate(t, quiet, two, fxgrpc.Use(passing, framework.On("DummyService/*")))
	err := build(two, fxgrpc.Use(passing, framework.On("DummyService/Exicute")))
	if err == nil || strings.Count(err.Error(), "matches no method") != 1 {
		t.Errorf("got %v", err)
	}
}

func TestDeclaredMistakes(t *testing.T) {
	t.Parallel()
	type misspelt struct {
		fx.In `grpc:"chain=server"`
		Audit *audit `grpc:"audit,stge=app"`
	}
	type lineless struct {
		fx.In
		Audit *audit `grpc:"audit"`
	}
	type policed struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,defalt=allow"`
		All framework.Rule `grpc:"*,limit=some"`
	}
	type missing struct {
		_     struct{} `grpc:"chain=server"`
		Audit *audit   `grpc:"audit"`
	}
	type elsewhere struct {
		_     struct{} `grpc:"chain=server,servers=public"`
		Audit *audit   `grpc:"audit"`
	}
	type unread struct {
		_   struct{}       `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		All framework.Rule `grpc:"*,limits=some"`
	}
	type nilCheck struct {
		_     struct{}                                           `grpc:"service=sluice.testing.v1.DummyService,default=allow"`
		Check func(context.Context, *dummypb.DummyRequest) error `grpc:"Execute"`
	}
	const here = "declared_test.go:"
	off := fxgrpc.Parts(framework.When("guarded", false))
	for _, tt := range []struct {
		name  string
		opts  fx.Option
		early bool // fx.ValidateApp finds it
		want  []string
	}{
		{"an unknown option", fxgrpc.Interceptors[misspelt](), true, []string{
			"1 problem in fxgrpc_test.misspelt (" + here, `Audit: unknown option "stge" (did you mean "stage"?)`, "\n                ^",
		}},
		{"no line", fxgrpc.Interceptors[lineless](), true, []string{"fxgrpc_test.lineless", here, "fx.In"}},
		{"an unknown option of a policy", fxgrpc.Policy[policed](), true, []string{"fxgrpc_test.policed", here, `unknown option "defalt" (did you mean "default"?)`}},
		{"a policy as interceptors", fxgrpc.Interceptors[limits](), true, []string{here, "Interceptors[fxgrpc_test.limits]", "the struct's line says service"}},
		{"interceptors as a policy", fxgrpc.Policy[plainChain](), true, []string{here, "Policy[fxgrpc_test.plainChain]", "the struct's line says chain"}},
		{"no struct", fxgrpc.Interceptors[*chain](), true, []string{here, "*fxgrpc_test.chain is no struct; name the struct type itself"}},
		{"no policy struct", fxgrpc.Policy[int](), true, []string{here, "int is no struct"}},
		{"twice", fx.Options(fxgrpc.Interceptors[plainChain](), fxgrpc.Interceptors[plainChain](), fx.Provide(newPlainChain)), true, []string{here, "one fxgrpc.Interceptors[fxgrpc_test.plainChain]"}},
		{"targets said twice", fxgrpc.Interceptors[plainChain](fxgrpc.OnServers("default")), true, []string{here, "targets are given, and the struct's line says servers=default; leave one out"}},
		{"the other side", fxgrpc.Interceptors[chain](fxgrpc.OnClients()), true, []string{here, "chain=server, and a target is for clients"}},
		{"a nil target", fxgrpc.Policy[limits](nil), true, []string{here, "target 1 is nil"}},
		{"nobody provides it", fxgrpc.Interceptors[missing](), false, []string{here, "nothing in the graph is a fxgrpc_test.missing; embed fx.In in it to have its fields filled, or provide one"}},
		{"a field that nobody provides", fx.Options(fxgrpc.Interceptors[chain](), fx.Provide(newAudit), off), true, []string{"missing type: *recovery.Interceptor"}},
		{"a field that is nil", fx.Options(fxgrpc.Interceptors[missing](), fx.Supply(missing{})), false, []string{here, "Audit: the field is nil"}},
		{"an optional field whose constructor can not run", fx.Options(fxgrpc.Interceptors[chain](), fx.Provide(newAudit, newRecovery),
			fx.Provide(func(int) *guard { return nil }), off), false, []string{here, "Guard is optional and nil since its constructor can not run"}},
		{"a group that nobody fills", fx.Options(fxgrpc.Interceptors[collected](), fx.Provide(fx.Annotated{Name: "special", Target: newAudit})), false, []string{
			here, `Plugins: the slice is empty; write "?plugins" where it may be`,
		}},
		{"an unknown server", fx.Options(fxgrpc.Interceptors[elsewhere](), fx.Supply(elsewhere{Audit: &audit{}})), false, []string{here, `the app has no server "public"`}},
		{"an unknown condition", fx.Options(fxgrpc.Interceptors[chain](), fx.Provide(newAudit, newRecovery)), false, []string{here, `Guard: unknown condition "guarded"`}},
		{"provided with options and held", fx.Options(fxgrpc.Interceptors[chain](), fxgrpc.Provide(newAudit, framework.Except("*")), fx.Provide(newRecovery), off), false, []string{
			here, "fxgrpc_test.chain.Audit holds the interceptor and places it; say in its tag what the options say",
		}},
		{"a key that nobody reads", fx.Options(fxgrpc.Policy[unread](), fxgrpc.Provide(newQuota)), false, []string{here, `All: no link on /sluice.testing.v1.DummyService/Execute reads "limits" (did you mean "limit"?)`}},
		{"a check that is nil", fx.Options(fxgrpc.Policy[nilCheck](), fx.Supply(nilCheck{})), false, []string{here, "Check: the check is nil"}},
		{"PartsFrom: another type", fxgrpc.PartsFrom(newAudit), true, []string{here, "let it give a framework.Part or []framework.Part"}},
		{"PartsFrom: nil", fxgrpc.PartsFrom(func() framework.Part { return nil }), false, []string{here, "part 1 is nil"}},
		{"PartsFrom: a nil target", fxgrpc.PartsFrom(func() framework.Part { return nil }, nil), true, []string{here, "target 1 is nil"}},
		{"PartsFrom: a bad name", fxgrpc.PartsFrom(func() framework.Part { return nil }, fxgrpc.OnServers("a b")), true, []string{here, `name "a b"`}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			opts := fx.Options(quiet, journaled, served(tt.opts))
			early := fx.ValidateApp(opts)
			if (early != nil) != tt.early {
				t.Errorf("fx.ValidateApp: %v", early)
			}
			err := fx.New(opts).Err()
			if err == nil {
				t.Fatal("the app was built")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%v", want, err)
				}
			}
		})
	}
}

// TestPartsOfOnePlace has declarations of one file name and line: of a helper, a loop, or files of one name.
func TestPartsOfOnePlace(t *testing.T) {
	t.Parallel()
	var same []fx.Option
	for _, name := range []string{"a", "b", "c"} {
		same = append(same, fxgrpc.Parts(framework.When(name, true)), fxgrpc.PartsFrom(func() framework.Part { return framework.When(name+name, true) }))
	}
	fxgrpctest.Validate(t, quiet, journaled, served(same...))
	err := build(journaled, served(fxgrpc.Parts(framework.When("a", true)), fxgrpc.Parts(framework.When("a", false))))
	if err == nil || !strings.Contains(err.Error(), `condition "a" is`) {
		t.Errorf("got %v", err)
	}
}

// TestAimedAtNothing refuses what is for clients alone in an app without one.
func TestAimedAtNothing(t *testing.T) {
	t.Parallel()
	type everyClient struct {
		fx.In `grpc:"chain=client"`
		Audit *audit `grpc:"audit"`
	}
	err := build(journaled, served(fxgrpc.Interceptors[everyClient](), fx.Provide(newAudit)))
	if err == nil || !strings.Contains(err.Error(), "it is for clients, and the app has none; add an fxgrpc.Client") {
		t.Errorf("got %v", err)
	}
}
