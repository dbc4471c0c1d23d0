package main

import (
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/sluice-go/sluice/examples/shop/policypb"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/modules/auth"
	"github.com/sluice-go/sluice/modules/timeout"
)

// region policy

// OrdersPolicy is what each method needs. A method that it forgets keeps the app from starting.
type OrdersPolicy struct {
	_      struct{}       `grpc:"service=acme.orders.v1.Orders,default=deny"`
	All    framework.Rule `grpc:"*,timeout=2s,concurrent=200"`
	Watch  framework.Rule `grpc:"Watch,timeout=none,allow=role:reader"`
	Get    framework.Rule `grpc:"Get,timeout=300ms,allow=role:reader role:admin"`
	Create framework.Rule `grpc:"Create,require=role:writer scope:orders.write,rate=100/s,rate.burst=20"`
}

// endregion

// region from-proto

// rulesOf takes the rules that the protos have beside the methods, which services in other languages read, too.
func rulesOf(m protoreflect.MethodDescriptor) (settings []framework.Setting, err error) {
	rule, _ := proto.GetExtension(m.Options(), policypb.E_Rule).(*policypb.Rule)
	if allow := rule.GetAllow(); len(allow) > 0 {
		grants, err := auth.ParseGrants(strings.Join(allow, " "))
		if err != nil {
			return nil, err
		}
		settings = append(settings, auth.Allow.Set(grants))
	}
	if text := rule.GetTimeout(); text != "" {
		limit, err := timeout.Key.Parse(text)
		if err != nil {
			return nil, err
		}
		settings = append(settings, limit)
	}
	return settings, nil
}

// endregion
