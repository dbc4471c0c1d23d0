package fxgrpc

import (
	"cmp"
	"net"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/keepalive"
)

// A ServerConfig is what an app's configuration says of a server. It is an option of [Server]:
//
//	fxgrpc.Server(fxgrpc.Named("public"), config.Public, fxgrpc.Drain(0, time.Second))
//
// [Listen] and [Drain] win over it when they are said after it, [Listener] and [ServerOptions] always. A second config is an
// error, and so are [Insecure], [TLS] and [TLSFiles] beside its own tls or insecure. [ConfigFrom] takes one from the graph.
//
// What is zero was not said, and is as each field tells; the zero config changes nothing. Where 0 has a meaning of its own
// the field is a pointer. What is wrong is an error that has the path: servers.public.tls.cert.
//
// Loading is the app's own affair. The names of fields are the same in JSON, YAML and, as caarlos0/env has them, in the
// environment: drain.timeout is DRAIN_TIMEOUT. Most loaders read durations like "5s". encoding/json takes nanoseconds, a
// number, so below 1ms every duration is an error.
type ServerConfig struct {
	// Address is where to listen: "127.0.0.1:8443", ":8443" for all of the machine's interfaces, "unix:/run/orders.sock".
	// Default: "127.0.0.1:0", a free port.
	Address string `json:"address" yaml:"address" env:"ADDRESS"`

	// Insecure has connections in plaintext, as [Insecure]. Default: false; then tls is required, here or as an option.
	Insecure bool `json:"insecure" yaml:"insecure" env:"INSECURE"`

	// TLS secures connections.
	TLS ServerTLS `json:"tls" yaml:"tls" envPrefix:"TLS_"`

	// Drain says how to stop.
	Drain ServerDrain `json:"drain" yaml:"drain" envPrefix:"DRAIN_"`

	// Keepalive says which connections are kept.
	Keepalive ServerKeepalive `json:"keepalive" yaml:"keepalive" envPrefix:"KEEPALIVE_"`

	// Limits are what clients may ask for.
	Limits ServerLimits `json:"limits" yaml:"limits" envPrefix:"LIMITS_"`
}

// ServerDrain is how a server stops; see the option [Drain].
type ServerDrain struct {
	// Delay is for how long calls are still taken, while health says NOT_SERVING. Default: 0.
	Delay time.Duration `json:"delay" yaml:"delay" env:"DELAY"`

	// Timeout is for how long running calls are waited for; 0 cancels them at once. Default: 10s.
	Timeout *time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`
}

// ServerKeepalive is which connections a server keeps; see package keepalive of grpc.
type ServerKeepalive struct {
	// Idle is after how long without a call a connection is closed; 0 is never. Default: 15m.
	Idle *time.Duration `json:"idle" yaml:"idle" env:"IDLE"`

	// MaxAge is after how long a connection takes no more calls, a tenth more or less by chance; clients then make a new
	// one, perhaps to another server. Default: never.
	MaxAge time.Duration `json:"max_age" yaml:"max_age" env:"MAX_AGE"`

	// AgeGrace is how long the calls of a connection have to end after MaxAge. Default: for ever.
	AgeGrace time.Duration `json:"age_grace" yaml:"age_grace" env:"AGE_GRACE"`

	// Time is after how long without a sign of the client it is pinged; at least 1s. Default: 2h.
	Time time.Duration `json:"time" yaml:"time" env:"TIME"`

	// Timeout is for how long an answer to the ping is waited for, before the connection is closed. Default: 20s.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`

	// MinTime is how often clients may ping; the connection of one that does so more often is closed. Default: 5m.
	MinTime time.Duration `json:"min_time" yaml:"min_time" env:"MIN_TIME"`

	// PermitWithoutStream lets clients ping while no call is running. Default: false.
	PermitWithoutStream bool `json:"permit_without_stream" yaml:"permit_without_stream" env:"PERMIT_WITHOUT_STREAM"`
}

// ServerLimits are what clients may ask for.
type ServerLimits struct {
	// MaxConcurrentStreams is how many calls may run on a connection; further ones wait at the client. Default: 250.
	MaxConcurrentStreams uint32 `json:"max_concurrent_streams" yaml:"max_concurrent_streams" env:"MAX_CONCURRENT_STREAMS"`

	// MaxHeaderBytes is how large the headers of a call may be, uncompressed. Default: 16KiB.
	MaxHeaderBytes ByteSize `json:"max_header_bytes" yaml:"max_header_bytes" env:"MAX_HEADER_BYTES"`

	// MaxReceiveBytes is how large a request message may be; more is RESOURCE_EXHAUSTED. Default: 4MiB.
	MaxReceiveBytes ByteSize `json:"max_receive_bytes" yaml:"max_receive_bytes" env:"MAX_RECEIVE_BYTES"`

	// MaxSendBytes is how large a response message may be; more is RESOURCE_EXHAUSTED. Default: 4MiB.
	MaxSendBytes ByteSize `json:"max_send_bytes" yaml:"max_send_bytes" env:"MAX_SEND_BYTES"`

	// ConnectionTimeout is how long a client has to set up a connection, TLS and HTTP/2. Default: 20s.
	ConnectionTimeout time.Duration `json:"connection_timeout" yaml:"connection_timeout" env:"CONNECTION_TIMEOUT"`
}

// Validate reports all that is wrong with the config, joined, each with its path: "drain.delay: …". It judges it as all
// that is said of a server, so that neither tls nor insecure is an error here, while [Server] takes an option for either. It
// opens no file: certificates are read when the app is built.
func (c ServerConfig) Validate() error {
	f := newFlaws("")
	c.check(f)
	if !c.secures() {
		f.add("tls", "it is not said how connections are secured; set cert and key, or insecure to true for plaintext")
	}
	return f.joined()
}

func (c ServerConfig) check(f flaws) {
	if _, _, ok := c.listen(); c.Address != "" && !ok {
		f.add("address", `%q is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"`, c.Address)
	}
	c.TLS.check(f.in("tls"))
	if c.Insecure && c.TLS != (ServerTLS{}) {
		f.add("insecure", "tls is set as well; leave one out")
	}
	c.Drain.check(f.in("drain"))
	c.Keepalive.check(f.in("keepalive"))
	c.Limits.check(f.in("limits"))
}

func (d ServerDrain) check(f flaws) {
	f.duration("delay", d.Delay)
	f.duration("timeout", said(d.Timeout, 0))
}

func (k ServerKeepalive) check(f flaws) {
	f.duration("idle", said(k.Idle, 0))
	f.duration("max_age", k.MaxAge)
	if f.duration("age_grace", k.AgeGrace) && k.MaxAge == 0 {
		f.add("age_grace", "max_age is not set, without which no connection ends of age; set it")
	}
	f.atLeast("time", k.Time, time.Second)
	f.duration("timeout", k.Timeout)
	f.duration("min_time", k.MinTime)
}

func (l ServerLimits) check(f flaws) {
	f.size("max_header_bytes", l.MaxHeaderBytes)
	f.size("max_receive_bytes", l.MaxReceiveBytes)
	f.size("max_send_bytes", l.MaxSendBytes)
	f.duration("connection_timeout", l.ConnectionTimeout)
}

// listen is the address as net.Listen takes it, and whether it is one. A path may have the slashes of a client's target.
func (c ServerConfig) listen() (network, address string, ok bool) {
	if path, unix := strings.CutPrefix(c.Address, "unix:"); unix {
		if absolute, slashes := strings.CutPrefix(path, "//"); slashes {
			return "unix", absolute, strings.HasPrefix(absolute, "/")
		}
		return "unix", path, path != ""
	}
	_, port, err := net.SplitHostPort(c.Address)
	_, wrong := strconv.ParseUint(port, 10, 16)
	return "tcp", c.Address, err == nil && wrong == nil
}

// secures reports whether the config says how connections are secured.
func (c ServerConfig) secures() bool { return c.Insecure || c.TLS != (ServerTLS{}) }

func (c ServerConfig) transport() transport {
	if c.Insecure {
		return transport{insecure: true}
	}
	return c.TLS.transport()
}

func (c ServerConfig) server(s *serverSpec) {
	s.source.count++
	c.into(s)
}

// into says what the config does, as other options do.
func (c ServerConfig) into(s *serverSpec) {
	s.config = c
	if c.Address != "" {
		s.network, s.address, _ = c.listen()
	}
	if c.secures() {
		s.transports = append(s.transports, c.transport())
	}
	s.delay = cmp.Or(c.Drain.Delay, s.delay)
	s.timeout = said(c.Drain.Timeout, s.timeout)
}

func (f configFrom) server(s *serverSpec) {
	s.source.count++
	s.source.asked = &f
	if s.given != nil {
		s.given.into(s)
	}
}

// options are the grpc options that every server has. Options of the app come after them and win.
func (c ServerConfig) options() []grpc.ServerOption {
	l, k := c.Limits, c.Keepalive
	return []grpc.ServerOption{
		grpc.MaxConcurrentStreams(cmp.Or(l.MaxConcurrentStreams, 250)), // of one connection; grpc-go has no limit
		grpc.MaxHeaderListSize(uint32(cmp.Or(l.MaxHeaderBytes, 16<<10))),
		grpc.MaxRecvMsgSize(int(cmp.Or(l.MaxReceiveBytes, 4<<20))),
		grpc.MaxSendMsgSize(int(cmp.Or(l.MaxSendBytes, 4<<20))), // grpc-go has no limit
		grpc.ConnectionTimeout(cmp.Or(l.ConnectionTimeout, 20*time.Second)),
		grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle:     said(k.Idle, 15*time.Minute), // grpc-go has no limit
			MaxConnectionAge:      k.MaxAge,
			MaxConnectionAgeGrace: k.AgeGrace,
			Time:                  k.Time,
			Timeout:               k.Timeout,
		}),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: k.MinTime, PermitWithoutStream: k.PermitWithoutStream}),
		grpc.WaitForHandlers(true),
	}
}
