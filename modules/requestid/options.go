package requestid

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Options say how ids are called and made. The zero value takes over those of callers, in x-request-id, and makes UUIDs
// of version 7.
type Options struct {
	// Header is the name of the metadata that has the id, in requests and in responses. "" means x-request-id.
	Header string

	// IgnoreCaller has every RPC of a server begin with a new id, whatever the caller sent.
	IgnoreCaller bool

	// Generate makes a new id: 1 to 128 letters, digits and ._-, each time another. nil means a UUID of version 7. It is
	// called concurrently, and once by New, to see what it makes. In place of what is no id there is a UUID.
	Generate func() string
}

const defaultHeader = "x-request-id"

func (o Options) check() error {
	var errs []error
	if problem := headerProblem(o.Header); problem != "" {
		errs = append(errs, fmt.Errorf("requestid: Options.Header is %q, which %s", o.Header, problem))
	}
	if o.Generate != nil {
		if id := o.Generate(); !wellFormed(id) {
			errs = append(errs, fmt.Errorf("requestid: Options.Generate made %.140q, which is no id; let it make 1 to %d letters, digits and ._-", id, maxLength))
		}
	}
	return errors.Join(errs...)
}

// reserved are names of metadata that are not for ids: grpc's and HTTP/2's own, and those of credentials, which nobody
// wants sent back.
var reserved = [...]string{
	"authorization", "connection", "content-length", "content-type", "cookie", "host", "keep-alive", "proxy-authorization",
	"proxy-connection", "set-cookie", "te", "trailer", "transfer-encoding", "upgrade", "user-agent",
}

// headerProblem says why a name can't be that of the metadata with the id, or "".
func headerProblem(name string) string {
	lower := strings.ToLower(name)
	switch {
	case strings.Trim(lower, "abcdefghijklmnopqrstuvwxyz0123456789._-") != "":
		return "is not the name of metadata; write it with lower case letters, digits and ._-"
	case lower != name:
		return fmt.Sprintf("has capitals, and grpc sends none; write %q", lower)
	case strings.HasPrefix(name, "grpc-") || slices.Contains(reserved[:], name):
		return "is for something else; take a name of your own, such as " + defaultHeader
	case strings.HasSuffix(name, "-bin"):
		return "is that of bytes; take one that does not end in -bin"
	}
	return ""
}
