package auth_test

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc/codes"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/auth"
)

// All that is wrong with tokens is told at once, and no token with it.
func TestTokensRefuses(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		holders []auth.Holder
		want    string
	}{
		{"none", nil, "auth: Tokens: nobody holds a token; give it holders, as auth.HeldBy makes them"},
		{"zero Holder", []auth.Holder{{}}, "auth: Tokens: holder 1 is the zero Holder; make it with auth.HeldBy"},
		{"no ID", []auth.Holder{auth.HeldBy(auth.Principal{}, readerToken)}, "auth: Tokens: holder 1 has no ID; logs and rules need one"},
		{"no token", []auth.Holder{auth.HeldBy(reader)}, `auth: Tokens: "ann" holds no token; give it one, or leave the holder out`},
		{"empty", []auth.Holder{auth.HeldBy(reader, readerToken, "")}, `auth: Tokens: token 2 of "ann" is empty; is the variable that it comes from set?`},
		{
			"short",
			[]auth.Holder{auth.HeldBy(reader, marker)},
			`auth: Tokens: token 1 of "ann" has 13 characters; take at least 16, of a random generator`,
		},
		{
			"line end",
			[]auth.Holder{auth.HeldBy(reader, readerToken+"\n")},
			`auth: Tokens: token 1 of "ann" has characters that no bearer token has, spaces at an end perhaps; ` +
				`letters, digits and -._~+/ are allowed, and = at the end`,
		},
		{
			"twice",
			[]auth.Holder{auth.HeldBy(reader, readerToken, readerToken)},
			`auth: Tokens: token 2 of "ann" is held by "ann" already; make another`,
		},
		{
			"two holders",
			[]auth.Holder{auth.HeldBy(reader, readerToken), auth.HeldBy(writer, writerToken, readerToken)},
			`auth: Tokens: token 2 of "bob" is held by "ann" already; make another`,
		},
		{
			"all at once",
			[]auth.Holder{auth.HeldBy(reader, "", ""), {}, auth.HeldBy(writer)},
			`auth: Tokens: token 1 of "ann" is empty; is the variable that it comes from set?` + "\n" +
				`auth: Tokens: token 2 of "ann" is empty; is the variable that it comes from set?` + "\n" +
				"auth: Tokens: holder 2 is the zero Holder; make it with auth.HeldBy\n" +
				`auth: Tokens: "bob" holds no token; give it one, or leave the holder out`,
		},
	} {
		v, err := auth.Tokens(tt.holders...)
		if v != nil || fmt.Sprint(err) != tt.want {
			t.Errorf("%s:\ngot  %v\nwant %s", tt.name, err, tt.want)
		}
		wantNoMarker(t, tt.name, err)
	}
}

// Nothing that is made of tokens has them: neither printed, nor logged, nor for those who look at every byte.
func TestNobodyKeepsTokens(t *testing.T) {
	t.Parallel()
	holder := auth.HeldBy(writer, writerToken, oldToken)
	verifier := newTokens(t, holder)
	options := auth.Options{Verifier: auth.First(verifier)}
	interceptor := newAuth(t, options)
	for what, v := range map[string]any{"holder": holder, "verifier": verifier, "options": options, "interceptor": interceptor} {
		wantNoMarker(t, what, v)
		wantNoMarker(t, "a struct around it", struct{ inside any }{v})
		if holds(reflect.ValueOf(v), marker, 20) {
			t.Errorf("%s has the token", what)
		}
	}
}

// Credentials have the token, and do not print it.
func TestCredentialsPrint(t *testing.T) {
	t.Parallel()
	v := auth.VerifierFunc(func(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
		if !holds(reflect.ValueOf(c), marker, 20) {
			t.Error("holds finds nothing")
		}
		wantNoMarker(t, "credentials", c)
		wantNoMarker(t, "a pointer to them", &c)
		wantNoMarker(t, "a struct around them", struct{ inside auth.Credentials }{c})
		wantNoMarker(t, "a slice of them", []auth.Credentials{c})
		return nil, auth.ErrRejected
	})
	w := &witness{}
	_, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), w.client(t, auth.Options{Verifier: v}).stub(), framework.Unary, []string{"x"})
	wantRefusal(t, err, codes.Unauthenticated)
}

// holds reports whether a text can be reached from a value, through whatever is not exported.
func holds(v reflect.Value, text string, depth int) bool {
	if depth == 0 {
		return false
	}
	switch v.Kind() {
	case reflect.String:
		return strings.Contains(v.String(), text)
	case reflect.Pointer, reflect.Interface:
		return holds(v.Elem(), text, depth-1)
	case reflect.Struct:
		for i := range v.NumField() {
			if holds(v.Field(i), text, depth-1) {
				return true
			}
		}
	case reflect.Slice, reflect.Array:
		var octets []byte
		for i := range v.Len() {
			if v.Type().Elem().Kind() == reflect.Uint8 {
				octets = append(octets, byte(v.Index(i).Uint()))
			} else if holds(v.Index(i), text, depth-1) {
				return true
			}
		}
		return strings.Contains(string(octets), text)
	}
	return false
}

// What HeldBy was given may change afterwards.
func TestPrincipalIsCopied(t *testing.T) {
	t.Parallel()
	p := auth.Principal{ID: "ann", Roles: []string{"reader"}, Scopes: []string{"a"}, Attributes: map[string]any{"tenant": "acme"}, Expires: time.Now().Add(time.Hour)}
	v := newTokens(t, auth.HeldBy(p, readerToken))
	want := fmt.Sprint(p)
	p.ID, p.Roles[0], p.Scopes[0], p.Attributes["tenant"] = "eve", "admin", "b", "evil"
	saw := make(chan *auth.Principal, 1)
	handler := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		p, _ := auth.FromContext(ctx)
		saw <- p
		return next(ctx, call)
	})
	client := frameworktest.DummyClient(t, frameworktest.ServerParts(framework.Use(newAuth(t, auth.Options{Verifier: v})), framework.Use(handler)))
	if _, err := frameworktest.Execute(showing(t, "Bearer "+readerToken), client, framework.Unary, []string{"x"}); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(*<-saw); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
