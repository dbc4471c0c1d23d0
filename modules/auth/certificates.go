package auth

import (
	"context"
	"crypto/x509"
	"fmt"
	"net/url"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/peer"
)

// Certificates is a Verifier of the certificate with which a caller opened its connection (mutual TLS). identify, SPIFFE
// for instance, is given one that the handshake has verified, and says whose it is as a Verifier does.
//
// A certificate counts where the caller shows no "authorization" besides: behind a proxy the certificate is the
// proxy's, and a token that is wrong must not make the caller the proxy. One that the handshake did not verify against the
// ClientCAs is rejected: the server's tls.Config needs a ClientAuth of VerifyClientCertIfGiven or
// RequireAndVerifyClientCert. For one that verifies by itself, in VerifyPeerCertificate, a VerifierFunc reads the peer.
//
// One that expires stays what it was while its connection lasts, as everywhere in TLS: the age of connections bounds
// that (keepalive.ServerParameters.MaxConnectionAge), or identify sets Expires.
func Certificates(identify func(cert *x509.Certificate) (*Principal, error)) Verifier {
	return certificates{identify}
}

type certificates struct {
	identify func(cert *x509.Certificate) (*Principal, error)
}

func (c certificates) Verify(ctx context.Context, shown Credentials) (*Principal, error) {
	p, ok := peer.FromContext(ctx)
	if !ok || shown.Present() {
		return nil, ErrNotMine
	}
	info, ok := p.AuthInfo.(credentials.TLSInfo)
	if !ok || len(info.State.PeerCertificates) == 0 {
		return nil, ErrNotMine
	}
	if len(info.State.VerifiedChains) == 0 {
		return nil, fmt.Errorf("%w: nobody verified the certificate; set ClientAuth of the server's tls.Config to tls.VerifyClientCertIfGiven "+
			"or tls.RequireAndVerifyClientCert", ErrRejected)
	}
	return c.identify(info.State.PeerCertificates[0])
}

// SPIFFE makes a Principal of a certificate's SPIFFE ID, "spiffe://trust.domain/path", which is its ID: rules name it so.
// That the ID is of one's own trust domain is for the ClientCAs to see to, and for rules.
//
// A certificate without URIs is ErrNotMine. One with several, or with one that is no SPIFFE ID, is rejected: see the
// SPIFFE X.509-SVID specification, section 2.
func SPIFFE(cert *x509.Certificate) (*Principal, error) {
	switch len(cert.URIs) {
	case 0:
		return nil, ErrNotMine
	case 1:
		if id := cert.URIs[0]; isSPIFFE(id) {
			return &Principal{ID: id.String()}, nil
		}
		return nil, fmt.Errorf("%w: the certificate's URI is no SPIFFE ID", ErrRejected)
	}
	return nil, fmt.Errorf("%w: the certificate has %d URIs, one with a SPIFFE ID has that alone", ErrRejected, len(cert.URIs))
}

// isSPIFFE reports whether a URI is the ID of a workload, by section 2 of the SPIFFE ID specification.
func isSPIFFE(u *url.URL) bool {
	return u != nil && u.Scheme == "spiffe" && u.Host != "" && u.Port() == "" && u.User == nil && len(u.Path) > 1 &&
		u.RawQuery == "" && !u.ForceQuery && u.Fragment == "" && len(u.String()) <= 2048
}
