package fxgrpc_test

import (
	"context"
	"crypto/tls"
	"strings"
	"testing"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

// here is a place in this file, as errors show it.
const here = "mistakes_test.go:"

// TestMistakes has one mistake a row, or several, and what the app says that is built with it: culprit, place and cure.
func TestMistakes(t *testing.T) {
	t.Parallel()
	insecure := fxgrpc.Insecure()
	client := func(name string, o ...fxgrpc.ClientOption) fx.Option {
		return fxgrpc.Client(name, dummypb.NewDummyServiceClient, append(o, fxgrpc.Address("passthrough:///x"))...)
	}
	var noAudit *audit
	for _, tt := range []struct {
		name string
		opts fx.Option
		want []string
	}{
		{"Provide: nil", fxgrpc.Provide(nil), []string{"Provide(<nil>)", here, "a constructor is wanted"}},
		{"Provide: no function", fxgrpc.Provide(42), []string{"Provide(int)", here, "int is none"}},
		{"Provide: an interceptor", fxgrpc.Provide(&audit{}), []string{"Provide(*fxgrpc_test.audit)", here, "is for fxgrpc.Use"}},
		{"Provide: a function that is an interceptor", fxgrpc.Provide(pass), []string{
			"fxgrpc_test.pass", here, "has no result but an error", "fxgrpc.Use(framework.InterceptorFunc(f))",
		}},
		{"Provide: no result", fxgrpc.Provide(func() {}), []string{"TestMistakes", here, "has no result; a constructor is a func(…) T or func(…) (T, error)"}},
		{"Provide: only an error", fxgrpc.Provide(func() error { return nil }), []string{here, "has no result but an error"}},
		{"Provide: two results", fxgrpc.Provide(func() (*audit, int) { return nil, 0 }), []string{here, "has further results"}},
		{"Provide: three results", fxgrpc.Provide(func() (*audit, int, error) { return nil, 0, nil }), []string{here, "has further results"}},
		{"Provide: an fx.Out", fxgrpc.Provide(func() struct{ fx.Out } { panic("") }), []string{here, "has an fx.Out"}},
		{"Provide: variadic", fxgrpc.Provide(func(...string) *audit { return nil }), []string{here, "is variadic"}},
		{"Provide: no interceptor", fxgrpc.Provide(newDummy), []string{
			"fxgrpc_test.newDummy", here, "gives *frameworktest.DummyService, which is no framework.Interceptor", "fxgrpc.Parts(framework.UseServer(…))",
		}},
		{"Provide: no pointer", fxgrpc.Provide(func() audit { return audit{} }), []string{here, "only a pointer to it is a framework.Interceptor; let it return *fxgrpc_test.audit"}},
		{"Provide: a nil option", fxgrpc.Provide(newAudit, nil), []string{"Provide(fxgrpc_test.newAudit)", here, "option 1 is nil"}},
		{"Provide: nil made", fx.Options(fxgrpc.Provide(func() *audit { return nil }), served()), []string{here, "the interceptor is nil"}},
		{"Provide: twice", fx.Options(fxgrpc.Provide(newAudit), fxgrpc.Provide(newAudit)), []string{
			here, "one constructor of *github.com/sluice-go/sluice/fxgrpc_test.audit; others say fxgrpc.As", "already provided",
		}},
		{"Provide: twice as one", fx.Options(fxgrpc.Provide(newAudit, fxgrpc.As("x")), fxgrpc.Provide(newAudit, fxgrpc.As("x"))), []string{
			here, "one constructor of *github.com/sluice-go/sluice/fxgrpc_test.audit as x; others say another fxgrpc.As",
		}},
		{"Provide: a bad instance", fxgrpc.Provide(newAudit, fxgrpc.As("a,b")), []string{here, `As: name "a,b": letters, digits and ._- are allowed`}},
		{"Provide: a bad target", fxgrpc.Provide(newAudit, fxgrpc.OnServers("")), []string{here, "a name is empty"}},
		{"Provide: several", fxgrpc.Provide(newDummy, nil, fxgrpc.OnClients("a b")), []string{"which is no framework.Interceptor", "option 1 is nil", `name "a b"`}},
		{"With: no parameter", fxgrpc.Provide(newAudit, fxgrpc.With(42)), []string{here, "With: fxgrpc_test.newAudit has no parameter of type int; it has [*fxgrpc_test.journal]"}},
		{"With: two of a type", fxgrpc.Provide(newGuard, fxgrpc.With(Options{}, Options{})), []string{here, "With: two values are for fxgrpc_test.Options"}},
		{"With: nil", fxgrpc.Provide(newAudit, fxgrpc.With(nil)), []string{here, "With: a value is nil"}},
		{"With: for Use", fxgrpc.Use(passing, fxgrpc.With(1)), []string{here, "With gives values to a constructor, and Use has none"}},
		{"Use: nil", fxgrpc.Use(nil), []string{"Use(<nil>)", here, "the interceptor is nil"}},
		{"Use: a nil pointer", fxgrpc.Use(noAudit), []string{"Use(*fxgrpc_test.audit)", here, "the interceptor is nil"}},
		{"Use: a bad pattern", fx.Options(fxgrpc.Use(passing, framework.On("*/x")), served()), []string{here, "On:"}},
		{"Use: a pattern that matches nothing", fx.Options(fxgrpc.Use(passing, framework.On("sluice.testing.v1.DummyServise/*")), served()), []string{
			here, `server "default"`, `did you mean "sluice.testing.v1.DummyService"?`,
		}},
		{"Parts: nil", fxgrpc.Parts(nil), []string{"Parts", here, "part 1 is nil"}},
		{"Parts: a target inside of a part", fx.Options(served(), fxgrpc.Parts(framework.Use(passing, fxgrpc.OnServers("default")))), []string{here, "in fxgrpc.Parts it stands beside its parts"}},
		{"Parts: for another side", fx.Options(served(), fxgrpc.Parts(framework.UseClient(nil, nil))), []string{here, "it serves on a client"}},
		{"Parts: a bad target", fxgrpc.Parts(fxgrpc.OnServers("")), []string{here, "a name is empty"}},
		{"a link for an unknown server", fx.Options(served(), fxgrpc.Use(passing, fxgrpc.OnServers("defualt"))), []string{
			"Use(fxgrpc_test.pass)", here, `the app has no server "defualt"; did you mean "default"?`,
		}},
		{"a link for an unknown client", fx.Options(served(), client("orders"), fxgrpc.Use(passing, fxgrpc.OnClients("order"))), []string{
			here, `the app has no client "order"; did you mean "orders"?`,
		}},
		{"a link for no server", fx.Options(fxgrpc.Module, client("orders"), fxgrpc.Use(passing)), []string{here, "it is for servers, and the app has none; say fxgrpc.OnClients"}},
		{"a service for an unknown server", fx.Options(fxgrpc.Module, fxgrpc.Server(insecure, fxgrpc.Named("public")), dummies(fxgrpc.OnServers("pubic"))), []string{
			"Service(dummypb.RegisterDummyServiceServer)", "main_test.go:", `the app has no server "pubic"; did you mean "public"?`,
		}},
		{"a service without a server", fx.Options(fxgrpc.Module, dummies()), []string{"Service(dummypb.RegisterDummyServiceServer)", "the app has no server; add fxgrpc.Server"}},
		{"several at once", fx.Options(served(), fxgrpc.Use(passing, fxgrpc.OnServers("x")), fxgrpc.Use(passing, fxgrpc.OnClients("y")), fxgrpc.Use(passing, framework.At("z"))), []string{
			`no server "x"`, `no client "y"`, `unknown stage "z"`,
		}},
		{"Service: no function", fxgrpc.Service[dummypb.DummyServiceServer](nil), []string{"Service", here, "the function to register dummypb.DummyServiceServer is nil"}},
		{"Service: no interface", fxgrpc.Service(func(grpc.ServiceRegistrar, *frameworktest.DummyService) {}), []string{here, "*frameworktest.DummyService is no interface"}},
		{"Service: a nil option", fxgrpc.Service(dummypb.RegisterDummyServiceServer, nil), []string{here, "option 1 is nil"}},
		{"Service: on clients", fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.OnClients()), []string{here, "a service is on servers"}},
		{"Service: a bad instance", fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.As("")), []string{here, "As: a name is empty"}},
		{"Service: twice", fx.Options(served(), fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newOther))), []string{
			here, `server "default" has sluice.testing.v1.DummyService already, from the one at main_test.go:`, "fxgrpc.OnServers",
		}},
		{"Service: its implementation is of its own type", fx.Options(
			fxgrpc.Module, fxgrpc.Server(insecure), fx.Provide(newDummy), fxgrpc.Service(dummypb.RegisterDummyServiceServer)), []string{
			"Service(dummypb.RegisterDummyServiceServer)", here, "nothing in the graph is a dummypb.DummyServiceServer", "fxgrpc.From(constructor)",
		}},
		{"Service: its implementation can not be made", fx.Options(
			fxgrpc.Module, fxgrpc.Server(insecure), fx.Provide(func(int) dummypb.DummyServiceServer { return nil }), fxgrpc.Service(dummypb.RegisterDummyServiceServer)), []string{
			here, "missing type: int",
		}},
		{"Service: its implementation is nil", fx.Options(
			fxgrpc.Module, fxgrpc.Server(insecure), fx.Provide(func() dummypb.DummyServiceServer { return nil }), fxgrpc.Service(dummypb.RegisterDummyServiceServer)), []string{
			here, "the implementation is nil",
		}},
		{"From: no function", fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(&frameworktest.DummyService{})), []string{here, "a constructor is wanted"}},
		{"From: another type", fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newAudit)), []string{here, "gives *fxgrpc_test.audit, which is no dummypb.DummyServiceServer"}},
		{"From: twice", fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newDummy), fxgrpc.From(newDummy)), []string{here, "From was said twice"}},
		{"Server: nothing of transport", fxgrpc.Server(), []string{`server "default"`, here, "say fxgrpc.TLS(…), or fxgrpc.Insecure() for plaintext"}},
		{"Server: two transports", fxgrpc.Server(insecure, fxgrpc.TLS(nil)), []string{here, "two of Insecure, TLS and TLSFiles"}},
		{"Server: TLS of nothing", fxgrpc.Server(fxgrpc.TLS(nil)), []string{here, "the config is nil"}},
		{"Server: TLS without a certificate", fxgrpc.Server(fxgrpc.TLS(&tls.Config{})), []string{here, "the config has no certificate"}},
		{"Server: TLS 1.1", fxgrpc.Server(fxgrpc.TLS(&tls.Config{Certificates: make([]tls.Certificate, 1), MinVersion: tls.VersionTLS11})), []string{here, "MinVersion is TLS 1.1; TLS 1.2 is the least"}},
		{"Server: TLSFiles without a key", fxgrpc.Server(fxgrpc.TLSFiles("cert.pem", "", "")), []string{here, "a server needs cert and key"}},
		{"Server: TLSFiles that are not there", fx.Options(fxgrpc.Module, fxgrpc.Server(fxgrpc.TLSFiles("no.pem", "no.key", ""))), []string{here, `"no.pem"`, "no such file"}},
		{"Server: no name", fxgrpc.Server(insecure, fxgrpc.Named("")), []string{here, "Named: a name is empty"}},
		{"Server: a nil listener", fxgrpc.Server(insecure, fxgrpc.Listener(nil)), []string{here, "Listener: it is nil"}},
		{"Server: a nil option", fxgrpc.Server(insecure, nil), []string{here, "an option is nil"}},
		{"Server: a nil option of grpc's", fxgrpc.Server(insecure, fxgrpc.ServerOptions(nil)), []string{here, "ServerOptions: an option is nil"}},
		{"Server: to drain backwards", fxgrpc.Server(insecure, fxgrpc.Drain(0, -time.Second)), []string{here, "Drain: a duration is negative"}},
		{"Server: several", fxgrpc.Server(fxgrpc.Named("a b"), fxgrpc.Drain(-1, 0)), []string{`server "a b"`, `name "a b"`, "a duration is negative", "fxgrpc.Insecure()"}},
		{"Server: two default ones", fx.Options(served(), fxgrpc.Server(insecure)), []string{here, "one server without a name; others say fxgrpc.Named"}},
		{"Server: two of a name", fx.Options(fxgrpc.Module, fxgrpc.Server(insecure, fxgrpc.Named("a")), fxgrpc.Server(insecure, fxgrpc.Named("a"))), []string{
			here, "one server named a; others say another fxgrpc.Named",
		}},
		{"Client: nothing of its address", fxgrpc.Client("a", dummypb.NewDummyServiceClient), []string{`client "a"`, here, "say fxgrpc.Address"}},
		{"Client: a bad address", fx.Options(fxgrpc.Module, fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("%zz"))), []string{`client "a"`, here, `address "%zz"`}},
		{"Client: no name", client(""), []string{here, "a name is empty"}},
		{"Client: no stub", fxgrpc.Client[int]("a", nil, fxgrpc.Address("a:1")), []string{here, "the function that makes the stub is nil"}},
		{"Client: a nil option", client("a", nil), []string{here, "an option is nil"}},
		{"Client: a nil option of grpc's", client("a", fxgrpc.DialOptions(nil)), []string{here, "DialOptions: an option is nil"}},
		{"Client: two transports", client("a", insecure, fxgrpc.TLS(nil)), []string{here, "two of Insecure"}},
		{"Client: TLS 1.0", client("a", fxgrpc.TLS(&tls.Config{MinVersion: tls.VersionTLS10})), []string{here, "MinVersion is TLS 1.0"}},
		{"Client: TLSFiles that are not there", fx.Options(fxgrpc.Module, client("a", fxgrpc.TLSFiles("", "", "no.pem"))), []string{here, "no.pem"}},
		{"Client: two of a name", fx.Options(client("a"), client("a", fxgrpc.NamedOnly())), []string{here, "one client named a"}},
		{"Client: two of a stub", fx.Options(client("a"), client("b")), []string{
			here, "one stub github.com/sluice-go/sluice/framework/frameworktest/dummypb.DummyServiceClient without a name; other clients say fxgrpc.NamedOnly",
		}},
		{"Stub: of an unknown client", fx.Options(fxgrpc.Module, client("orders"), fxgrpc.Stub("order", func(grpc.ClientConnInterface) int { return 1 })), []string{
			`Stub("order")`, here, `the app has no client "order"; did you mean "orders"?`,
		}},
		{"Stub: with an address", fxgrpc.Stub("a", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1")), []string{here, "only NamedOnly"}},
		{"Stub: nil", fxgrpc.Stub[int]("a", nil), []string{here, "the function that makes the stub is nil"}},
		{"Errors: none", fxgrpc.Errors(), []string{"Errors", here, "no rule was given"}},
		{"Errors: two for one error", fx.Options(served(), fxgrpc.Defaults(),
			fxgrpc.Errors(errmap.On(context.Canceled, errmap.Aborted)), fxgrpc.Errors(errmap.On(context.Canceled, errmap.Internal))), []string{here, "context canceled"}},
		{"EndStreams: negative", fxgrpc.Server(insecure, fxgrpc.EndStreams(-1)), []string{here, "EndStreams: the duration is negative; 0 means at once"}},
		{"Stub: that waits", fxgrpc.Stub("a", dummypb.NewDummyServiceClient, fxgrpc.WaitReady()), []string{here, "only NamedOnly"}},
		{"Errors: used by nothing", fx.Options(served(), fxgrpc.Errors(errmap.On(context.Canceled, errmap.Aborted))), []string{
			"Errors", here, "no interceptor uses the rules; say fxgrpc.Defaults()",
		}},
		{"ErrorsFrom: another type", fxgrpc.ErrorsFrom(newAudit), []string{"ErrorsFrom(fxgrpc_test.newAudit)", here, "let it give an errmap.Rule or []errmap.Rule"}},
		{"Defaults: twice", fx.Options(fxgrpc.Defaults(), fxgrpc.Defaults()), []string{here, "one fxgrpc.Defaults"}},
		{"Defaults: without what is not there", fxgrpc.Defaults(fxgrpc.Without("loging")), []string{here, `there is no default "loging"; did you mean "logging"?`}},
		{"Defaults: a nil option", fxgrpc.Defaults(nil), []string{here, "an option is nil"}},
		{"Module: twice", fx.Options(fxgrpc.Module, fxgrpc.Module), []string{"one fxgrpc.Module"}},
		{"Module: none for a server", fxgrpc.Server(insecure), []string{`server "default"`, here, "fxgrpc.Module is missing; list it in fx.New, once"}},
		{"Module: none for a client", client("a"), []string{`client "a"`, here, "fxgrpc.Module is missing"}},
		{"Module: none, and a server is asked for", fx.Options(fx.Invoke(func(*grpc.Server) {}), fxgrpc.Server(insecure)), []string{here, "fxgrpc.Module is missing"}},
		{"Module: none, and a stub is asked for", fx.Options(fx.Invoke(func(dummypb.DummyServiceClient) {}), client("a")), []string{here, "fxgrpc.Module is missing"}},
		{"Module: there, and something else is missing", served(fxgrpc.Provide(newAudit)), []string{"missing type: *fxgrpc_test.journal"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			err := build(tt.opts)
			if err == nil {
				t.Fatal("the app was built")
			}
			for _, want := range tt.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in\n%v", want, err)
				}
			}
			if missing := "fxgrpc.Module is missing"; strings.Contains(err.Error(), missing) && !strings.HasPrefix(tt.name, "Module: none") {
				t.Errorf("%q is in\n%v", missing, err)
			}
		})
	}
}

// newOther is another implementation of the dummy service.
func newOther() dummypb.DummyServiceServer { return newDummy() }

// TestValidateApp has mistakes that fx.ValidateApp finds, which runs no constructor.
func TestValidateApp(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, want string
		opts       fx.Option
	}{
		{"nothing", "", served(fxgrpc.Defaults(), fxgrpc.Client("a", dummypb.NewDummyServiceClient, fxgrpc.Address("a:1")))},
		{"a constructor of the wrong shape", "has no result", served(fxgrpc.Provide(func() {}))},
		{"a dependency is missing", "missing type: *fxgrpc_test.journal", served(fxgrpc.Provide(newAudit))},
		{"an implementation is missing", "missing type: dummypb.DummyServiceServer", fx.Options(
			fxgrpc.Module, fxgrpc.Server(fxgrpc.Insecure()), fxgrpc.Service(dummypb.RegisterDummyServiceServer))},
		{"Module is missing", "missing type: *fxgrpc.module", fxgrpc.Server(fxgrpc.Insecure())},
	} {
		err := fx.ValidateApp(fx.NopLogger, tt.opts)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", tt.name, err, tt.want)
		}
	}
}
