package ownkey // want package:`services \[\], keys \["deadlines" "timeout"\]`

import "github.com/sluice-go/sluice/framework"

func text(value string) (string, error) { return value, nil }

// An app may give a name of ours another meaning, and has names of its own.
var keys = []framework.AnyKey{
	framework.NewKey("timeout", text),
	framework.NewKey("deadlines", text),
}

type Policy struct {
	_   struct{}       `grpc:"service=*"`
	Get framework.Rule `grpc:"Orders/Get,timeout=soon,deadlines=none,role=admin"`
	Add framework.Rule `grpc:"Orders/Add,deadline=none"` // want `no known interceptor reads "deadline"; did you mean "deadlines"\?`
}
