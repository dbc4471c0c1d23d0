package fxgrpc

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
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
	return transport{files: &files{cert: cert, key: key, ca: ca}}
}

// A transport is how connections are secured: in plaintext, or by a config, by files, or by files and what a config has
// beside them.
type transport struct {
	insecure bool
	config   *tls.Config
	files    *files
}

// files are those of TLSFiles, or of a ServerConfig or ClientConfig, which has them checked already.
type files struct {
	cert, key, ca string
	checked       bool
}

// twoTransports is what is wrong where security is said more than once.
const twoTransports = "two of Insecure, TLS and TLSFiles were said, or one beside the config's own tls or insecure; leave one"

func (t transport) server(s *serverSpec) { s.transports = append(s.transports, t) }

func (t transport) client(c *clientSpec) { c.transports = append(c.transports, t) }

// check gives what is wrong with the transport of a server, before any file is read.
func (t transport) check() error {
	switch {
	case t.insecure, t.files != nil && t.files.checked:
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

// serverCredentials are the credentials of a server that has the transport. path is that of its config.
func (t transport) serverCredentials(path string) (credentials.TransportCredentials, error) {
	config, err := t.read(path)
	if err != nil || config == nil {
		return insecure.NewCredentials(), err
	}
	if t.files != nil && t.files.ca != "" {
		config.ClientAuth, config.ClientCAs = cmp.Or(config.ClientAuth, tls.RequireAndVerifyClientCert), config.RootCAs
	}
	return credentials.NewTLS(config), nil
}

// clientCredentials are the credentials of a client that has the transport. path is that of its config.
func (t transport) clientCredentials(path string) (credentials.TransportCredentials, error) {
	config, err := t.read(path)
	if err != nil || config == nil {
		return insecure.NewCredentials(), err
	}
	return credentials.NewTLS(config), nil
}

// read gives the config, with what is in the files; nil for plaintext.
func (t transport) read(path string) (*tls.Config, error) {
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
	return config, t.files.into(config, path)
}

// into reads the files, and tells of all that can't be.
func (f *files) into(config *tls.Config, path string) error {
	cert, noCert := f.read(path, "cert", f.cert)
	key, noKey := f.read(path, "key", f.key)
	ca, noCA := f.read(path, "ca", f.ca)
	if err := errors.Join(noCert, noKey, noCA); err != nil {
		return err
	}
	return errors.Join(f.prove(config, path, cert, key), f.trust(config, path, ca))
}

// read is a file's content, nil where there is none.
func (f *files) read(path, what, file string) ([]byte, error) {
	if file == "" {
		return nil, nil
	}
	bytes, err := os.ReadFile(file)
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		err = fmt.Errorf("%s%q: %w", f.label(path, what), file, failed.Err) // which does not name the file again
	}
	return bytes, err
}

// label begins an error about one of the files.
func (f *files) label(path, what string) string {
	if f.checked {
		return path + "tls." + what + ": "
	}
	return "TLSFiles: " + what + " "
}

// prove has the config prove who it is.
func (f *files) prove(config *tls.Config, path string, cert, key []byte) error {
	if f.cert == "" && f.key == "" {
		return nil
	}
	pair, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return fmt.Errorf("%s%q with key %q: %w", f.label(path, "cert"), f.cert, f.key, err)
	}
	config.Certificates = []tls.Certificate{pair}
	return nil
}

// trust has the config trust whom the ca signed.
func (f *files) trust(config *tls.Config, path string, ca []byte) error {
	if f.ca == "" {
		return nil
	}
	config.RootCAs = x509.NewCertPool()
	if !config.RootCAs.AppendCertsFromPEM(ca) {
		return fmt.Errorf("%s%q holds no certificate in PEM", f.label(path, "ca"), f.ca)
	}
	return nil
}
