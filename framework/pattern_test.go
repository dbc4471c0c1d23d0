package framework_test

import (
	"fmt"

	"github.com/sluice-go/sluice/framework"
)

func ExampleParsePattern() {
	p, err := framework.ParsePattern("?Orders/Get*")
	fmt.Println(p.Match("acme.orders.v1.Orders", "GetOrder"), p.Match("acme.orders.v1.Orders", "Create"), err)
	fmt.Println(p.Service(), p.Short(), p.Optional())

	_, err = framework.ParsePattern("/acme.orders.v1.Orders/Create")
	fmt.Println(err)
	// Output:
	// true false <nil>
	// Orders true true
	// method: pattern "/acme.orders.v1.Orders/Create": write "acme.orders.v1.Orders/Create" without the leading slash
}
