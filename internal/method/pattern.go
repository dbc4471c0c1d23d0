package method

import (
	"fmt"
	"strings"
)

// A Pattern selects methods. It is comparable; equal patterns select the same
// methods and print the same text. The zero Pattern matches nothing.
//
//	pkg.Svc/Method  one method
//	pkg.Svc/Get*    the service's methods whose names begin so
//	pkg.Svc/*       all of its methods
//	pkg.*           every service in the package or below it
//	*               every method
//	Svc/Method      short: the service Svc of any package, or of none;
//	                Svc/Get* and Svc/* likewise
//	?pattern        any of these, allowed to match nothing
type Pattern struct {
	form     form
	optional bool
	service  string // the package where form is inPackage
	name     string // the method, or the prefix of its name
}

type form uint8

const (
	nothing form = iota
	everything
	inPackage
	prefixed // an empty prefix is pkg.Svc/*
	exact
)

// ParsePattern reads the forms that Pattern lists. An error repeats the pattern
// and says what to write instead.
func ParsePattern(text string) (Pattern, error) {
	bare, optional := strings.CutPrefix(text, "?")
	p, cure := parse(bare)
	if cure != "" {
		return Pattern{}, fmt.Errorf("method: pattern %s: %s", quote(text), cure)
	}
	p.optional = optional
	return p, nil
}

// parse gives the pattern, or what is wrong with it and how to right it.
func parse(bare string) (p Pattern, cure string) {
	service, name, slashed := strings.Cut(bare, "/")
	if cure := misspelt(bare, service, name, slashed); cure != "" {
		return Pattern{}, cure
	}
	pkg, whole := strings.CutSuffix(service, ".*")
	prefix, open := strings.CutSuffix(name, "*")
	switch {
	case bare == "*":
		return Pattern{form: everything}, ""
	case !slashed && whole && !wild(pkg):
		return Pattern{form: inPackage, service: pkg}, ""
	case wild(service) || wild(prefix):
		return Pattern{}, `"*" stands alone, for a package ("pkg.*") or at the end of a method ("pkg.Svc/Get*"); write one of these`
	case !slashed:
		return Pattern{}, fmt.Sprintf(`no method; write %s for all methods of a service`, quote(bare+"/*"))
	case open:
		return Pattern{form: prefixed, service: service, name: prefix}, ""
	}
	return Pattern{form: exact, service: service, name: name}, ""
}

func wild(s string) bool { return strings.Contains(s, "*") }

// misspelt finds what no form may have.
func misspelt(bare, service, name string, slashed bool) (cure string) {
	switch {
	case bare == "":
		return `empty; write "pkg.Svc/Method", "pkg.Svc/*", "pkg.*" or "*"`
	case !legible(bare):
		return "spaces and unprintable characters are in no method's name; remove them, and give several patterns one by one"
	case strings.Contains(bare, "?"):
		return `"?" stands once, in front of the pattern; remove the others`
	case bare[0] == '/':
		return fmt.Sprintf("write %s without the leading slash", quote(strings.TrimLeft(bare, "/")))
	case strings.Contains(name, "/"):
		return `more than one slash; write "pkg.Svc/Method"`
	case !dotted(service):
		return `empty part between dots; write "pkg.Svc/Method" or "pkg.*"`
	case slashed && name == "":
		return fmt.Sprintf("no method after the slash; write %s for all methods", quote(bare+"*"))
	}
	return ""
}

// Match reports whether the pattern selects a method of a service, which is
// given by its full name: "foo.bar.SearchService".
func (p Pattern) Match(service, method string) bool {
	switch p.form {
	case everything:
		return true
	case inPackage:
		return len(service) > len(p.service) && service[len(p.service)] == '.' && strings.HasPrefix(service, p.service)
	case prefixed:
		return p.serves(service) && strings.HasPrefix(method, p.name)
	case exact:
		return p.serves(service) && method == p.name
	}
	return false
}

// serves reports whether service is the one written, in any package if short.
func (p Pattern) serves(service string) bool {
	rest, ok := strings.CutSuffix(service, p.service)
	return ok && (rest == "" || p.Short() && rest[len(rest)-1] == '.')
}

// Optional reports whether the pattern may match nothing: it was written with a "?".
func (p Pattern) Optional() bool { return p.optional }

// Service is the service as written, which is the last part of its name where
// the pattern is short, and "" where the pattern names none: "*" and "pkg.*".
func (p Pattern) Service() string {
	if p.form == prefixed || p.form == exact {
		return p.service
	}
	return ""
}

// Short reports whether the pattern names a service without its package. A
// service outside any package can be named in no other way.
func (p Pattern) Short() bool {
	s := p.Service()
	return s != "" && !strings.Contains(s, ".")
}

// Specificity orders patterns that match one method, the least specific first:
// "*", "pkg.*", "pkg.Svc/*", "pkg.Svc/Get*", "pkg.Svc/Get". Of packages and
// prefixes the longer is the more specific. A service written with its package
// and without is the same service.
func (p Pattern) Specificity() int {
	specificity := int(p.form) << 20
	switch p.form {
	case inPackage:
		return specificity + len(p.service)
	case prefixed:
		return specificity + len(p.name)
	}
	return specificity
}

// String gives the pattern as it was written.
func (p Pattern) String() string {
	text := ""
	switch p.form {
	case everything:
		text = "*"
	case inPackage:
		text = p.service + ".*"
	case prefixed:
		text = p.service + "/" + p.name + "*"
	case exact:
		text = p.service + "/" + p.name
	}
	if p.optional {
		return "?" + text
	}
	return text
}
