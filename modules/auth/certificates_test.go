package auth_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"testing"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/modules/auth"
)

const (
	billing = "spiffe://acme.example/billing"
	report  = "spiffe://acme.example/report"
)

// An authority issues certificates.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{key: newKey(t)}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	a.cert = a.sign(t, template, template, &a.key.PublicKey)
	return a
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func (a *authority) sign(t testing.TB, template, parent *x509.Certificate, key *ecdsa.PublicKey) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, a.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// issue makes a certificate for a server called "memory", and for a client with these URIs.
func (a *authority) issue(t testing.TB, uris ...string) tls.Certificate {
	t.Helper()
	key := newKey(t)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: []string{"memory"}, NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	for _, uri := range uris {
		template.URIs = append(template.URIs, parsed(t, uri))
	}
	cert := a.sign(t, template, a.cert, &key.PublicKey)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func parsed(t testing.TB, uri string) *url.URL {
	t.Helper()
	u, err := url.Parse(uri)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// secured is a server and a client of TLS.
func (a *authority) secured(t testing.TB, check tls.ClientAuthType, show ...tls.Certificate) []frameworktest.Option {
	t.Helper()
	server := &tls.Config{Certificates: []tls.Certificate{a.issue(t)}, ClientAuth: check, ClientCAs: a.pool(), MinVersion: tls.VersionTLS13}
	client := &tls.Config{Certificates: show, RootCAs: a.pool(), ServerName: "memory", MinVersion: tls.VersionTLS13}
	return []frameworktest.Option{
		frameworktest.ServerOptions(grpc.Creds(credentials.NewTLS(server))),
		frameworktest.DialOptions(grpc.WithTransportCredentials(credentials.NewTLS(client))),
	}
}

// Who a caller is by its certificate, and by a token besides.
func TestCertificates(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	for _, tt := range []struct {
		name   string
		check  tls.ClientAuthType
		show   []tls.Certificate
		token  string
		want   codes.Code
		caller string
	}{
		{"of billing", tls.RequireAndVerifyClientCert, []tls.Certificate{ours.issue(t, billing)}, "", codes.OK, billing},
		{"if given", tls.VerifyClientCertIfGiven, []tls.Certificate{ours.issue(t, billing)}, "", codes.OK, billing},
		{"of another", tls.VerifyClientCertIfGiven, []tls.Certificate{ours.issue(t, report)}, "", codes.PermissionDenied, report},
		{"none", tls.VerifyClientCertIfGiven, nil, "", codes.Unauthenticated, ""},
		{"not asked for", tls.NoClientCert, []tls.Certificate{ours.issue(t, billing)}, "", codes.Unauthenticated, ""},
		{"not verified", tls.RequireAnyClientCert, []tls.Certificate{theirs.issue(t, billing)}, "", codes.Unauthenticated, ""},
		{"without a URI", tls.VerifyClientCertIfGiven, []tls.Certificate{ours.issue(t)}, "", codes.Unauthenticated, ""},
		{"of another kind", tls.VerifyClientCertIfGiven, []tls.Certificate{ours.issue(t, "https://acme.example/billing")}, "", codes.Unauthenticated, ""},
		{"of two", tls.VerifyClientCertIfGiven, []tls.Certificate{ours.issue(t, billing, report)}, "", codes.Unauthenticated, ""},

		{"with a token", tls.VerifyClientCertIfGiven, []tls.Certificate{ours.issue(t, report)}, writerToken, codes.OK, "bob"},
		{"with a token that is wrong", tls.VerifyClientCertIfGiven, []tls.Certificate{ours.issue(t, billing)}, wrongToken, codes.Unauthenticated, ""},
	} {
		for _, verifier := range []auth.Verifier{
			auth.First(staticTokens(t), auth.Certificates(auth.SPIFFE)), auth.First(auth.Certificates(auth.SPIFFE), staticTokens(t)),
		} {
			w := &witness{}
			allow, err := auth.ParseGrants(billing + " role:writer")
			if err != nil {
				t.Fatal(err)
			}
			client := frameworktest.DummyClient(t, append(ours.secured(t, tt.check, tt.show...), frameworktest.ServerParts(
				w.outside(), w.inside(), framework.Use(newAuth(t, auth.Options{Verifier: verifier})), framework.Rules("*", auth.Allow.Set(allow))))...)
			for _, kind := range kinds {
				t.Run(tt.name+"/"+kind.String(), func(t *testing.T) {
					ctx := t.Context()
					if tt.token != "" {
						ctx = showing(t, "Bearer "+tt.token)
					}
					_, err := frameworktest.Execute(ctx, client, kind, []string{"x"})
					saw := w.take()
					if tt.want != codes.OK {
						wantRefusal(t, err, tt.want)
						saw.wantCallers(t)
					} else if err != nil {
						t.Error(err)
					}
					wantPrincipal(t, saw, tt.caller)
					saw.wantNoMarker(t, err)
				})
			}
		}
	}
}

// A certificate that another authority issued does not come as far as an interceptor.
func TestForeignCertificate(t *testing.T) {
	t.Parallel()
	ours, theirs := newAuthority(t), newAuthority(t)
	w := &witness{}
	client := frameworktest.DummyClient(t, append(ours.secured(t, tls.VerifyClientCertIfGiven, theirs.issue(t, billing)), frameworktest.ServerParts(
		w.outside(), framework.Use(newAuth(t, auth.Options{Verifier: auth.Certificates(auth.SPIFFE)}))))...)
	if _, err := frameworktest.Execute(t.Context(), client, framework.Unary, []string{"x"}); status.Code(err) != codes.Unavailable {
		t.Error(err)
	}
	if saw := w.take(); len(saw.errs) > 0 {
		t.Errorf("an RPC came: %v", saw.errs)
	}
}

// In plaintext, and without any peer, there is no certificate.
func TestNoCertificate(t *testing.T) {
	t.Parallel()
	v := auth.Certificates(func(*x509.Certificate) (*auth.Principal, error) { return &reader, nil })
	w := &witness{}
	_, err := frameworktest.Execute(t.Context(), w.client(t, auth.Options{Verifier: v}).stub(), framework.Unary, []string{"x"})
	wantRefusal(t, err, codes.Unauthenticated)
	if _, err := v.Verify(context.Background(), auth.Credentials{}); err != auth.ErrNotMine {
		t.Error(err)
	}
}

func TestSPIFFE(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		uris []string
		id   string
		is   error
		says string
	}{
		{[]string{billing}, billing, nil, ""},
		{nil, "", auth.ErrNotMine, ""},
		{[]string{billing, report}, "", auth.ErrRejected, "has 2 URIs"},
		{[]string{"https://acme.example/billing"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe://acme.example"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe:///billing"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe:billing"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe://me@acme.example/billing"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe://acme.example:443/billing"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe://acme.example/billing?"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe://acme.example/billing#a"}, "", auth.ErrRejected, "no SPIFFE ID"},
		{[]string{"spiffe://acme.example/" + strings.Repeat("a", 2048)}, "", auth.ErrRejected, "no SPIFFE ID"},
	} {
		cert := &x509.Certificate{}
		for _, uri := range tt.uris {
			cert.URIs = append(cert.URIs, parsed(t, uri))
		}
		p, err := auth.SPIFFE(cert)
		if !errors.Is(err, tt.is) || !strings.Contains(fmt.Sprint(err), tt.says) {
			t.Errorf("%q: %v", tt.uris, err)
		}
		if tt.id != "" && (p == nil || p.ID != tt.id) {
			t.Errorf("%q: %v", tt.uris, p)
		}
	}
}
