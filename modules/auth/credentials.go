package auth

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"google.golang.org/grpc/metadata"
)

// Credentials are what a caller showed in its "authorization" metadata: a scheme and a token. The zero Credentials are
// none. Printing them does not show the token.
type Credentials struct {
	scheme string
	token  *string // where printing a struct around it does not get at it
}

// Present reports whether the caller showed any.
func (c Credentials) Present() bool { return c.token != nil }

// Scheme is the scheme in lower case, "bearer" for instance; "" where there are no credentials.
func (c Credentials) Scheme() string { return c.scheme }

// Token is what follows the scheme, never empty where there are credentials.
func (c Credentials) Token() string {
	if c.token == nil {
		return ""
	}
	return *c.token
}

const bearer = "bearer"

// credentialsOf reads what the caller showed. Several values, and one that is not a scheme with a token, are rejected:
// what stands before this server may have looked at another of them.
func credentialsOf(ctx context.Context) (Credentials, error) {
	values := metadata.ValueFromIncomingContext(ctx, "authorization")
	switch len(values) {
	case 0:
		return Credentials{}, nil
	case 1:
	default:
		return Credentials{}, fmt.Errorf("%w: %d authorization values, where one is taken", ErrRejected, len(values))
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimLeft(token, " ")
	if !isScheme(scheme) || !isToken(token) {
		return Credentials{}, fmt.Errorf("%w: the authorization value is not a scheme and a token", ErrRejected)
	}
	values[0] = token // the slice is ours
	if strings.EqualFold(scheme, bearer) {
		return Credentials{bearer, &values[0]}, nil
	}
	return Credentials{strings.ToLower(scheme), &values[0]}, nil
}

// isScheme reports whether s is a token of RFC 9110, section 5.6.2, as auth-scheme is.
func isScheme(s string) bool { return s != "" && madeOf(s, "!#$%&'*+-.^_`|~") }

// isToken reports whether s is a token68 of RFC 9110, section 11.2: what a bearer token is by RFC 6750, section 2.1.
func isToken(s string) bool {
	s = strings.TrimRight(s, "=")
	return s != "" && madeOf(s, "-._~+/")
}

// madeOf reports whether s is letters and digits of ASCII, and what may stand besides.
func madeOf(s, besides string) bool {
	for i := range len(s) {
		c := s[i]
		if letter := c|0x20 >= 'a' && c|0x20 <= 'z'; !letter && (c < '0' || c > '9') && strings.IndexByte(besides, c) < 0 {
			return false
		}
	}
	return true
}

// hide takes the token out of an error. With it go the error's type, and what it wraps.
func (c Credentials) hide(err error) error {
	if err == ErrNotMine || err == ErrRejected {
		return err
	}
	if text, found := c.cover(err); found {
		return hidden(text)
	}
	return err
}

// hidePanic is to be deferred: it takes the token out of what is panicked with, for who logs that.
func (c Credentials) hidePanic() {
	p := recover()
	if p == nil {
		return
	}
	if text, found := c.cover(p); found {
		panic(hidden(text))
	}
	panic(p)
}

// cover prints a value without the token, as that is or as it stands in a URL, and says whether it was there.
func (c Credentials) cover(v any) (text string, found bool) {
	if !c.Present() {
		return "", false
	}
	covering := strings.NewReplacer(*c.token, "[token]", url.QueryEscape(*c.token), "[token]")
	short, long := fmt.Sprint(v), fmt.Sprintf("%+v", v)
	text = covering.Replace(short)
	return text, text != short || covering.Replace(long) != long
}

// hidden is the text of what had the token in it.
type hidden string

func (h hidden) Error() string { return string(h) }
