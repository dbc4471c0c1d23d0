package fxgrpc

import (
	"cmp"
	"errors"
	"slices"

	"go.uber.org/fx"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/internal/tag"
)

type planParams struct {
	fx.In
	Module   *module
	Rulebook *rulebook
	Servers  []*server     `group:"fxgrpc.servers"`
	Clients  []*client     `group:"fxgrpc.clients"`
	Services []*service    `group:"fxgrpc.services"`
	Aims     []aim         `group:"fxgrpc.aims"`
	Rules    []declaration `group:"fxgrpc.ruled"`
}

// newPlan checks everything that is declared and tells all that is wrong, sorted.
func newPlan(p planParams) (*Plan, error) {
	plan := &Plan{servers: p.Servers, clients: p.Clients, module: p.Module}
	slices.SortFunc(plan.servers, func(a, b *server) int { return cmp.Compare(a.name, b.name) })
	slices.SortFunc(plan.clients, func(a, b *client) int { return cmp.Compare(a.name, b.name) })
	var errs []error
	for _, a := range slices.SortedFunc(slices.Values(p.Aims), func(a, b aim) int { return a.compare(b.declaration) }) {
		errs = append(errs, plan.checkAim(a)...)
	}
	errs = append(errs, plan.register(p.Services)...)
	for _, c := range plan.clients {
		errs = append(errs, c.err)
	}
	errs = append(errs, plan.checkRules(p.Rules, p.Rulebook)...)
	if err := errors.Join(distinct(errs)...); err != nil {
		return nil, err
	}
	return plan, nil
}

// distinct leaves out what was said before: a link that is wrong is so on every server.
func distinct(errs []error) (kept []error) {
	said := map[string]bool{}
	for _, err := range errs {
		if err != nil && !said[err.Error()] {
			said[err.Error()] = true
			kept = append(kept, err)
		}
	}
	return kept
}

// checkAim refuses what is aimed at nothing.
func (p *Plan) checkAim(a aim) (errs []error) {
	if a.on(framework.ServerSide).all && len(p.servers) == 0 && !a.clients.said {
		errs = append(errs, a.errorf("it is for servers, and the app has none; say fxgrpc.OnClients, or add an fxgrpc.Server"))
	}
	if a.clients.all && len(p.clients) == 0 && !a.servers.said {
		errs = append(errs, a.errorf("it is for clients, and the app has none; add an fxgrpc.Client"))
	}
	errs = append(errs, unknown(a.declaration, "server", a.servers.list, p.Servers())...)
	return append(errs, unknown(a.declaration, "client", a.clients.list, p.Clients())...)
}

func unknown(d declaration, what string, named, known []string) (errs []error) {
	for _, name := range named {
		if !slices.Contains(known, name) {
			errs = append(errs, d.errorf("the app has no %s %q%s", what, name, tag.DidYouMean(name, known)))
		}
	}
	return errs
}

// register puts services on the servers that they are for.
func (p *Plan) register(services []*service) (errs []error) {
	slices.SortFunc(services, func(a, b *service) int { return a.compare(b.declaration) })
	for _, s := range services {
		errs = append(errs, p.checkService(s)...)
	}
	for _, server := range p.servers {
		errs = append(errs, server.register(slices.DeleteFunc(slices.Clone(services), func(s *service) bool {
			return s.nothing || !s.scope.on(framework.ServerSide).has(server.name)
		})))
	}
	return append(errs, p.unmatched(p.certain)...)
}

func (p *Plan) checkService(s *service) (errs []error) {
	if s.nothing {
		errs = append(errs, s.errorf("the implementation is nil; its constructor must give one, or an error"))
	}
	if len(p.servers) == 0 && !s.fallback {
		return append(errs, s.errorf("the app has no server; add fxgrpc.Server"))
	}
	return append(errs, unknown(s.declaration, "server", s.scope.servers.list, p.Servers())...)
}

// checkRules refuses rules that no link of any chain uses.
func (p *Plan) checkRules(rules []declaration, book *rulebook) (errs []error) {
	if book.asked || len(p.servers)+len(p.clients) == 0 || slices.ContainsFunc(p.links(), translates) {
		return nil
	}
	for _, d := range slices.SortedFunc(slices.Values(rules), declaration.compare) {
		errs = append(errs, d.errorf("no interceptor uses the rules; say fxgrpc.Defaults(), or provide translate.New with the graph's *errmap.Mapper"))
	}
	return errs
}

// translates reports whether a link is the translation that Defaults brings.
func translates(l *link) bool { return l.fallback && l.name == "translate" }

// links are those of all chains.
func (p *Plan) links() (all []*link) {
	for _, s := range p.servers {
		all = append(all, s.links...)
	}
	for _, c := range p.clients {
		all = append(all, c.links...)
	}
	return all
}
