package breaker

import (
	"fmt"

	"github.com/sluice-go/sluice/framework"
)

// Key is the rule that says what a circuit is for: breaker=service, breaker=method, or breaker=none. The option form is
// breaker.Key.Set(breaker.PerMethod).
var Key = framework.NewKey("breaker", parsePer).WithText(Per.String)

// Per says what has a circuit of its own.
type Per int

// What has a circuit.
const (
	PerService Per = iota // the methods of a service share one
	PerMethod             // the method has its own
	None                  // the method has none, and counts nowhere
)

var names = [...]string{PerService: "service", PerMethod: "method", None: "none"}

// String is "service", "method" or "none".
func (p Per) String() string {
	if !p.known() {
		return fmt.Sprintf("Per(%d)", int(p))
	}
	return names[p]
}

func (p Per) known() bool { return p >= 0 && int(p) < len(names) }

func parsePer(text string) (Per, error) {
	for p, name := range names {
		if name == text {
			return Per(p), nil
		}
	}
	return 0, fmt.Errorf("%q is not what a circuit is for; write service, method or none", text)
}
