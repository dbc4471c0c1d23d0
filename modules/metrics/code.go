package metrics

import (
	ggm "github.com/grpc-ecosystem/go-grpc-middleware/providers/prometheus"
	"google.golang.org/grpc/codes"
)

// numCodes is how many codes there are: what else a server invents is UNKNOWN, as it is to most clients.
const numCodes = int(codes.Unauthenticated) + 1

// codeOf is the code that the client gets. grpc-go sends context errors with codes of their own, and framework makes
// INTERNAL of an error that says it is none.
func codeOf(err error) codes.Code {
	if err == nil {
		return codes.OK
	}
	switch code := ggm.FromError(err).Code(); {
	case code == codes.OK:
		return codes.Internal
	case int(code) >= numCodes:
		return codes.Unknown
	default:
		return code
	}
}
