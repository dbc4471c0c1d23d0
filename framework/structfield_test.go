package framework_test

import (
	"context"
	"strings"
	"testing"

	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/framework"
)

// Functions that are interceptors without saying so, under names of their own.
type (
	myFunc   func(ctx context.Context, call *framework.Call, next framework.Handler) error
	myUnary  func(ctx context.Context, req any, info *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error)
	myStream func(srv any, ss grpc.ServerStream, info *grpc.StreamServerInfo, handler grpc.StreamHandler) error
)

func (t *trail) unary(name string) grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, handler grpc.UnaryHandler) (any, error) {
		t.add(name)
		return handler(ctx, req)
	}
}

func (t *trail) stream(name string) grpc.StreamServerInterceptor {
	return func(srv any, ss grpc.ServerStream, _ *grpc.StreamServerInfo, handler grpc.StreamHandler) error {
		t.add(name)
		return handler(srv, ss)
	}
}

func (t *trail) clientUnary(name string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoker grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		t.add(name)
		return invoker(ctx, method, req, reply, cc, opts...)
	}
}

func (t *trail) clientStream(name string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, cc *grpc.ClientConn, method string, streamer grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		t.add(name)
		return streamer(ctx, desc, cc, method, opts...)
	}
}

// A valued interceptor is one as a value, not as a pointer.
type valued struct{ framework.Interceptor }

// An inOrder is a slice of interceptors that is one itself: the first of them.
type inOrder []framework.Interceptor

func (all inOrder) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return all[0].Intercept(ctx, call, next)
}

// Common is a struct of links that others embed.
type Common struct {
	Log  *Step `grpc:"log"`
	Last *Step `grpc:"last"`
}

// nested are the fields of a struct inside.
func (t *trail) nested(texts ...string) []field {
	fields := make([]field, len(texts))
	for i, text := range texts {
		fields[i] = t.field(text)
	}
	return fields
}

// TestFieldTypes has a field of each type that a link can be.
func TestFieldTypes(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		name   string
		fields func(*trail) []field
		want   []string
	}{
		{"a pointer", func(tr *trail) []field { return []field{tagged("A", "a", tr.step("a"))} }, []string{"a"}},
		{"a value", func(tr *trail) []field { return []field{tagged("A", "a", valued{tr.step("a")})} }, []string{"a"}},
		{"an interface", func(tr *trail) []field {
			return []field{tagged("A", "a", as[framework.Interceptor](tr.step("a")))}
		}, []string{"a"}},
		{"a wider interface", func(tr *trail) []field {
			return []field{tagged("A", "a", as[interface {
				framework.Interceptor
				framework.Placed
			}](tr.step("a")))}
		}, []string{"a"}},
		{"functions", func(tr *trail) []field {
			plain := func(ctx context.Context, call *framework.Call, next framework.Handler) error {
				tr.add("x")
				return next(ctx, call)
			}
			return []field{
				tagged("A", "x", framework.InterceptorFunc(plain)),
				tagged("B", "x2", func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					tr.add("x2")
					return next(ctx, call)
				}),
				tagged("C", "x3", myFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
					tr.add("x3")
					return next(ctx, call)
				})),
			}
		}, []string{"x x2 x3"}},
		{"halves of grpc's own", func(tr *trail) []field {
			return []field{
				tagged("U", "u,unary", tr.unary("u")),
				tagged("S", "s,on=DummyService/ExecuteClient* DummyService/ExecuteServerStream", tr.stream("s")),
			}
		}, []string{"u", "s", "s", "s"}},
		{"pairs of grpc's own", func(tr *trail) []field {
			return []field{
				tagged("U", "p,stage=admit", tr.unary("p")), tagged("S", "p", tr.stream("p")),
				tr.field("between"),
				tagged("S2", "q", myStream(tr.stream("q"))), tagged("U2", "q", myUnary(tr.unary("q"))),
				tagged("U3", "r,except=DummyService/ExecuteServerStream", tr.unary("r")),
				tagged("S3", "r", (func(any, grpc.ServerStream, *grpc.StreamServerInfo, grpc.StreamHandler) error)(tr.stream("r"))),
			}
		}, []string{"p between q r", "p between q r", "p between q", "p between q r"}},
		{"a slice", func(tr *trail) []field {
			return []field{
				tr.field("a"),
				tagged("Some", "some", []framework.Interceptor{
					tr.placed("some.z", framework.Placement{Name: "z"}), tr.step("some.framework_test"), tr.step("some.framework_test#2"),
				}),
				tagged("Steps", "steps,unary", []*Step{tr.placed("steps.y", framework.Placement{Name: "y"})}),
				tagged("Funcs", "funcs,on=?acme.shop.v1.Orders/*", []framework.InterceptorFunc{passThrough}),
				tagged("None", "?none", []framework.Interceptor(nil)),
				{"Neither", `grpc:"neither" optional:"true"`, []framework.Interceptor{}},
			}
		}, []string{
			"a some.z some.framework_test some.framework_test#2 steps.y",
			"a some.z some.framework_test some.framework_test#2",
			"a some.z some.framework_test some.framework_test#2",
			"a some.z some.framework_test some.framework_test#2",
		}},
		{"a slice that is an interceptor itself", func(tr *trail) []field {
			return []field{tagged("Both", "both", inOrder{tr.step("both")})}
		}, []string{"both"}},
		{"a group, which has no order", func(tr *trail) []field {
			return []field{
				{"Group", `grpc:"g" group:"links"`, []framework.Interceptor{
					tr.placed("g.z", framework.Placement{Name: "z"}),
					tr.placed("g.b", framework.Placement{Name: "b"}),
					tr.placed("g.m", framework.Placement{Name: "m", Stage: framework.StageAdmit}),
					tr.step("g.framework_test"),
				}},
			}
		}, []string{"g.m g.b g.framework_test g.z"}},
		{"structs inside", func(tr *trail) []field {
			return []field{
				tr.field("a"),
				tagged("Value", "value", structOf("", tr.nested("b", "c")...)),
				tagged("Pointer", "pointer", pointerTo(tr.nested("d", "e")...)),
				{"Missing", `grpc:"missing" optional:"true"`, (*Common)(nil)},
				tr.field("f"),
			}
		}, []string{"a b c d e f"}},
		{"options of a struct inside are for all of it", func(tr *trail) []field {
			return []field{
				tagged("Admit", "admit,stage=admit,except=DummyService/ExecuteClientStream", structOf("", tr.nested("a", "b,unary", "c,stage=validate")...)),
				tagged("On", "on,on=DummyService/ExecuteClient*", structOf("", append(tr.nested("d"),
					tagged("Deep", "deep,on=*", structOf("", tr.nested("e,on=DummyService/ExecuteClientStream")...)))...)),
				tagged("Night", "night,when=night", structOf("", tr.nested("f")...)),
				tagged("Twice", "twice,when=day", structOf("", tr.nested("g,when=night", "h,when=day")...)),
			}
		}, []string{"a b c h", "d e h", "a c h", "a c d h"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			tr := &trail{}
			tr.expect(t, []framework.Part{server(row.fields(tr)...), framework.When("night", false), framework.When("day", true)}, row.want...)
		})
	}
}

// TestStagesInGroup has the elements of a group that say no stage stand in that of the field above, whatever others say.
func TestStagesInGroup(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	group := field{"Group", `grpc:"g" group:"links"`, []framework.Interceptor{
		tr.placed("g.late", framework.Placement{Name: "late", Stage: framework.StageValidate}), tr.placed("g.a", framework.Placement{Name: "a"}),
		tr.placed("g.early", framework.Placement{Name: "early", Stage: framework.StageAuthenticate}),
	}}
	for above, want := range map[string]string{
		"x,stage=admit": "x:admit g.a:admit g.early:authenticate g.late:validate",
		"?x":            "g.early:authenticate g.late:validate g.a:app",
	} {
		first := tr.field(above)
		if above == "?x" {
			first = tagged("X", above, []*Step{})
		}
		chain, err := framework.NewServerChain(server(first, group))
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, l := range chain.Explain(dummyMethods[0]).Links {
			got = append(got, l.Name+":"+string(l.Stage))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestEmbeddedStruct has links that an embedded struct holds, or a pointer to one.
func TestEmbeddedStruct(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	common := Common{Log: tr.step("log"), Last: tr.step("last")}
	tr.expect(t, []framework.Part{framework.Struct(struct {
		_      struct{} `grpc:"chain=server"`
		A      *Step    `grpc:"a"`
		Common `grpc:"common,unary"`
	}{A: tr.step("a"), Common: common})}, "a log last", "a", "a", "a")
	tr.expect(t, []framework.Part{framework.Struct(struct {
		_       struct{} `grpc:"chain=server"`
		*Common `grpc:"common"`
		A       *Step `grpc:"a"`
	}{A: tr.step("a"), Common: &common})}, "log last a")
}

// TestClientPairs has pairs of grpc's own client interceptors in fields.
func TestClientPairs(t *testing.T) {
	t.Parallel()
	tr := &trail{}
	tr.expectOnClient(t, []framework.Part{framework.Struct(structOf("chain=client",
		tagged("U", "p", tr.clientUnary("p")), tagged("S", "p", tr.clientStream("p")),
		tagged("U2", "q,unary", tr.clientUnary("q")), tagged("S2", "r,on=DummyService/ExecuteServerStream", tr.clientStream("r")),
	))}, "p q", "p", "p r", "p")
}

// TestHalvesUnderConditions has two links of one name, one for the night and one for the day, be two.
func TestHalvesUnderConditions(t *testing.T) {
	t.Parallel()
	for night, want := range map[bool]string{true: "night", false: "day"} {
		tr := &trail{}
		chain, err := framework.NewServerChain(framework.When("night", night), framework.When("day", !night), server(
			tagged("Night", "limit,unary,when=night", tr.unary("night")), tagged("Day", "limit,unary,when=day", tr.unary("day")),
		))
		if err != nil {
			t.Fatal(err)
		}
		info := &grpc.UnaryServerInfo{FullMethod: dummyMethods[0]}
		if _, err := chain.Unary()(t.Context(), benchRequest, info, benchHandler); err != nil {
			t.Fatal(err)
		}
		if got := tr.taken(); got != want {
			t.Errorf("night %t: got %q", night, got)
		}
	}
}

// TestPairsAreFromOneStruct has halves of one name in two structs inside be two links, since each has options of its own.
func TestPairsAreFromOneStruct(t *testing.T) {
	t.Parallel()
	_, err := framework.NewServerChain(server(
		tagged("A", "a,unary", structOf("", tagged("U", "p", rawUnary))),
		tagged("B", "b,on=DummyService/ExecuteServerStream", structOf("", tagged("S", "p", rawStream))),
	))
	if err == nil || !strings.Contains(err.Error(), "the name is taken") {
		t.Error(err)
	}
}

// TestTypesOfFields has Explain show what a field holds.
func TestTypesOfFields(t *testing.T) {
	t.Parallel()
	chain, err := framework.NewServerChain(server(
		tagged("A", "a", as[framework.Interceptor](&Auth{})),
		tagged("B", "b", pass),
		tagged("C", "c", rawUnary), tagged("D", "c", rawStream),
		tagged("E", "e", []framework.Interceptor{&Cache{}}),
	))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"*framework_test.Auth", "framework.InterceptorFunc", "grpc server interceptors", "*framework_test.Cache"}
	for i, l := range chain.Explain(dummyMethods[0]).Links {
		if l.Type != want[i] || !strings.HasPrefix(l.Place, "struct.") {
			t.Errorf("got %+v", l)
		}
	}
}
