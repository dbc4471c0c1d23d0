package framework

// Placement is an interceptor's own default place. The zero value is StageApp on both sides.
// Options of the declaration win over it, field by field.
type Placement struct {
	Name          string   // what other links, tags and Explain call it; "" for the name of the type's package
	Stage         Stage    // "" for StageApp
	Sides         []Side   // the sides it can serve; none for both
	Before, After []string // names of neighbours; "?name" for one that may be missing, or be where the stages have it
	Keys          []AnyKey // the rule keys that it understands, and reads in Bind
}

// Placed is implemented by interceptors that know their place. Placement is called once for each declaration.
type Placed interface{ Placement() Placement }

func (p Placement) serves(side Side) bool {
	for _, s := range p.Sides {
		if s == side {
			return true
		}
	}
	return len(p.Sides) == 0
}
