package fxgrpc

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"os"

	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// A TransportOption says how a server or a client is secured: [Insecure], [TLS] or [TLSFiles]. A server must have one.
// A client that has none uses TLS with the machine's roots.
type TransportOption interface {
	ServerOption
	ClientOption
}

// Insecure says that connections are plaintext: anyone between can read and change what is sent.
func Insecure() TransportOption { return transport{insecure: true} }

// TLS secures connections. The config is copied; its MinVersion is TLS 1.2 where it says none, and an earlier one is
// an error. A server's must hold a certificate, a client's may be nil or zero: the machine's roots.
func TLS(config *tls.Config) TransportOption { return transport{config: config.Clone()} }

// TLSFiles secures connections with PEM files, read when the app is built. A server proves itself with cert and key, and
// with a ca ("" for none) accepts only clients with a certificate that it signed. A client accepts only servers with one
// that ca signed ("": the machine's roots), and proves itself where cert and key are given ("" for neither).
func TLSFiles(cert, key, ca string) TransportOption {
	return transport{files: &files{cert, key, ca}}
}

// A transport is how connections are secured. One of the fields is set.
type transport struct {
	insecure bool
	config   *tls.Config
	files    *files
}

type files struct{ cert, key, ca string }

func (t transport) server(s *serverSpec) { s.transports = append(s.transports, t) }

func (t transport) client(c *clientSpec) { c.transports = append(c.transports, t) }

// check gives what is wrong with the transport of a server, before any file is read.
func (t transport) check() error {
	switch {
	case t.insecure:
		return nil
	case t.files != nil && (t.files.cert == "" || t.files.key == ""):
		return errors.New("TLSFiles: a server needs cert and key")
	case t.files == nil && t.config == nil:
		return errors.New("TLS: the config is nil, and a server needs a certificate")
	case t.files == nil && len(t.config.Certificates) == 0 && t.config.GetCertificate == nil && t.config.GetConfigForClient == nil:
		return errors.New("TLS: the config has no certificate, and a server needs one")
	}
	return t.checkVersion()
}

func (t transport) checkVersion() error {
	if t.config != nil && t.config.MinVersion != 0 && t.config.MinVersion < tls.VersionTLS12 {
		return fmt.Errorf("TLS: MinVersion is %s; TLS 1.2 is the least", tls.VersionName(t.config.MinVersion))
	}
	return nil
}

// serverCredentials are the credentials of a server that has the transport.
func (t transport) serverCredentials() (credentials.TransportCredentials, error) {
	config, err := t.read()
	if err != nil || config == nil {
		return insecure.NewCredentials(), err
	}
	if t.files != nil && t.files.ca != "" {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, config.RootCAs
	}
	return credentials.NewTLS(config), nil
}

// clientCredentials are the credentials of a client that has the transport.
func (t transport) clientCredentials() (credentials.TransportCredentials, error) {
	config, err := t.read()
	if err != nil || config == nil {
		return insecure.NewCredentials(), err
	}
	return credentials.NewTLS(config), nil
}

// read gives the config, with what is in the files; nil for plaintext.
func (t transport) read() (*tls.Config, error) {
	if t.insecure {
		return nil, nil
	}
	config := &tls.Config{}
	if t.config != nil {
		config = t.config.Clone()
	}
	config.MinVersion = max(config.MinVersion, tls.VersionTLS12)
	if t.files == nil {
		return config, nil
	}
	return config, t.files.into(config)
}

func (f *files) into(config *tls.Config) error {
	if f.cert != "" || f.key != "" {
		pair, err := tls.LoadX509KeyPair(f.cert, f.key)
		if err != nil {
			return fmt.Errorf("TLSFiles: certificate %q with key %q: %w", f.cert, f.key, err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	if f.ca == "" {
		return nil
	}
	pem, err := os.ReadFile(f.ca)
	if err != nil {
		return fmt.Errorf("TLSFiles: ca: %w", err)
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(pem) {
		return fmt.Errorf("TLSFiles: ca %q holds no certificate in PEM", f.ca)
	}
	return nil
}
