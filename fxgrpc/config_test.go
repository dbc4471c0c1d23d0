package fxgrpc_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/sluice-go/sluice/fxgrpc"
)

// A setting is a field of a config, with its path: "keepalive.max_age".
type setting struct {
	path  string
	field reflect.StructField
	owner string // the struct's name
}

// settings are the fields of a config type, and those inside of them.
func settings(t reflect.Type, path string) (all []setting) {
	for f := range t.Fields() {
		name := path + f.Tag.Get("json")
		all = append(all, setting{name, f, t.Name()})
		if f.Type.Kind() == reflect.Struct {
			all = append(all, settings(f.Type, name+".")...)
		}
	}
	return all
}

// leaves are the paths of a config's fields that are no structs.
func leaves(t reflect.Type) (paths []string) {
	for _, s := range settings(t, "") {
		if s.field.Type.Kind() != reflect.Struct {
			paths = append(paths, s.path)
		}
	}
	return paths
}

func configTypes() []reflect.Type {
	return []reflect.Type{reflect.TypeFor[fxgrpc.ServerConfig](), reflect.TypeFor[fxgrpc.ClientConfig]()}
}

// TestConfigNames holds the names of every field to each other: the field's own, those for JSON, YAML and the
// environment.
func TestConfigNames(t *testing.T) {
	t.Parallel()
	for _, config := range configTypes() {
		for _, s := range settings(config, "") {
			name := snake(s.field.Name)
			want := reflect.StructTag(`json:"` + name + `" yaml:"` + name + `" env:"` + strings.ToUpper(name) + `"`)
			if s.field.Type.Kind() == reflect.Struct {
				want = reflect.StructTag(`json:"` + name + `" yaml:"` + name + `" envPrefix:"` + strings.ToUpper(name) + `_"`)
			}
			if s.field.Tag != want {
				t.Errorf("%s.%s has the tag %s, want %s", s.owner, s.field.Name, s.field.Tag, want)
			}
		}
	}
}

// snake is "max_age" of "MaxAge", and "tls" of "TLS".
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) && unicode.IsLower(rune(name[i-1])) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// TestConfigDocs wants every field explained, and its default told.
func TestConfigDocs(t *testing.T) {
	t.Parallel()
	docs := fieldDocs(t)
	for _, config := range configTypes() {
		for _, s := range settings(config, "") {
			doc := strings.Join(strings.Fields(docs[s.owner+"."+s.field.Name]), " ")
			if !strings.HasPrefix(doc, s.field.Name+" ") || !strings.HasSuffix(doc, ".") {
				t.Errorf("%s.%s is explained by %q", s.owner, s.field.Name, doc)
			}
			if s.field.Type.Kind() != reflect.Struct && !strings.Contains(doc, "Default: ") && !strings.Contains(doc, "A server needs one.") {
				t.Errorf("%s.%s does not tell its default: %q", s.owner, s.field.Name, doc)
			}
		}
	}
}

// fieldDocs are the comments on the fields of this package's structs: "ServerConfig.Address".
func fieldDocs(t *testing.T) map[string]string {
	t.Helper()
	docs := map[string]string{}
	files, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), "config.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for spec := range ast.Preorder(file) {
			if spec, ok := spec.(*ast.TypeSpec); ok {
				docsOf(docs, spec)
			}
		}
	}
	return docs
}

func docsOf(docs map[string]string, spec *ast.TypeSpec) {
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return
	}
	for _, f := range s.Fields.List {
		for _, name := range f.Names {
			docs[spec.Name.Name+"."+name.Name] = f.Doc.Text()
		}
	}
}

// fullServer has every field set, and fullClient.
func fullServer() fxgrpc.ServerConfig {
	return fxgrpc.ServerConfig{
		Address:   ":8443",
		Insecure:  true,
		TLS:       fxgrpc.ServerTLS{Cert: "tls.crt", Key: "tls.key", CA: "ca.crt", ClientAuth: "optional", MinVersion: "1.3"},
		Drain:     fxgrpc.ServerDrain{Delay: time.Second, Timeout: new(time.Duration(0))},
		Keepalive: fxgrpc.ServerKeepalive{new(time.Minute), time.Hour, time.Minute, 2 * time.Second, time.Second, 5 * time.Second, true},
		Limits:    fxgrpc.ServerLimits{10, 8 << 10, 1 << 20, 2 << 20, time.Second},
	}
}

func fullClient() fxgrpc.ClientConfig {
	return fxgrpc.ClientConfig{
		Address:           "dns:///orders:443",
		Insecure:          true,
		TLS:               fxgrpc.ClientTLS{CA: "ca.crt", Cert: "tls.crt", Key: "tls.key", ServerName: "orders.test", MinVersion: "1.3"},
		Keepalive:         fxgrpc.ClientKeepalive{30 * time.Second, time.Second, true},
		MaxReceiveBytes:   1 << 20,
		MaxSendBytes:      2 << 20,
		UserAgent:         "shop/1.0",
		Authority:         "orders.test",
		IdleTimeout:       new(time.Duration(0)),
		Backoff:           fxgrpc.ClientBackoff{time.Second, 2, new(0.5), time.Minute},
		MinConnectTimeout: time.Second,
		WaitForReady:      true,
		LoadBalancing:     "round_robin",
		ServiceConfig:     `{"loadBalancingConfig":[{"round_robin":{}}]}`,
	}
}

// TestConfigJSON writes and reads configs with every field, and with none.
func TestConfigJSON(t *testing.T) {
	t.Parallel()
	roundTrip(t, fxgrpc.ServerConfig{})
	roundTrip(t, fxgrpc.ClientConfig{})
	full := roundTrip(t, fullServer()) + roundTrip(t, fullClient())
	for _, want := range []string{`"max_receive_bytes":"1MiB"`, `"max_header_bytes":"8KiB"`, `"timeout":0`, `"idle_timeout":0`, `"jitter":0.5`} {
		if !strings.Contains(full, want) {
			t.Errorf("%s is not in %s", want, full)
		}
	}
}

// roundTrip gives the JSON of a config that comes back as it was.
func roundTrip[T any](t *testing.T, config T) string {
	t.Helper()
	text, err := json.Marshal(config)
	if err != nil {
		t.Fatal(err)
	}
	var back T
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&back); err != nil || !reflect.DeepEqual(back, config) {
		t.Errorf("%+v came back as %+v, %v", config, back, err)
	}
	return string(text)
}

// TestConfigFull holds the full configs to being full, so that what is tested with them is everything.
func TestConfigFull(t *testing.T) {
	t.Parallel()
	for _, config := range []any{fullServer(), fullClient()} {
		for _, path := range unset(reflect.ValueOf(config), "") {
			t.Errorf("%T lacks %s", config, path)
		}
	}
	if got := unset(reflect.ValueOf(fxgrpc.ServerConfig{}), ""); !slices.Equal(got, leaves(reflect.TypeFor[fxgrpc.ServerConfig]())) {
		t.Errorf("the zero config lacks %q", got)
	}
}

// unset are the paths of the fields that are zero.
func unset(v reflect.Value, path string) (paths []string) {
	for i := range v.NumField() {
		name := path + v.Type().Field(i).Tag.Get("json")
		switch f := v.Field(i); {
		case f.Kind() == reflect.Struct:
			paths = append(paths, unset(f, name+".")...)
		case f.IsZero():
			paths = append(paths, name)
		}
	}
	return paths
}

// TestConfigValidate has bad configs, and all that is said of them.
func TestConfigValidate(t *testing.T) {
	t.Parallel()
	type (
		server    = fxgrpc.ServerConfig
		client    = fxgrpc.ClientConfig
		serverTLS = fxgrpc.ServerTLS
		clientTLS = fxgrpc.ClientTLS
	)
	secure := serverTLS{Cert: "a", Key: "b"}
	for _, tt := range []struct {
		name   string
		config interface{ Validate() error }
		want   string
	}{
		{"a server that says nothing", server{}, `tls: it is not said how connections are secured; set cert and key, or insecure to true for plaintext`},
		{"a server in plaintext", server{Insecure: true}, ""},
		{"a server with TLS", server{TLS: secure}, ""},
		{"a server of which all is said but TLS", func() server { c := fullServer(); c.TLS = serverTLS{}; return c }(), ""},
		{"a server with both", server{Insecure: true, TLS: secure}, `insecure: tls is set as well; leave one out`},
		{"no certificate", server{TLS: serverTLS{Key: "b"}}, `tls.cert: it is missing, and a server needs a certificate; name its file`},
		{"no key", server{TLS: serverTLS{Cert: "a"}}, `tls.key: it is missing, and a server needs the key of its certificate; name its file`},
		{"a CA alone", server{TLS: serverTLS{CA: "c"}}, `tls.cert: it is missing, and a server needs a certificate; name its file
tls.key: it is missing, and a server needs the key of its certificate; name its file`},
		{"client_auth without a CA", server{TLS: serverTLS{Cert: "a", Key: "b", ClientAuth: "require"}}, `tls.client_auth: ca is not set, without which no client is asked for a certificate; name its file`},
		{"a misspelt client_auth", server{TLS: serverTLS{Cert: "a", Key: "b", CA: "c", ClientAuth: "requires"}}, `tls.client_auth: "requires" is unknown; did you mean "require"?`},
		{"a client_auth that verifies nothing", server{TLS: serverTLS{Cert: "a", Key: "b", CA: "c", ClientAuth: "request"}}, `tls.client_auth: "request" is unknown; there are ["optional" "require"]`},
		{"TLS 1.1", server{TLS: serverTLS{Cert: "a", Key: "b", MinVersion: "1.1"}}, `tls.min_version: TLS 1.1 is broken; 1.2 is the least`},
		{"TLS 1.0", client{Address: "a", TLS: clientTLS{MinVersion: "1.0"}}, `tls.min_version: TLS 1.0 is broken; 1.2 is the least`},
		{"an unknown version of TLS", server{TLS: serverTLS{Cert: "a", Key: "b", MinVersion: "TLS13"}}, `tls.min_version: "TLS13" is no version of TLS; there are ["1.2" "1.3"]`},
		{"a port alone", server{Insecure: true, Address: "8443"}, `address: "8443" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`},
		{"a host alone", server{Insecure: true, Address: "localhost"}, `address: "localhost" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`},
		{"an empty port", server{Insecure: true, Address: "localhost:"}, `address: "localhost:" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`},
		{"too large a port", server{Insecure: true, Address: ":65536"}, `address: ":65536" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`},
		{"a target of a client", server{Insecure: true, Address: "dns:///a:443"}, `address: "dns:///a:443" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`},
		{"no path", server{Insecure: true, Address: "unix:"}, `address: "unix:" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`},
		{"a path with a host", server{Insecure: true, Address: "unix://run/x"}, `address: "unix://run/x" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`},
		{"negative durations", server{
			Insecure: true, Drain: fxgrpc.ServerDrain{-1, new(time.Duration(-1))}, Keepalive: fxgrpc.ServerKeepalive{new(time.Duration(-1)), -1, -1, -1, -1, -1, false},
			Limits: fxgrpc.ServerLimits{ConnectionTimeout: -time.Second},
		}, `drain.delay: -1ns is negative; leave it out for the default
drain.timeout: -1ns is negative; leave it out for the default
keepalive.idle: -1ns is negative; leave it out for the default
keepalive.max_age: -1ns is negative; leave it out for the default
keepalive.age_grace: -1ns is negative; leave it out for the default
keepalive.time: -1ns is negative; leave it out for the default
keepalive.timeout: -1ns is negative; leave it out for the default
keepalive.min_time: -1ns is negative; leave it out for the default
limits.connection_timeout: -1s is negative; leave it out for the default`},
		{"a duration without a unit", server{Insecure: true, Drain: fxgrpc.ServerDrain{Timeout: new(time.Duration(5))}}, `drain.timeout: 5ns is below 1ms; a bare number is nanoseconds: five seconds are "5s", or 5000000000 to encoding/json`},
		{"a ping that grpc would put off", server{Insecure: true, Keepalive: fxgrpc.ServerKeepalive{Time: 500 * time.Millisecond}}, `keepalive.time: 500ms is below 1s, which grpc would take in its place; say so, or more`},
		{"grace without an age", server{Insecure: true, Keepalive: fxgrpc.ServerKeepalive{AgeGrace: time.Second}}, `keepalive.age_grace: max_age is not set, without which no connection ends of age; set it`},
		{"sizes", server{Insecure: true, Limits: fxgrpc.ServerLimits{0, -1, 2 << 30, 3 << 30, 0}}, `limits.max_header_bytes: -1B is negative; leave it out for the default
limits.max_receive_bytes: 2GiB is above 2GiB less a byte, the most that a message can have
limits.max_send_bytes: 3GiB is above 2GiB less a byte, the most that a message can have`},

		{"a client that says nothing", client{}, `address: it is not said whom to call; set it`},
		{"a client with an address", client{Address: "a"}, ""},
		{"a client of which all is said that can be", func() client { c := fullClient(); c.Insecure, c.LoadBalancing = false, ""; return c }(), ""},
		{"a client with a policy", client{Address: "a", LoadBalancing: "pick_first"}, ""},
		{"a client with both", client{Address: "a", Insecure: true, TLS: clientTLS{CA: "c"}}, `insecure: tls is set as well; leave one out`},
		{"a client's certificate without its key", client{Address: "a", TLS: clientTLS{Cert: "a"}}, `tls.key: it is missing, and cert proves nothing without; name both files or neither`},
		{"a client's key without its certificate", client{Address: "a", TLS: clientTLS{Key: "a"}}, `tls.cert: it is missing, and key is that of a certificate; name both files or neither`},
		{"pings that grpc would put off", client{Address: "a", Keepalive: fxgrpc.ClientKeepalive{Time: time.Second}}, `keepalive.time: 1s is below 10s, which grpc would take in its place; say so, or more`},
		{"no pings, but their timeout", client{Address: "a", Keepalive: fxgrpc.ClientKeepalive{Timeout: time.Second}}, `keepalive.time: it is not set, without which nothing is pinged, whatever timeout and permit_without_stream are; set it`},
		{"no pings, but permitted ones", client{Address: "a", Keepalive: fxgrpc.ClientKeepalive{PermitWithoutStream: true}}, `keepalive.time: it is not set, without which nothing is pinged, whatever timeout and permit_without_stream are; set it`},
		{"a client's sizes", client{Address: "a", MaxReceiveBytes: -1, MaxSendBytes: 1 << 40}, `max_receive_bytes: -1B is negative; leave it out for the default
max_send_bytes: 1024GiB is above 2GiB less a byte, the most that a message can have`},
		{"headers", client{Address: "a", UserAgent: "a\nb", Authority: "ü", TLS: clientTLS{ServerName: "a\x00"}}, `tls.server_name: "a\x00" has characters that no header can have; printable ASCII is allowed
user_agent: "a\nb" has characters that no header can have; printable ASCII is allowed
authority: "ü" has characters that no header can have; printable ASCII is allowed
authority: it is "ü" and tls.server_name is "a\x00", while grpc has one name for both; leave one out`},
		{"a client's durations", client{Address: "a", IdleTimeout: new(time.Duration(-1)), MinConnectTimeout: -1, Keepalive: fxgrpc.ClientKeepalive{Time: 3, Timeout: -1}, Backoff: fxgrpc.ClientBackoff{BaseDelay: -1, MaxDelay: -2}}, `keepalive.time: 3ns is below 1ms; a bare number is nanoseconds: five seconds are "5s", or 5000000000 to encoding/json
keepalive.timeout: -1ns is negative; leave it out for the default
idle_timeout: -1ns is negative; leave it out for the default
backoff.base_delay: -1ns is negative; leave it out for the default
backoff.max_delay: -2ns is negative; leave it out for the default
min_connect_timeout: -1ns is negative; leave it out for the default`},
		{"a shrinking backoff", client{Address: "a", Backoff: fxgrpc.ClientBackoff{Multiplier: 0.5, Jitter: new(1.5), MaxDelay: 100 * time.Millisecond}}, `backoff.max_delay: 100ms is below base_delay, 1s; set one of them otherwise
backoff.multiplier: 0.5 is below 1, and waits would shrink
backoff.jitter: 1.5 is no part of a wait; say 0 to 1`},
		{"an unknown policy", client{Address: "a", LoadBalancing: "roundrobin"}, `load_balancing: the program links no policy "roundrobin"; did you mean "round_robin"?`},
		{"an unknown policy of a service config", client{Address: "a", ServiceConfig: `{"loadBalancingPolicy":"least"}`}, `service_config: the program links no policy "least"; there are ["pick_first" "round_robin"]`},
		{"a policy twice", client{Address: "a", LoadBalancing: "round_robin", ServiceConfig: "{}"}, `load_balancing: service_config is set as well; have it say the policy`},
		{"no JSON", client{Address: "a", ServiceConfig: "{"}, `service_config: grpc: the provided default service config is invalid: unexpected end of JSON input`},
		{"no service config", client{Address: "a", ServiceConfig: `{"methodConfig":[{"name":[{}],"timeout":"soon"}]}`}, `service_config: grpc: the provided default service config is invalid: malformed duration "soon": missing seconds unit`},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := ""
			if err := tt.config.Validate(); err != nil {
				got = err.Error()
			}
			if got != tt.want {
				t.Errorf("it says\n%s\nwant\n%s", got, tt.want)
			}
		})
	}
}
