// Package method splits the full name of a gRPC method and matches it against patterns.
//
//	/foo.bar.SearchService/Search
//	 └─┬───┘ └──────┬────┘ └─┬──┘
//	 package     service    name
//
// It is where "/pkg.Service/Method" is taken apart; no other package cuts that text.
package method

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Split takes a full method name apart. A service outside any package gives an
// empty pkg. Anything but "/package.Service/Method" is an error, never a guess:
// the name comes from the wire, where a client may write what it likes.
//
// The parts are printable UTF-8 without spaces, so that they are safe as log
// attributes and metric labels. They need not be protobuf identifiers: grpc-go
// serves any name that a hand-written ServiceDesc has.
func Split(full string) (pkg, service, name string, err error) {
	rest, ok := strings.CutPrefix(full, "/")
	qualified, name, cut := strings.Cut(rest, "/")
	if !ok || !cut || !plain(name) || !dotted(qualified) {
		return "", "", "", fmt.Errorf(`method: %s is not a full method name: write "/package.Service/Method"`, quote(full))
	}
	dot := strings.LastIndexByte(qualified, '.')
	return qualified[:max(dot, 0)], qualified[dot+1:], name, nil
}

// dotted reports whether s is one or more plain parts joined by single dots.
func dotted(s string) bool {
	return plain(s) && s[0] != '.' && s[len(s)-1] != '.' && !strings.Contains(s, "..")
}

// plain reports whether s is legible, without a slash, and not empty.
func plain(s string) bool { return s != "" && !strings.Contains(s, "/") && legible(s) }

// legible reports whether s is printable UTF-8 without spaces.
func legible(s string) bool { return utf8.ValidString(s) && !strings.ContainsFunc(s, blank) }

func blank(r rune) bool { return r == ' ' || !unicode.IsPrint(r) }

// shown is how many bytes of a rejected text an error repeats: enough to know
// it by, not so much that a client can fill a log.
const shown = 256

func quote(s string) string {
	if len(s) > shown {
		return fmt.Sprintf("%q…", s[:shown])
	}
	return fmt.Sprintf("%q", s)
}
