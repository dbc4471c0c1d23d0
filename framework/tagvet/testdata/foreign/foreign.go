// Package foreign has structs of others: other libraries have a key of our name, too, and names like ours.
package foreign

type Client interface{ Hello() }

// Autowired is how an injector marks clients.
type Autowired struct {
	Hello Client `grpc:"hello-service"`
	Other Client `grpc:"other-service,timeout=2s" json:"other"`
}

// Config is how configuration is read.
type Config struct {
	_      struct{} `json:"-" config:"grpc"`
	GRPC   string   `yaml:"grpc,omitempty" json:"grpc" mapstructure:"grpc"`
	Port   int      `help:"the grpc: port" default:"grpc=1"`
	Group  string   `group:"grpc,soft" optional:"maybe"`
	RPC    string   `rpc:"service" grp:"chain=server"`
	Map    string   `grpc:"a=b=c,'"`
	hid    string   `grpc:"x"`
	Broken string   `grpc: "x"`
}

// Blank has a key of ours, and says what we know nothing of.
type Blank struct {
	_    struct{} `grpc:"table=orders"`
	Name string   `grpc:"name,pk"`
}

type Named struct {
	_ struct{} `grpc:"-"`
	A string   `grpc:"chain=server"`
}

type Double struct {
	A string `grpc:"a" json:"a" grpc:"b"` // want `the key grpc stands in the tag twice, and reflect reads the first; write all into one`
}
