package fxgrpc

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"go.uber.org/fx"
)

// A drawing is fx's drawing of the graph, read back. An optional parameter is zero where nobody provides it, and as well
// where who does can not run for want of something else; which it is fx tells nowhere but here.
type drawing struct {
	makers map[string][]string // of a type, the constructors
	needs  map[string][]string // of a constructor, the types, but for optional ones and groups
	ours   map[string]bool     // constructors that are private to one of the app's, from optional.go
}

func read(graph fx.DotGraph) drawing {
	d := drawing{makers: map[string][]string{}, needs: map[string][]string{}, ours: map[string]bool{}}
	maker := ""
	for line := range strings.Lines(string(graph)) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch {
		case !strings.HasPrefix(name, "constructor_"):
			d.result(maker, strings.TrimSpace(line))
		case strings.HasPrefix(rest, "[shape="):
			maker = name
		default:
			d.need(name, strings.TrimPrefix(rest, "-> "))
		}
	}
	return d
}

// result reads what a constructor makes: "app.Options" [label=…].
func (d drawing) result(maker, line string) {
	node, ok := quoted(line)
	if !ok || maker == "" {
		return
	}
	d.makers[node] = append(d.makers[node], maker)
	d.ours[maker] = d.ours[maker] || strings.HasPrefix(node, oursType.String())
}

// need reads what a constructor takes: "app.Options" [ltail=… style=dashed], where dashed means optional. Groups, which
// may be empty, are "[type=…]".
func (d drawing) need(maker, line string) {
	node, ok := quoted(line)
	if ok && !strings.HasPrefix(node, "[type=") && !strings.HasSuffix(line, "style=dashed];") {
		d.needs[maker] = append(d.needs[maker], node)
	}
}

// quoted is the quoted name that a line begins with.
func quoted(line string) (string, bool) {
	prefix, err := strconv.QuotedPrefix(line)
	if err != nil {
		return "", false
	}
	name, err := strconv.Unquote(prefix)
	return name, err == nil
}

// makes reports whether a type is provided.
func (d drawing) makes(t string) bool { return len(d.makers[t]) > 0 }

// broken reports whether the app has a constructor of a type that can not run, since something it needs is provided by
// nobody. One that could run is not seen from where it was asked for. Types of one name in packages of one name are taken
// for each other.
func broken(graph fx.DotGraph, t reflect.Type, name string) bool {
	node := t.String()
	if name != "" {
		node = fmt.Sprintf("%s[name=%s]", node, name)
	}
	d := read(graph)
	for _, maker := range d.makers[node] {
		if !d.ours[maker] && d.stuck(maker, map[string]bool{}) {
			return true
		}
	}
	return false
}

// stuck reports whether a constructor needs what nobody makes, or only those who are stuck.
func (d drawing) stuck(maker string, seen map[string]bool) bool {
	if seen[maker] {
		return false
	}
	seen[maker] = true
	for _, need := range d.needs[maker] {
		if d.lacks(need, seen) {
			return true
		}
	}
	return false
}

func (d drawing) lacks(need string, seen map[string]bool) bool {
	for _, maker := range d.makers[need] {
		if !d.stuck(maker, seen) {
			return false
		}
	}
	return true
}
