package framework

import "github.com/sluice-go/sluice/internal/method"

// A Pattern selects methods, as those of [On], of [Rules] and in tags do. It is comparable, and prints as it was written.
// Match says which methods it selects, Service and Short what it says of a service, and Optional whether it was written
// with a "?", so that it may match nothing. The zero Pattern matches nothing.
//
//	pkg.Svc/Method  one method
//	pkg.Svc/Get*    the service's methods whose names begin so
//	pkg.Svc/*       all of its methods
//	pkg.*           every service in the package or below it
//	*               every method
//	Svc/Method      short: the service Svc of any package, or of none; Svc/Get* and Svc/* likewise
//	?pattern        any of these, allowed to match nothing
type Pattern = method.Pattern

// ParsePattern reads a pattern, for tools that look at declarations from outside. An error repeats the text and says what
// to write instead.
func ParsePattern(text string) (Pattern, error) { return method.ParsePattern(text) }
