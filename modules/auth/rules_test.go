package auth_test

import (
	"fmt"
	"strings"
	"testing"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/auth"
)

// Who may call by which rules: nobody who is known, ann (role reader), bob (roles reader and writer, scope orders.write).
var rulings = []struct {
	name              string
	rules             []framework.Setting
	nobody, ann, bob  codes.Code
	wrong             codes.Code // of a token that is wrong
	handlerSeesCaller bool
}{
	{"none", nil, codes.Unauthenticated, codes.OK, codes.OK, codes.Unauthenticated, true},
	{
		"allow=authenticated",
		[]framework.Setting{auth.Allow.Set(auth.Grants{auth.Authenticated()})},
		codes.Unauthenticated, codes.OK, codes.OK, codes.Unauthenticated, true,
	},
	{
		"allow=role:writer",
		[]framework.Setting{auth.Allow.Set(auth.Grants{auth.Role("writer")})},
		codes.Unauthenticated, codes.PermissionDenied, codes.OK, codes.Unauthenticated, true,
	},
	{
		"allow: any of them",
		[]framework.Setting{auth.Allow.Set(auth.Grants{auth.Role("admin"), auth.ID("ann"), auth.Scope("none")})},
		codes.Unauthenticated, codes.OK, codes.PermissionDenied, codes.Unauthenticated, true,
	},
	{
		"require: all of them",
		[]framework.Setting{auth.Require.Set(auth.Grants{auth.Role("reader"), auth.Scope("orders.write")})},
		codes.Unauthenticated, codes.PermissionDenied, codes.OK, codes.Unauthenticated, true,
	},
	{
		"a role is no scope",
		[]framework.Setting{auth.Allow.Set(auth.Grants{auth.Scope("reader"), auth.Role("orders.write"), auth.Role("ann"), auth.ID("reader")})},
		codes.Unauthenticated, codes.PermissionDenied, codes.PermissionDenied, codes.Unauthenticated, true,
	},
	{
		"both must hold",
		[]framework.Setting{auth.Allow.Set(auth.Grants{auth.ID("ann"), auth.ID("bob")}), auth.Require.Set(auth.Grants{auth.Role("writer")})},
		codes.Unauthenticated, codes.PermissionDenied, codes.OK, codes.Unauthenticated, true,
	},
	{
		"anonymous",
		[]framework.Setting{auth.Anonymous.Set(true)},
		codes.OK, codes.OK, codes.OK, codes.Unauthenticated, true,
	},
	{
		"deny",
		[]framework.Setting{auth.Deny.Set(true)},
		codes.PermissionDenied, codes.PermissionDenied, codes.PermissionDenied, codes.PermissionDenied, false,
	},
}

func TestRules(t *testing.T) {
	t.Parallel()
	for _, tt := range rulings {
		w := &witness{}
		client := w.client(t, auth.Options{Verifier: staticTokens(t)}, framework.Rules("*", tt.rules...))
		for _, caller := range []struct {
			id    string
			shown []string
			want  codes.Code
		}{
			{"", nil, tt.nobody},
			{"ann", []string{"Bearer " + readerToken}, tt.ann},
			{"bob", []string{"Bearer " + writerToken}, tt.bob},
			{"", []string{"Bearer " + wrongToken}, tt.wrong},
			{"", []string{"Basic " + readerToken}, tt.wrong},
			{"", []string{""}, tt.wrong},
		} {
			for _, kind := range kinds {
				t.Run(fmt.Sprintf("%s/%q/%s", tt.name, caller.shown, kind), func(t *testing.T) {
					_, err := frameworktest.Execute(showing(t, caller.shown...), client.stub(), kind, []string{"x"})
					saw := w.take()
					switch {
					case caller.want != codes.OK:
						wantRefusal(t, err, caller.want)
						saw.wantCallers(t)
					case err != nil:
						t.Error(err)
					default:
						saw.wantCallers(t, caller.id)
					}
					if tt.handlerSeesCaller { // who is known is in the log, also where it may not
						wantPrincipal(t, saw, caller.id)
					}
					saw.wantNoMarker(t, err)
				})
			}
		}
	}
}

type tagged struct {
	_      struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
	All    framework.Rule `grpc:"*,require=scope:orders.write"`
	Create framework.Rule `grpc:"Execute,allow=role:writer role:admin id:cid"`
	Watch  framework.Rule `grpc:"ExecuteServerStream,require=authenticated"`
}

// Tags say the same as settings do; allow of one line and require of another both count.
func TestTags(t *testing.T) {
	t.Parallel()
	w := &witness{}
	cid := auth.Principal{ID: "cid", Scopes: []string{"orders.write"}}
	dan := auth.Principal{ID: "dan", Roles: []string{"writer"}}
	cidToken, danToken := marker+"-cid-0001", marker+"-dan-0001"
	client := w.client(t, auth.Options{Verifier: newTokens(t,
		auth.HeldBy(writer, writerToken), auth.HeldBy(reader, readerToken), auth.HeldBy(cid, cidToken), auth.HeldBy(dan, danToken))},
		framework.Policy(tagged{}))
	for _, tt := range []struct {
		kind  framework.Kind
		token string
		want  codes.Code
	}{
		{framework.Unary, writerToken, codes.OK},
		{framework.Unary, cidToken, codes.OK},
		{framework.Unary, danToken, codes.PermissionDenied}, // not the scope
		{framework.Unary, readerToken, codes.PermissionDenied},
		{framework.BidiStream, cidToken, codes.OK},
		{framework.BidiStream, danToken, codes.PermissionDenied},
		{framework.ServerStream, danToken, codes.OK}, // its require replaces that of all
		{framework.ServerStream, wrongToken, codes.Unauthenticated},
	} {
		_, err := frameworktest.Execute(showing(t, "Bearer "+tt.token), client.stub(), tt.kind, []string{"x"})
		if tt.want == codes.OK && err == nil {
			continue
		}
		wantRefusal(t, err, tt.want)
	}
}

// Of rules that contradict each other the one nearer to the method counts, whichever of them opens it and whichever closes
// it. Two that are as near are an error.
func TestNearer(t *testing.T) {
	t.Parallel()
	const near = "sluice.testing.v1.DummyService/Execute"
	anonymous, denied := auth.Anonymous.Set(true), auth.Deny.Set(true)
	allowed := auth.Allow.Set(auth.Grants{auth.Role("reader")})
	required := auth.Require.Set(auth.Grants{auth.Role("writer")})
	for _, tt := range []struct {
		name             string
		all, near        framework.Setting
		nobody, ann, bob codes.Code
	}{
		{"an open method", allowed, anonymous, codes.OK, codes.OK, codes.OK},
		{"a closed method", anonymous, required, codes.Unauthenticated, codes.PermissionDenied, codes.OK},
		{"a method that nobody may call", allowed, denied, codes.PermissionDenied, codes.PermissionDenied, codes.PermissionDenied},
		{"all but one denied", denied, allowed, codes.Unauthenticated, codes.OK, codes.OK},
		{"all but one denied, and that open", denied, anonymous, codes.OK, codes.OK, codes.OK},
		{"one more thing required", allowed, required, codes.Unauthenticated, codes.PermissionDenied, codes.OK},
		{"what all require", required, allowed, codes.Unauthenticated, codes.PermissionDenied, codes.OK},
	} {
		w := &witness{}
		client := w.client(t, auth.Options{Verifier: staticTokens(t)}, framework.Rules("*", tt.all), framework.Rules(near, tt.near)).stub()
		for _, caller := range []struct {
			shown []string
			want  codes.Code
		}{{nil, tt.nobody}, {[]string{"Bearer " + readerToken}, tt.ann}, {[]string{"Bearer " + writerToken}, tt.bob}} {
			_, err := frameworktest.Execute(showing(t, caller.shown...), client, framework.Unary, []string{"x"})
			if status.Code(err) != caller.want {
				t.Errorf("%s: %q got %v, want %v", tt.name, caller.shown, err, caller.want)
			}
		}
		for _, beside := range []framework.Setting{tt.all, tt.near} {
			if tt.name == "one more thing required" || tt.name == "what all require" {
				continue // they go together
			}
			chain, err := framework.NewServerChain(framework.Use(newAuth(t, auth.Options{Verifier: staticTokens(t)})),
				framework.Rules(near, tt.all), framework.Rules(near, tt.near), framework.Rules("*", beside))
			if err != nil {
				t.Fatal(err)
			}
			if e := chain.Explain("/" + near); !strings.Contains(e.Error, "keep one") {
				t.Errorf("%s, as near: %q", tt.name, e.Error)
			}
		}
	}
}

type misspelt struct {
	_      struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
	Unary  framework.Rule `grpc:"Execute,allow=rol:reader authn"`
	Client framework.Rule `grpc:"ExecuteClientStream,allow"`
	Server framework.Rule `grpc:"ExecuteServerStream,anonymous=yes"`
	Bidi   framework.Rule `grpc:"ExecuteClientServerStream,require=spiffe:billing"`
}

// A mistake in a tag is told with its place, before anything runs.
func TestMisspelt(t *testing.T) {
	t.Parallel()
	_, err := framework.NewServerChain(framework.Use(newAuth(t, auth.Options{Verifier: staticTokens(t)})),
		framework.DeclaredAt("main.go:7", framework.Policy(misspelt{})))
	for _, want := range []string{
		`Unary: allow: unknown word "rol:reader"; did you mean "role:reader"?; unknown word "authn"; did you mean "authenticated"?`,
		`Client: allow: it names nobody; write "authenticated", or a word as "role:reader", "scope:orders.write" or "id:billing"`,
		`Server: anonymous: it takes no value, and has "yes"; leave that out`,
		`Bidi: require: "spiffe:billing" is no SPIFFE ID; write "spiffe://trust.domain/path"`,
	} {
		if !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("%v\ndoes not say %s", err, want)
		}
	}
}

func TestParseGrants(t *testing.T) {
	t.Parallel()
	const nobody = `it names nobody; write "authenticated", or a word as "role:reader", "scope:orders.write" or "id:billing"`
	for _, tt := range []struct{ text, want, err string }{
		{"role:reader", "role:reader", ""},
		{"  scope:orders.write   role:reader ", "role:reader scope:orders.write", ""},
		{"role:admin id:ann role:reader", "id:ann role:admin role:reader", ""},
		{"authenticated", "authenticated", ""},
		{"id:urn:acme:billing", "id:urn:acme:billing", ""},
		{"spiffe://acme.com/ns/prod/billing", "id:spiffe://acme.com/ns/prod/billing", ""},

		{"", "", nobody},
		{" ", "", nobody},
		{"reader", "", `unknown word "reader"; did you mean "role:reader"?`},
		{"admin", "", `unknown word "admin"; there are ["authenticated" "id:admin" "role:admin" "scope:admin"]`},
		{"roles:reader", "", `unknown word "roles:reader"; did you mean "role:reader"?`},
		{"Role:reader", "", `unknown word "Role:reader"; did you mean "role:reader"?`},
		{"group:reader", "", `unknown word "group:reader"; there are ["authenticated" "id:reader" "role:reader" "scope:reader"]`},
		{"any", "", `unknown word "any"; there are ["authenticated" "id:any" "role:any" "scope:any"]`},
		{":", "", `unknown word ":"; there are ["authenticated" "id::" "role::" "scope::"]`},
		{"role:", "", `"role:" has no name, or one with spaces; write a word, as in "role:reader"`},
		{"role:reader role:reader", "", `"role:reader" stands twice; leave one out`},
		{"role:reader authenticated", "", `"authenticated" stands alone: whoever has a role is authenticated`},
		{"authenticated authenticated", "", `"authenticated" stands alone: whoever has a role is authenticated`},
		{"spiffe:acme", "", `"spiffe:acme" is no SPIFFE ID; write "spiffe://trust.domain/path"`},
		{"spiffe://acme.com", "", `"spiffe://acme.com" is no SPIFFE ID; write "spiffe://trust.domain/path"`},
		{"spiffe://acme.com/", "", `"spiffe://acme.com/" is no SPIFFE ID; write "spiffe://trust.domain/path"`},
		{"spiffe://me@acme.com/a", "", `"spiffe://me@acme.com/a" is no SPIFFE ID; write "spiffe://trust.domain/path"`},
		{"spiffe://acme.com:1/a", "", `"spiffe://acme.com:1/a" is no SPIFFE ID; write "spiffe://trust.domain/path"`},
		{"spiffe://acme.com/a?b", "", `"spiffe://acme.com/a?b" is no SPIFFE ID; write "spiffe://trust.domain/path"`},
		{"spiffe://%", "", `"spiffe://%" is no SPIFFE ID; write "spiffe://trust.domain/path"`},
		{"x y", "", "unknown word \"x\"; there are [\"authenticated\" \"id:x\" \"role:x\" \"scope:x\"]; " +
			"unknown word \"y\"; there are [\"authenticated\" \"id:y\" \"role:y\" \"scope:y\"]"},
	} {
		g, err := auth.ParseGrants(tt.text)
		if text := errorText(err); text != tt.err {
			t.Errorf("%q:\ngot  %s\nwant %s", tt.text, text, tt.err)
		} else if err == nil && g.String() != tt.want {
			t.Errorf("%q: got %q, want %q", tt.text, g, tt.want)
		}
	}
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// What no tag could say is refused when the chain is made, where it was set.
func TestSet(t *testing.T) {
	t.Parallel()
	i := newAuth(t, auth.Options{Verifier: staticTokens(t)})
	for _, tt := range []struct {
		name  string
		rules []framework.Setting
		want  string
	}{
		{"nobody", []framework.Setting{auth.Allow.Set(nil)}, "allow: it names nobody"},
		{"zero Grant", []framework.Setting{auth.Require.Set(auth.Grants{{}})}, `require: it names nobody`},
		{"spaces", []framework.Setting{auth.Require.Set(auth.Grants{auth.Role("a b")})}, `require: `},
		{"twice", []framework.Setting{auth.Allow.Set(auth.Grants{auth.ID("a"), auth.ID("a")})}, `allow: "id:a" stands twice`},
		{"not anonymous", []framework.Setting{auth.Anonymous.Set(false)}, `anonymous: it takes no value, and has "false"; leave that out`},
		{"not denied", []framework.Setting{auth.Deny.Set(false), auth.Allow.Set(nil)}, `deny: it takes no value, and has "false"; leave that out`},
	} {
		_, err := framework.NewServerChain(framework.Use(i), framework.DeclaredAt("main.go:7", framework.Rules("sluice.testing.v1.DummyService/Execute", tt.rules...)))
		if err == nil || !strings.Contains(err.Error(), "Rules (main.go:7): "+tt.want) {
			t.Errorf("%s: got %v, want %q in it", tt.name, err, tt.want)
		}
	}
}

// Grants that the caller of Set changes afterwards are what they were.
func TestGrantsAreCopied(t *testing.T) {
	t.Parallel()
	w := &witness{}
	grants := auth.Grants{auth.Role("writer")}
	client := w.client(t, auth.Options{Verifier: staticTokens(t)}, framework.Rules("*", auth.Allow.Set(grants)))
	grants[0] = auth.Authenticated()
	_, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client.stub(), framework.Unary, []string{"x"})
	wantRefusal(t, err, codes.PermissionDenied)
}
