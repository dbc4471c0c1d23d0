package validate

import (
	"buf.build/go/protovalidate"
)

// Options say what is validated beside requests, and by what. The zero value validates requests by the rules in their
// protos.
type Options struct {
	// Validator has the rules. nil means protovalidate.GlobalValidator, which the process has once. One of one's own
	// stands on every method, and its Validate heeds WithFailFast and WithFilter where it can: that is what bounds the
	// cost of a message with many violations.
	Validator protovalidate.Validator

	// Responses validates responses as well: on a server those that handlers give, on a client those that come.
	Responses bool
}
