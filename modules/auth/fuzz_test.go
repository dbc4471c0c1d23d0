package auth_test

import (
	"context"
	"errors"
	"regexp"
	"testing"

	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/auth"
)

// wellFormed is an authorization value by RFC 9110, sections 11.2 and 11.4, as far as it is understood here.
var wellFormed = regexp.MustCompile("^([A-Za-z0-9!#$%&'*+.^_`|~-]+) +([A-Za-z0-9._~+/-]+=*)$")

// Whatever stands in the metadata, a verifier gets a scheme and a token that are those of the one value, or is not asked.
func FuzzAuthorization(f *testing.F) {
	for _, tt := range shown {
		for _, v := range tt.values {
			f.Add(v, "", false)
			f.Add(v, v, true)
		}
	}
	for _, v := range []string{"Bearer\t" + readerToken, "Bearer é", "B\x00 x", "Bearer \xff", "b=r x", "Bearer x==y", "  ", "K x"} {
		f.Add(v, "", false)
	}
	f.Fuzz(func(t *testing.T, value, other string, two bool) {
		var asked []auth.Credentials
		v := auth.VerifierFunc(func(_ context.Context, c auth.Credentials) (*auth.Principal, error) {
			asked = append(asked, c)
			return &reader, nil
		})
		md := metadata.Pairs("authorization", value)
		if two {
			md.Append("authorization", other)
		}
		r := frameworktest.Run(t, newAuth(t, auth.Options{Verifier: v}), frameworktest.Case{Metadata: md})
		match := wellFormed.FindStringSubmatch(value)
		if two || match == nil {
			if len(asked) > 0 || !errors.Is(r.Err, errmap.Unauthenticated) || r.Runs > 0 {
				t.Errorf("%q and %q (%t): asked %d times, %v after %d runs", value, other, two, len(asked), r.Err, r.Runs)
			}
			return
		}
		if len(asked) != 1 || r.Err != nil {
			t.Fatalf("%q: asked %d times, %v", value, len(asked), r.Err)
		}
		if c := asked[0]; !c.Present() || c.Token() != match[2] || c.Scheme() != lower(match[1]) {
			t.Errorf("%q: got %q %q", value, c.Scheme(), c.Token())
		}
	})
}

// lower is of ASCII alone, which is all that a scheme has.
func lower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}
