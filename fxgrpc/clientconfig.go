package fxgrpc

import (
	"cmp"
	"encoding/json"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/balancer"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"

	"github.com/sluice-go/sluice/internal/tag"
)

// A ClientConfig is what an app's configuration says of a client. It is an option of [Client]:
//
//	fxgrpc.Client("orders", pb.NewOrdersClient, config.Orders)
//
// [Address] wins over it when it is said after it, [DialOptions] always. A second config is an error, and so are
// [Insecure], [TLS] and [TLSFiles] beside its own tls or insecure. [ConfigFrom] takes one from the graph.
//
// What is zero, how it is named and loaded, and how errors tell it (clients.orders.tls.ca), is as for [ServerConfig].
type ClientConfig struct {
	// Address is whom to call, as a target of grpc.NewClient: "dns:///orders:443", "unix:///run/orders.sock". Default: none;
	// then the option Address is required.
	Address string `json:"address" yaml:"address" env:"ADDRESS"`

	// Insecure has connections in plaintext, as [Insecure]. Default: false, TLS.
	Insecure bool `json:"insecure" yaml:"insecure" env:"INSECURE"`

	// TLS says which servers are trusted. Default: those that the machine's roots signed.
	TLS ClientTLS `json:"tls" yaml:"tls" envPrefix:"TLS_"`

	// Keepalive has dead connections found. Default: none is looked for.
	Keepalive ClientKeepalive `json:"keepalive" yaml:"keepalive" envPrefix:"KEEPALIVE_"`

	// MaxReceiveBytes is how large a response message may be; more is RESOURCE_EXHAUSTED. Default: 4MiB.
	MaxReceiveBytes ByteSize `json:"max_receive_bytes" yaml:"max_receive_bytes" env:"MAX_RECEIVE_BYTES"`

	// MaxSendBytes is how large a request message may be; more is RESOURCE_EXHAUSTED. Default: 4MiB.
	MaxSendBytes ByteSize `json:"max_send_bytes" yaml:"max_send_bytes" env:"MAX_SEND_BYTES"`

	// UserAgent is what servers are told, with grpc's own after it. Default: grpc's own.
	UserAgent string `json:"user_agent" yaml:"user_agent" env:"USER_AGENT"`

	// Authority is the server's name: what calls carry, and what its certificate must have. tls.server_name is another
	// word for it. Default: what the address names.
	Authority string `json:"authority" yaml:"authority" env:"AUTHORITY"`

	// IdleTimeout is after how long without a call the connections are closed, until the next; 0 is never. Default: 30m.
	IdleTimeout *time.Duration `json:"idle_timeout" yaml:"idle_timeout" env:"IDLE_TIMEOUT"`

	// Backoff is the wait between attempts to connect.
	Backoff ClientBackoff `json:"backoff" yaml:"backoff" envPrefix:"BACKOFF_"`

	// MinConnectTimeout is how long an attempt to connect has at least. Default: 20s.
	MinConnectTimeout time.Duration `json:"min_connect_timeout" yaml:"min_connect_timeout" env:"MIN_CONNECT_TIMEOUT"`

	// WaitForReady has calls wait for a connection, up to their deadline, where else they fail when there is none.
	// Default: false, unless a service config says it.
	WaitForReady bool `json:"wait_for_ready" yaml:"wait_for_ready" env:"WAIT_FOR_READY"`

	// LoadBalancing is how calls are spread over the addresses of the target: "pick_first" uses one, "round_robin" each in
	// turn. Other names are those of the policies that the program links. Default: "pick_first".
	LoadBalancing string `json:"load_balancing" yaml:"load_balancing" env:"LOAD_BALANCING"`

	// ServiceConfig is a service config of gRPC, in its JSON, for where the resolver brings none. Default: none.
	ServiceConfig string `json:"service_config" yaml:"service_config" env:"SERVICE_CONFIG"`
}

// ClientKeepalive is how a client finds out that a connection is dead; see package keepalive of grpc.
type ClientKeepalive struct {
	// Time is after how long without a sign of the server it is pinged; at least 10s. A server that has not allowed
	// it, by its min_time, closes the connection: grpc's do below 5m. Default: never.
	Time time.Duration `json:"time" yaml:"time" env:"TIME"`

	// Timeout is for how long an answer to the ping is waited for, before the connection is closed. Default: 20s.
	Timeout time.Duration `json:"timeout" yaml:"timeout" env:"TIMEOUT"`

	// PermitWithoutStream pings while no call is running, too, which the server must permit as well. Default: false.
	PermitWithoutStream bool `json:"permit_without_stream" yaml:"permit_without_stream" env:"PERMIT_WITHOUT_STREAM"`
}

// ClientBackoff is the wait between attempts to connect; see gRPC's connection backoff protocol.
type ClientBackoff struct {
	// BaseDelay is the wait after the first failure. Default: 1s.
	BaseDelay time.Duration `json:"base_delay" yaml:"base_delay" env:"BASE_DELAY"`

	// Multiplier is by how much the wait grows with each failure; at least 1. Default: 1.6.
	Multiplier float64 `json:"multiplier" yaml:"multiplier" env:"MULTIPLIER"`

	// Jitter is by which part of it a wait is longer or shorter by chance, 0 to 1. Default: 0.2.
	Jitter *float64 `json:"jitter" yaml:"jitter" env:"JITTER"`

	// MaxDelay is what a wait grows up to. Default: 2m.
	MaxDelay time.Duration `json:"max_delay" yaml:"max_delay" env:"MAX_DELAY"`
}

// Validate reports all that is wrong with the config, joined, each with its path: "keepalive.time: …". It judges it as all
// that is said of a client, so that a missing address is an error here, while [Client] takes the option [Address]. It opens
// no file and dials nobody: certificates are read, and the address is understood, when the app is built.
func (c ClientConfig) Validate() error {
	f := newFlaws("")
	c.check(f)
	if c.Address == "" {
		f.add("address", "it is not said whom to call; set it")
	}
	return f.joined()
}

func (c ClientConfig) check(f flaws) {
	c.TLS.check(f.in("tls"))
	if c.Insecure && c.TLS != (ClientTLS{}) {
		f.add("insecure", "tls is set as well; leave one out")
	}
	c.Keepalive.check(f.in("keepalive"))
	f.size("max_receive_bytes", c.MaxReceiveBytes)
	f.size("max_send_bytes", c.MaxSendBytes)
	f.header("user_agent", c.UserAgent)
	f.header("authority", c.Authority)
	if c.Authority != "" && c.TLS.ServerName != "" && c.Authority != c.TLS.ServerName {
		f.add("authority", "it is %q and tls.server_name is %q, while grpc has one name for both; leave one out", c.Authority, c.TLS.ServerName)
	}
	f.duration("idle_timeout", said(c.IdleTimeout, 0))
	c.Backoff.check(f.in("backoff"))
	f.duration("min_connect_timeout", c.MinConnectTimeout)
	c.checkBalancing(f)
}

func (k ClientKeepalive) check(f flaws) {
	f.atLeast("time", k.Time, 10*time.Second)
	f.duration("timeout", k.Timeout)
	if k.Time == 0 && (k.Timeout != 0 || k.PermitWithoutStream) {
		f.add("time", "it is not set, without which nothing is pinged, whatever timeout and permit_without_stream are; set it")
	}
}

func (b ClientBackoff) check(f flaws) {
	known := f.duration("base_delay", b.BaseDelay)
	known = f.duration("max_delay", b.MaxDelay) || known
	if c := b.config(); known && c.BaseDelay > c.MaxDelay {
		f.add("max_delay", "%s is below base_delay, %s; set one of them otherwise", c.MaxDelay, c.BaseDelay)
	}
	if b.Multiplier != 0 && !(b.Multiplier >= 1) { // nor NaN
		f.add("multiplier", "%v is below 1, and waits would shrink", b.Multiplier)
	}
	if j := said(b.Jitter, 0); !(0 <= j && j <= 1) {
		f.add("jitter", "%v is no part of a wait; say 0 to 1", j)
	}
}

// checkBalancing has grpc read what it would read of a service config, since it takes pick_first for a policy that it does
// not know.
func (c ClientConfig) checkBalancing(f flaws) {
	switch {
	case c.LoadBalancing != "" && c.ServiceConfig != "":
		f.add("load_balancing", "service_config is set as well; have it say the policy")
	case c.LoadBalancing != "" && f.policy("load_balancing", c.LoadBalancing):
		f.serviceConfig("load_balancing", c.serviceConfig())
	case c.ServiceConfig != "":
		f.serviceConfig("service_config", c.ServiceConfig)
	}
}

// policy reports whether the program has a policy of that name.
func (f flaws) policy(name, policy string) bool {
	found := balancer.Get(policy) != nil
	if !found {
		f.add(name, "the program links no policy %q%s", policy, tag.DidYouMean(policy, []string{"pick_first", "round_robin"}))
	}
	return found
}

// serviceConfig has grpc read a service config.
func (f flaws) serviceConfig(name, text string) {
	var old struct{ LoadBalancingPolicy string }
	if json.Unmarshal([]byte(text), &old) == nil && old.LoadBalancingPolicy != "" {
		f.policy(name, old.LoadBalancingPolicy)
	}
	cc, err := grpc.NewClient("passthrough:///", grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithDefaultServiceConfig(text))
	if err != nil {
		f.add(name, "%w", err)
		return
	}
	_ = cc.Close() // which was never dialled
}

// config is grpc's, with its own defaults.
func (b ClientBackoff) config() backoff.Config {
	d := backoff.DefaultConfig
	return backoff.Config{
		BaseDelay:  cmp.Or(b.BaseDelay, d.BaseDelay),
		Multiplier: cmp.Or(b.Multiplier, d.Multiplier),
		Jitter:     said(b.Jitter, d.Jitter),
		MaxDelay:   cmp.Or(b.MaxDelay, d.MaxDelay),
	}
}

// serviceConfig is what grpc gets for one, "" for none.
func (c ClientConfig) serviceConfig() string {
	if c.LoadBalancing == "" {
		return c.ServiceConfig
	}
	name, _ := json.Marshal(c.LoadBalancing) // a string, which can not fail
	return `{"loadBalancingConfig":[{` + string(name) + `:{}}]}`
}

func (c ClientConfig) client(s *clientSpec) {
	s.source.count++
	c.into(s)
}

// into says what the config does, as other options do.
func (c ClientConfig) into(s *clientSpec) {
	s.config = c
	s.address = cmp.Or(c.Address, s.address)
	switch {
	case c.Insecure:
		s.transports = append(s.transports, transport{insecure: true})
	case c.TLS != (ClientTLS{}):
		s.transports = append(s.transports, c.TLS.transport())
	}
}

func (f configFrom) client(s *clientSpec) {
	s.source.count++
	s.source.asked = &f
	if s.given != nil {
		s.given.into(s)
	}
}

// dialOptions are the grpc options that every client has. Options of the app come after them and win.
func (c ClientConfig) dialOptions() []grpc.DialOption {
	o := []grpc.DialOption{
		grpc.WithDefaultCallOptions(
			grpc.MaxCallRecvMsgSize(int(cmp.Or(c.MaxReceiveBytes, 4<<20))),
			grpc.MaxCallSendMsgSize(int(cmp.Or(c.MaxSendBytes, 4<<20))), // grpc-go has no limit
		),
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           c.Backoff.config(),
			MinConnectTimeout: cmp.Or(c.MinConnectTimeout, 20*time.Second),
		}),
	}
	return append(o, c.saidOptions()...)
}

// saidOptions are those without a default of ours.
func (c ClientConfig) saidOptions() (o []grpc.DialOption) {
	if k := c.Keepalive; k.Time > 0 { // 0 would be 10s to grpc
		o = append(o, grpc.WithKeepaliveParams(keepalive.ClientParameters(k)))
	}
	if c.UserAgent != "" {
		o = append(o, grpc.WithUserAgent(c.UserAgent))
	}
	if c.Authority != "" {
		o = append(o, grpc.WithAuthority(c.Authority))
	}
	if c.IdleTimeout != nil {
		o = append(o, grpc.WithIdleTimeout(*c.IdleTimeout))
	}
	if c.WaitForReady { // else a service config may
		o = append(o, grpc.WithDefaultCallOptions(grpc.WaitForReady(true)))
	}
	if s := c.serviceConfig(); s != "" {
		o = append(o, grpc.WithDefaultServiceConfig(s))
	}
	return o
}
