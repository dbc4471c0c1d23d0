package fxgrpc

import (
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-go/sluice/framework"
)

// A Target says for which servers or clients a declaration is. It is an option of [Provide], [Use] and [Service], and
// stands beside the parts it is for in [Parts]. Several add up. Made by [OnServers] and [OnClients].
type Target interface {
	framework.LinkOption
	framework.Part
	ServiceOption
	target() target
}

// OnServers aims at the servers of those names, or at all when none is given. "default" names the one that was given
// no name. A name that no server has is an error.
func OnServers(names ...string) Target { return newTarget(framework.ServerSide, "OnServers", names) }

// OnClients aims at the clients of those names, or at all when none is given. A name that no client has is an error.
func OnClients(names ...string) Target { return newTarget(framework.ClientSide, "OnClients", names) }

type target struct {
	framework.LinkOption // for framework, which knows no servers: a refusal
	framework.Part       // for framework: nothing
	side                 framework.Side
	names                []string // none: all
}

func newTarget(side framework.Side, word string, names []string) target {
	return target{
		LinkOption: refusing(word + " is for fxgrpc.Provide and fxgrpc.Use; in fxgrpc.Parts it stands beside its parts"),
		Part:       framework.Target(""),
		side:       side,
		names:      slices.Clone(names),
	}
}

func (t target) target() target { return t }

func (t target) service(s *serviceSpec) { s.scope.add(t) }

// refusing is a LinkOption that no chain takes, and that says why: options of this package mean nothing to framework,
// and what means nothing must not look as if it did.
func refusing(why string) framework.LinkOption { return framework.Name(why) }

// A scope is what targets add up to: the servers and clients that something is for. The zero value is every
// server, no client.
type scope struct{ servers, clients names }

// names are the servers, or the clients, of a scope.
type names struct {
	said bool
	all  bool
	list []string // sorted, where not all
}

func (s *scope) add(t target) {
	n := &s.servers
	if t.side == framework.ClientSide {
		n = &s.clients
	}
	n.said = true
	n.all = n.all || len(t.names) == 0
	n.list = append(n.list, t.names...)
	slices.Sort(n.list)
	n.list = slices.Compact(n.list)
}

// take adds targets, and refuses those that are nil.
func (s *scope) take(d declaration, to []Target) (errs []error) {
	for i, t := range to {
		if t == nil {
			errs = append(errs, d.errorf("target %d is nil; leave it out", i+1))
			continue
		}
		s.add(t.target())
	}
	return errs
}

// on is the scope on a side.
func (s scope) on(side framework.Side) names {
	switch {
	case !s.said():
		return names{all: side == framework.ServerSide}
	case side == framework.ClientSide:
		return s.clients
	}
	return s.servers
}

// said reports whether any target was given.
func (s scope) said() bool { return s.servers.said || s.clients.said }

// has reports whether a name is among those.
func (n names) has(name string) bool { return n.all || slices.Contains(n.list, name) }

// groups are the value groups of links that the scope means.
func (s scope) groups() (groups []string) {
	for _, side := range []framework.Side{framework.ServerSide, framework.ClientSide} {
		n := s.on(side)
		if n.all {
			groups = append(groups, everyLink(side))
			continue
		}
		for _, name := range n.list {
			groups = append(groups, linksOf(side, name))
		}
	}
	return groups
}

// check gives the names in a scope that cannot be one.
func (s scope) check() (problems []string) {
	for _, name := range slices.Concat(s.servers.list, s.clients.list) {
		if why := badName(name); why != "" {
			problems = append(problems, why)
		}
	}
	return problems
}

// badName says why a name can be none of a server or client, or "". Names stand in the struct tags of the graph.
func badName(name string) string {
	if name == "" {
		return "a name is empty"
	}
	bad := strings.IndexFunc(name, func(r rune) bool {
		return !strings.ContainsRune("._-", r) && !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9')
	})
	if bad >= 0 {
		return fmt.Sprintf("name %q: letters, digits and ._- are allowed", name)
	}
	return ""
}
