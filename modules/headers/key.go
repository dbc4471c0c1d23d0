package headers

import (
	"fmt"
	"slices"
	"strings"
)

// binary is how keys end whose values are bytes. grpc encodes those, nobody else does.
const binary = "-bin"

// taken are keys that are not for metadata of one's own, by whom they belong to.
var taken = []struct {
	whose string
	keys  []string
}{
	{
		"belongs to grpc and HTTP/2, which drop or refuse it as metadata; take another key",
		[]string{
			"connection", "content-length", "content-type", "host", "keep-alive", "proxy-connection", "te", "transfer-encoding",
			"upgrade", "user-agent",
		},
	},
	{
		"holds credentials, which nothing has verified here; leave it to the interceptor that verifies or provides them",
		[]string{"authorization", "cookie", "proxy-authorization", "set-cookie"},
	},
}

// keyProblem says what is wrong with a metadata key, and where in it, or "". The rules are those of
// https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md.
func keyProblem(key string) (at int, problem string) {
	if lower := strings.ToLower(key); lower != key && illegal(lower) < 0 {
		return 0, fmt.Sprintf("key %q has capitals, and grpc sends none; write %q", key, lower)
	}
	if at := illegal(key); at >= 0 {
		return at, fmt.Sprintf("key %q has more than lower case letters, digits, and ._-, which are all that grpc allows", key)
	}
	if strings.HasPrefix(key, "grpc-") {
		return 0, fmt.Sprintf(`key %q is grpc's own, as are all that begin with "grpc-"; take another one`, key)
	}
	for _, t := range taken {
		if slices.Contains(t.keys, key) {
			return 0, fmt.Sprintf("key %q %s", key, t.whose)
		}
	}
	return 0, ""
}

// illegal is where the first character of a key is that grpc does not allow, or -1.
func illegal(key string) int {
	return strings.IndexFunc(key, func(r rune) bool {
		return !('a' <= r && r <= 'z' || '0' <= r && r <= '9' || strings.ContainsRune("._-", r))
	})
}
