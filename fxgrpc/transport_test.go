package fxgrpc_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/fx"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
	"github.com/sluice-go/sluice/fxgrpc/fxgrpctest"
)

// TestTransport has a client of the app call a server of the app.
func TestTransport(t *testing.T) {
	t.Parallel()
	cert, key := certificate(t)
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(pair.Leaf)
	old := &tls.Config{RootCAs: roots, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS11} //nolint:gosec // the server is to refuse it
	for _, tt := range []struct {
		name   string
		server fxgrpc.ServerOption
		client []fxgrpc.ClientOption
		want   codes.Code
	}{
		{"plaintext", fxgrpc.Insecure(), []fxgrpc.ClientOption{fxgrpc.Insecure()}, codes.OK},
		{"TLS", fxgrpc.TLS(&tls.Config{Certificates: []tls.Certificate{pair}}), []fxgrpc.ClientOption{fxgrpc.TLS(&tls.Config{RootCAs: roots})}, codes.OK},
		{"files", fxgrpc.TLSFiles(cert, key, ""), []fxgrpc.ClientOption{fxgrpc.TLSFiles("", "", cert)}, codes.OK},
		{"files of both", fxgrpc.TLSFiles(cert, key, cert), []fxgrpc.ClientOption{fxgrpc.TLSFiles(cert, key, cert)}, codes.OK},
		{"files, and the client has none", fxgrpc.TLSFiles(cert, key, cert), []fxgrpc.ClientOption{fxgrpc.TLSFiles("", "", cert)}, codes.Unavailable},
		{"nothing said by the client", fxgrpc.TLSFiles(cert, key, ""), nil, codes.Unavailable},
		{"plaintext to TLS", fxgrpc.TLSFiles(cert, key, ""), []fxgrpc.ClientOption{fxgrpc.Insecure()}, codes.Unavailable},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var stub dummypb.DummyServiceClient
			fxgrpctest.New(t, quiet, fxgrpc.Module, fxgrpc.Server(tt.server), dummies(), fx.Populate(&stub),
				fxgrpc.Client("a", dummypb.NewDummyServiceClient, append(tt.client, fxgrpc.Address("dns:///dummy.test:443"))...))
			if _, err := stub.Execute(t.Context(), &dummypb.DummyRequest{}); status.Code(err) != tt.want {
				t.Errorf("got %v, want %v", err, tt.want)
			}
		})
	}
	t.Run("TLS 1.1", func(t *testing.T) {
		t.Parallel()
		app := fxgrpctest.New(t, quiet, fxgrpc.Module, fxgrpc.Server(fxgrpc.TLSFiles(cert, key, ""), fxgrpc.Listener(loopback(t))))
		if _, err := tls.Dial("tcp", app.Plan.Addr("default").String(), old); err == nil {
			t.Error("the server took it")
		}
	})
}

// certificate writes a self-signed certificate for dummy.test and its key.
func certificate(t *testing.T) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "dummy"}, DNSNames: []string{"dummy.test"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	public, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return inPEM(t, "CERTIFICATE", public), inPEM(t, "PRIVATE KEY", secret)
}

func inPEM(t *testing.T, what string, bytes []byte) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "x.pem")
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: what, Bytes: bytes}), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
