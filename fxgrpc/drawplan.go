package fxgrpc

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/sluice-go/sluice/framework"
)

// plannedApp is the plan as JSON.
type plannedApp struct {
	Servers []plannedServer `json:"servers"`
	Clients []plannedClient `json:"clients"`
}

type plannedServer struct {
	Name    string                  `json:"name"`
	Methods []framework.Explanation `json:"methods"`
}

type plannedClient struct {
	Name  string                  `json:"name"`
	Links []framework.LinkOfChain `json:"links"`
}

// MarshalJSON gives, for each server, the [framework.Explanation] of each of its methods, and for each client, which has no
// list of methods, its links. Everything is sorted: a plan that is the same is the same text.
func (p *Plan) MarshalJSON() ([]byte, error) {
	app := plannedApp{Servers: []plannedServer{}, Clients: []plannedClient{}}
	for _, s := range p.servers {
		server := plannedServer{Name: s.name, Methods: []framework.Explanation{}}
		for _, m := range p.Methods(s.name) {
			server.Methods = append(server.Methods, s.chain.Explain(m))
		}
		app.Servers = append(app.Servers, server)
	}
	for _, c := range p.clients {
		app.Clients = append(app.Clients, plannedClient{c.name, append([]framework.LinkOfChain{}, c.chain.Links()...)})
	}
	return json.Marshal(app)
}

// Mermaid is a flowchart of the plan for mermaid.js: for each server a row of links from the wire to the handler, one
// for all methods that have the same links and rules; for each client its links.
func (p *Plan) Mermaid() string {
	var b strings.Builder
	b.WriteString("flowchart LR\n")
	for i, s := range p.servers {
		fmt.Fprintf(&b, "  subgraph s%d[\"%s\"]\n", i, escaped(s.what))
		for j, row := range p.rows(s) {
			drawRow(&b, fmt.Sprintf("s%dr%d", i, j), row.methods, row.links, "handler")
		}
		b.WriteString("  end\n")
	}
	for i, c := range p.clients {
		fmt.Fprintf(&b, "  subgraph c%d[\"%s\"]\n", i, escaped(c.what))
		var links []string
		for _, l := range c.chain.Links() {
			if l.Why == "" {
				links = append(links, l.Name)
			}
		}
		drawRow(&b, fmt.Sprintf("c%dr0", i), []string{"the app"}, links, "wire")
		b.WriteString("  end\n")
	}
	return b.String()
}

// A row is the links of methods that have the same, each with its rules.
type row struct{ methods, links []string }

func (p *Plan) rows(s *server) (rows []row) {
	for _, m := range p.Methods(s.name) {
		e := s.chain.Explain(m)
		var links []string
		for _, l := range e.Links {
			links = append(links, strings.Join(append([]string{l.Name}, rulesOf(e, l.Name)...), "\n"))
		}
		i := slices.IndexFunc(rows, func(r row) bool { return slices.Equal(r.links, links) })
		if i < 0 {
			i = len(rows)
			rows = append(rows, row{links: links})
		}
		rows[i].methods = append(rows[i].methods, m)
	}
	return rows
}

// drawRow draws boxes with arrows from one to the next.
func drawRow(b *strings.Builder, id string, from, links []string, to string) {
	fmt.Fprintf(b, "    %s[\"%s\"]", id, escaped(strings.Join(from, "\n")))
	for i, l := range links {
		fmt.Fprintf(b, " --> %sl%d[\"%s\"]", id, i, escaped(l))
	}
	fmt.Fprintf(b, " --> %send([\"%s\"])\n", id, to)
}

// mermaid escapes text for a label: what HTML writes with &, with # in its place.
var mermaid = strings.NewReplacer("#", "#35;", "&", "#amp;", "<", "#lt;", ">", "#gt;", `"`, "#quot;", "\n", "<br/>")

func escaped(text string) string { return mermaid.Replace(text) }

// rulesOf are the rules that count for a method, "timeout=2s", to one link or to all.
func rulesOf(e framework.Explanation, link string) (rules []string) {
	for _, r := range e.Rules {
		if r.Why == "" && (link == "" || r.Link == link) {
			rules = append(rules, r.String())
		}
	}
	return rules
}

func bracketed(rules []string) string {
	if len(rules) == 0 {
		return ""
	}
	return "  [" + strings.Join(rules, ", ") + "]"
}
