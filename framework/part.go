package framework

import (
	"cmp"
	"fmt"
	"reflect"

	"google.golang.org/grpc"
)

// A Part is one thing a chain is made from: made by Use, UseServer, UseClient, Struct, Policy, Rules, PolicyFrom, When,
// Target and Value, given to NewServerChain or NewClientChain. A Part can be used in any number of chains.
type Part interface{ addTo(d *draft) }

// draft is what parts are collected into.
type draft struct {
	side       Side
	links      []*declaration
	conditions []*condition
	book       book
	target     string
	values     []contextValue
	errs       []error

	place string // of the part that is added, where it is another than where the part was made
}

func (d *draft) errorf(format string, args ...any) {
	d.errs = append(d.errs, fmt.Errorf("framework: "+format, args...))
}

// placed is the place of a part, which was made at one.
func (d *draft) placed(made string) string { return cmp.Or(d.place, made) }

// DeclaredAt is a part that says it was declared at a place, as "file.go:12", for packages that make parts on behalf of
// others. Without it, that is where the function was called that made it.
func DeclaredAt(place string, p Part) Part { return placedPart{p, place} }

type placedPart struct {
	Part
	place string
}

func (p placedPart) addTo(d *draft) {
	if p.Part == nil {
		d.errorf("DeclaredAt (%s): the part is nil; leave it out", p.place)
		return
	}
	outer := d.place
	if outer == "" {
		d.place = p.place
	}
	p.Part.addTo(d)
	d.place = outer
}

// Use declares an interceptor. A nil one is refused by the chain.
func Use(i Interceptor, o ...LinkOption) Part {
	d := &declaration{what: typeName(i), interceptor: i, pkg: packageName(i)}
	if isNil(i) {
		d.problem(nil, "the interceptor is nil; pass one, or leave the part out")
	} else if p, ok := i.(Placed); ok {
		d.placement = p.Placement()
	}
	return d.declared(o)
}

// What pairs of grpc's own interceptors are called.
const (
	serverPairName = "grpc server interceptors"
	clientPairName = "grpc client interceptors"
)

// UseServer declares a pair of grpc's own server interceptors, ggm's for instance, as one link of a server chain.
// They work unchanged at any place in the line. A pair that lacks the half its methods need is refused; see UnaryOnly.
func UseServer(u grpc.UnaryServerInterceptor, s grpc.StreamServerInterceptor, o ...LinkOption) Part {
	raw := &rawServer{unary: u, stream: s}
	d := &declaration{what: serverPairName, pkg: funcName, raw: raw.halves(), interceptor: raw}
	d.placement.Sides = []Side{ServerSide}
	return d.declared(o)
}

// UseClient declares a pair of grpc's own client interceptors as one link of a client chain; see UseServer.
func UseClient(u grpc.UnaryClientInterceptor, s grpc.StreamClientInterceptor, o ...LinkOption) Part {
	raw := &rawClient{unary: u, stream: s}
	d := &declaration{what: clientPairName, pkg: funcName, raw: raw.halves(), interceptor: raw}
	d.placement.Sides = []Side{ClientSide}
	return d.declared(o)
}

// A PartLink is a link that a part brings to a chain.
type PartLink struct {
	Name        string      // but for the number that tells a second one apart which was given none
	Interceptor Interceptor // nil for a pair of grpc's own, and where a field is nil
	Field       string      // "app.ServerChain.Auth" where a struct's field holds it
	ForServices bool        // it is for some services alone
}

// PartLinks are the links that a part brings, whatever the chain; none for a part that is none.
func PartLinks(p Part) (all []PartLink) {
	if p == nil {
		return nil
	}
	d := draft{side: ServerSide}
	p.addTo(&d)
	if len(d.links) == 0 { // a struct is for one side
		d.side = ClientSide
		p.addTo(&d)
	}
	for _, l := range d.links {
		link := PartLink{Name: cmp.Or(l.placement.Name, l.pkg), Interceptor: l.interceptor, ForServices: len(l.layer.services) > 0}
		if l.isRaw() {
			link.Interceptor = nil
		}
		if l.at != nil {
			link.Field = l.at.Type + "." + l.at.Field
		}
		all = append(all, link)
	}
	return all
}

// Target says whose chain it is: MethodInfo.Target has the name, and so have the chain's errors.
func Target(name string) Part { return targetPart(name) }

type targetPart string

func (t targetPart) addTo(d *draft) { d.target = string(t) }

// targetOf is whose chain parts say it is, wherever among them: structs and policies that name targets ask.
func targetOf(parts []Part) (target string) {
	for _, p := range parts {
		for placed, ok := p.(placedPart); ok; placed, ok = p.(placedPart) {
			p = placed.Part
		}
		if t, ok := p.(targetPart); ok {
			target = string(t)
		}
	}
	return target
}

// Value puts a value into the context of every RPC of the chain, as context.WithValue would, at no cost to an RPC: what
// belongs to the server or client and not to the RPC. The key must be comparable, and of a type of the caller's own.
func Value(key, value any) Part { return contextValue{key, value} }

type contextValue struct{ key, value any }

func (v contextValue) addTo(d *draft) { d.values = append(d.values, v) }

// funcName is what a function is called that was given no name.
const funcName = "func"

// packageName is the name of the package of a value's type, "func" for a function.
func packageName(v any) string {
	t := reflect.TypeOf(v)
	for t != nil && t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t == nil || t.Kind() == reflect.Func || t.PkgPath() == "" {
		return funcName
	}
	return lastElement(t.PkgPath())
}

// lastElement is the last element of an import path that is not a major version.
func lastElement(path string) string {
	last, rest := cutLast(path, '/')
	if isMajorVersion(last) && rest != "" {
		last, _ = cutLast(rest, '/')
	}
	return last
}

func isMajorVersion(s string) bool {
	if len(s) < 2 || s[0] != 'v' {
		return false
	}
	for _, r := range s[1:] {
		if r < '0' || r > '9' {
			return false
		}
	}
	return true
}

func cutLast(s string, sep byte) (last, rest string) {
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] == sep {
			return s[i+1:], s[:i]
		}
	}
	return s, ""
}

func typeName(v any) string {
	if v == nil {
		return "nil"
	}
	return reflect.TypeOf(v).String()
}

// isNil reports whether v is nil, or an interface around a nil pointer, func, map or slice.
func isNil(v any) bool {
	if v == nil {
		return true
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Pointer, reflect.Func, reflect.Map, reflect.Slice, reflect.Chan, reflect.Interface:
		return r.IsNil()
	default:
		return false
	}
}
