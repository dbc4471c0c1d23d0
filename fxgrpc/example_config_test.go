package fxgrpc_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/fxgrpc"
)

func ExampleServerConfig() {
	var config struct {
		Public fxgrpc.ServerConfig `json:"public"`
	}
	file := json.NewDecoder(strings.NewReader(`{
		"public": {
			"address": ":8443",
			"insecure": true,
			"limits": {"max_concurrent_streams": 1000, "max_receive_bytes": "16MiB"}
		}
	}`))
	file.DisallowUnknownFields()
	if err := file.Decode(&config); err != nil {
		fmt.Println(err)
	}
	var p *fxgrpc.Plan
	run(func() { fmt.Print(p) },
		fxgrpc.Module,
		fxgrpc.Server(fxgrpc.Named("public"), config.Public, fxgrpc.Drain(time.Second, time.Minute)),
		fx.Populate(&p))
	// Output: server "public"
}

func ExampleServerConfig_Validate() {
	config := fxgrpc.ServerConfig{
		Address: "8443",
		TLS:     fxgrpc.ServerTLS{Cert: "/etc/orders/tls.crt", MinVersion: "1.1"},
		Drain:   fxgrpc.ServerDrain{Delay: 5}, // a number of a JSON file
	}
	fmt.Println(config.Validate())
	// Output:
	// address: "8443" is none to listen on; say "127.0.0.1:8443", ":8443" for all interfaces, or "unix:/run/x.sock"
	// tls.key: it is missing, and a server needs the key of its certificate; name its file
	// tls.min_version: TLS 1.1 is broken; 1.2 is the least
	// drain.delay: 5ns is below 1ms; a bare number is nanoseconds: five seconds are "5s", or 5000000000 to encoding/json
}

func ExampleClientConfig() {
	config := fxgrpc.ClientConfig{
		Address:       "dns:///greeter:443",
		TLS:           fxgrpc.ClientTLS{ServerName: "greeter.example.com", MinVersion: "1.3"},
		Keepalive:     fxgrpc.ClientKeepalive{Time: 10 * time.Minute},
		LoadBalancing: "round_robin",
		WaitForReady:  true,
	}
	fmt.Println(config.Validate())
	fmt.Println(fx.New(fx.NopLogger, fxgrpc.Module, fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, config)).Err())

	config.Keepalive.Time = time.Second
	fmt.Println(config.Validate())
	// Output:
	// <nil>
	// <nil>
	// keepalive.time: 1s is below 10s, which grpc would take in its place; say so, or more
}

// appConfig is what an app's own loader fills.
type appConfig struct {
	Servers map[string]fxgrpc.ServerConfig `json:"servers"`
	Clients map[string]fxgrpc.ClientConfig `json:"clients"`
}

func ExampleConfigFrom() {
	load := func() appConfig {
		return appConfig{
			Servers: map[string]fxgrpc.ServerConfig{"public": {Insecure: true, Address: ":8443"}},
			Clients: map[string]fxgrpc.ClientConfig{"greeter": {Insecure: true, Address: "dns:///greeter:8443"}},
		}
	}
	var stub dummypb.DummyServiceClient
	run(func() { greet(stub, "config") },
		fxgrpc.Module,
		fx.Provide(load),
		fxgrpc.Server(fxgrpc.Named("public"), fxgrpc.ConfigFrom(func(c appConfig) fxgrpc.ServerConfig { return c.Servers["public"] })),
		fxgrpc.Service(dummypb.RegisterDummyServiceServer, fxgrpc.From(newGreeter)),
		fxgrpc.Client("greeter", dummypb.NewDummyServiceClient, fxgrpc.ConfigFrom(func(c appConfig) fxgrpc.ClientConfig { return c.Clients["greeter"] })),
		fx.Populate(&stub))
	// Output: hello config
}

func ExampleByteSize() {
	var config fxgrpc.ClientConfig
	fmt.Println(json.Unmarshal([]byte(`{"max_send_bytes": "16MiB"}`), &config))
	fmt.Println(config.MaxSendBytes, int(config.MaxSendBytes))

	fmt.Println(config.MaxSendBytes.UnmarshalText([]byte("16")))
	// Output:
	// <nil>
	// 16MiB 16777216
	// "16" is not a size; write it with a unit: 100B, 512KiB, 4MiB, 1GiB
}
