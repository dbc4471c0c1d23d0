package main

import (
	"github.com/caarlos0/env/v11"

	"github.com/sluice-go/sluice/fxgrpc"
)

// region config

// Config is what the environment says, with SHOP_ in front: SHOP_SERVER_ADDRESS=:8443, SHOP_AUDIT=false.
type Config struct {
	Server fxgrpc.ServerConfig `envPrefix:"SERVER_"`
	Audit  bool                `env:"AUDIT" envDefault:"true"`
}

// endregion

// loadConfig reads the environment. Where that says nothing of security the server is one for this machine alone: plaintext
// has to be said.
func loadConfig() (Config, error) {
	c, err := env.ParseAsWithOptions[Config](env.Options{Prefix: "SHOP_"})
	if c.Server.TLS.Cert == "" {
		c.Server.Insecure = true
	}
	return c, err
}
