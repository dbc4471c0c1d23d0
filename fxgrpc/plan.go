package fxgrpc

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"github.com/sluice-go/sluice/framework"
)

// A Plan is what an app has: its servers and clients, and the chain of each. It is in the graph of every app with
// [Module], is made and checked while the app is built, and logged once when it starts. It depends on everything that
// is declared. It is safe for concurrent use.
type Plan struct {
	servers []*server // by name
	clients []*client // by name
	module  *module
}

// server is the one of that name; nil where there is none.
func (p *Plan) server(name string) *server {
	for _, s := range p.servers {
		if s.name == name {
			return s
		}
	}
	return nil
}

// client is the one of that name; nil where there is none.
func (p *Plan) client(name string) *client {
	for _, c := range p.clients {
		if c.name == name {
			return c
		}
	}
	return nil
}

// Servers are the names of the servers, sorted; [DefaultServer] is the one that was given none.
func (p *Plan) Servers() []string {
	names := make([]string, len(p.servers))
	for i, s := range p.servers {
		names[i] = s.name
	}
	return names
}

// Clients are the names of the clients, sorted.
func (p *Plan) Clients() []string {
	names := make([]string, len(p.clients))
	for i, c := range p.clients {
		names[i] = c.name
	}
	return names
}

// ServerChain is the chain of a server, to be explained, or used elsewhere: by a gateway in the same process. It is nil
// where the app has no server of that name.
func (p *Plan) ServerChain(server string) *framework.ServerChain {
	if s := p.server(server); s != nil {
		return s.chain
	}
	return nil
}

// ClientChain is the chain of a client; nil where the app has none of that name.
func (p *Plan) ClientChain(client string) *framework.ClientChain {
	if c := p.client(client); c != nil {
		return c.chain
	}
	return nil
}

// Methods are the full names of the methods of a server, sorted: "/pkg.Service/Method".
func (p *Plan) Methods(server string) (methods []string) {
	s := p.server(server)
	if s == nil {
		return nil
	}
	for service, info := range s.grpc.GetServiceInfo() {
		for _, m := range info.Methods {
			methods = append(methods, "/"+service+"/"+m.Name)
		}
	}
	slices.Sort(methods)
	return methods
}

// Addr is where a server listens. It is nil until the server has started, and where the app has none of that name.
func (p *Plan) Addr(server string) net.Addr {
	s := p.server(server)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addr
}

// Err is why servers ended by themselves, joined. It is nil while none has. The app is shut down then, with exit
// code 1.
func (p *Plan) Err() error {
	var errs []error
	for _, s := range p.servers {
		s.mu.Lock()
		errs = append(errs, s.failure)
		s.mu.Unlock()
	}
	return errors.Join(errs...)
}

// String shows, for each server, its methods with the names of the links on them, first is outermost, and the rules that
// count for them, then the links that are in no line; and for each client, which has no list of methods, its chain.
func (p *Plan) String() string {
	var b strings.Builder
	for _, s := range p.servers {
		fmt.Fprintln(&b, s.what)
		standing, methods := map[string]bool{}, p.Methods(s.name)
		for _, m := range methods {
			e := s.chain.Explain(m)
			for _, name := range e.Names() {
				standing[name] = true
			}
			fmt.Fprintf(&b, "  %s  %s%s\n", m, cmp.Or(strings.Join(e.Names(), " "), "no links"), bracketed(rulesOf(e, "")))
		}
		for _, l := range s.chain.Links() {
			if !standing[l.Name] && (l.Why != "" || len(methods) > 0) {
				fmt.Fprintf(&b, "  without %s, %s: %s\n", l.Name, l.Place, cmp.Or(l.Why, "it stands on no method of the server"))
			}
		}
	}
	for _, c := range p.clients {
		b.WriteString(c.chain.String())
	}
	return b.String()
}

// LogValue is the String.
func (p *Plan) LogValue() slog.Value { return slog.StringValue(p.String()) }

func (p *Plan) log() { p.module.logger.Info("fxgrpc: the plan", "plan", p) }
