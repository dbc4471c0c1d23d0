package fxgrpc

import (
	"crypto/tls"
	"maps"
	"slices"

	"github.com/sluice-go/sluice/internal/tag"
)

// ServerTLS is how a server proves itself, and whom it lets in. Its files are in PEM, read when the app is built. Where
// more is wanted, say [TLS] with a config of crypto/tls.
type ServerTLS struct {
	// Cert is the file with the certificate, and those between it and its root. A server needs one.
	Cert string `json:"cert" yaml:"cert" env:"CERT"`

	// Key is the file with the private key of the certificate. A server needs one.
	Key string `json:"key" yaml:"key" env:"KEY"`

	// CA is the file with the roots that signed the certificates of clients. Default: none; clients are not asked for one.
	CA string `json:"ca" yaml:"ca" env:"CA"`

	// ClientAuth says which clients are let in: with "require" those with a certificate that the CA signed, with
	// "optional" those without any as well. Default: "require" where there is a CA.
	ClientAuth string `json:"client_auth" yaml:"client_auth" env:"CLIENT_AUTH"`

	// MinVersion is the least version of TLS: "1.2" or "1.3". Default: "1.2".
	MinVersion string `json:"min_version" yaml:"min_version" env:"MIN_VERSION"`
}

// ClientTLS is which servers a client trusts, and how it proves itself. Its files are in PEM, read when the app is built.
// Where more is wanted, say [TLS] with a config of crypto/tls.
type ClientTLS struct {
	// CA is the file with the roots that signed the certificates of servers. Default: the machine's roots.
	CA string `json:"ca" yaml:"ca" env:"CA"`

	// Cert is the file with the client's own certificate, and those between it and its root. Default: none.
	Cert string `json:"cert" yaml:"cert" env:"CERT"`

	// Key is the file with the private key of the certificate. Default: none.
	Key string `json:"key" yaml:"key" env:"KEY"`

	// ServerName is the name that the server's certificate must have, sent as the authority of calls, too. Default: the
	// address without its port.
	ServerName string `json:"server_name" yaml:"server_name" env:"SERVER_NAME"`

	// MinVersion is the least version of TLS: "1.2" or "1.3". Default: "1.2".
	MinVersion string `json:"min_version" yaml:"min_version" env:"MIN_VERSION"`
}

// tlsVersions are those that may be the least.
func tlsVersions() map[string]uint16 {
	return map[string]uint16{"": 0, "1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}
}

// clientAuths say which clients are let in. What lets in unverified certificates has no word.
func clientAuths() map[string]tls.ClientAuthType {
	return map[string]tls.ClientAuthType{
		"":         tls.NoClientCert, // or what goes with a CA
		"require":  tls.RequireAndVerifyClientCert,
		"optional": tls.VerifyClientCertIfGiven,
	}
}

// words are those of a table, but for the empty one.
func words[T any](table map[string]T) []string { return slices.Sorted(maps.Keys(table))[1:] }

func (t ServerTLS) check(f flaws) {
	if t == (ServerTLS{}) {
		return
	}
	if t.Cert == "" {
		f.add("cert", "it is missing, and a server needs a certificate; name its file")
	}
	if t.Key == "" {
		f.add("key", "it is missing, and a server needs the key of its certificate; name its file")
	}
	if t.ClientAuth != "" && t.CA == "" {
		f.add("client_auth", "ca is not set, without which no client is asked for a certificate; name its file")
	}
	if _, ok := clientAuths()[t.ClientAuth]; !ok {
		f.add("client_auth", "%q is unknown%s", t.ClientAuth, tag.DidYouMean(t.ClientAuth, words(clientAuths())))
	}
	f.version(t.MinVersion)
}

func (t ClientTLS) check(f flaws) {
	if t.Cert == "" && t.Key != "" {
		f.add("cert", "it is missing, and key is that of a certificate; name both files or neither")
	}
	if t.Key == "" && t.Cert != "" {
		f.add("key", "it is missing, and cert proves nothing without; name both files or neither")
	}
	f.header("server_name", t.ServerName)
	f.version(t.MinVersion)
}

func (f flaws) version(v string) {
	if _, ok := tlsVersions()[v]; ok {
		return
	}
	if slices.Contains([]string{"1.0", "1.1"}, v) {
		f.add("min_version", "TLS %s is broken; 1.2 is the least", v)
		return
	}
	f.add("min_version", "%q is no version of TLS%s", v, tag.DidYouMean(v, words(tlsVersions())))
}

func (t ServerTLS) transport() transport {
	return transport{
		config: &tls.Config{MinVersion: tlsVersions()[t.MinVersion], ClientAuth: clientAuths()[t.ClientAuth]},
		files:  &files{cert: t.Cert, key: t.Key, ca: t.CA, checked: true},
	}
}

func (t ClientTLS) transport() transport {
	return transport{
		config: &tls.Config{MinVersion: tlsVersions()[t.MinVersion], ServerName: t.ServerName},
		files:  &files{cert: t.Cert, key: t.Key, ca: t.CA, checked: true},
	}
}
