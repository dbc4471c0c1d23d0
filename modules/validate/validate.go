package validate

import (
	"context"

	"github.com/sluice-go/sluice/framework"
)

// An Interceptor validates the messages of a server's RPCs. It is safe for concurrent use.
type Interceptor struct{ messages messages }

// New makes an Interceptor for servers. It does not fail today: what is wrong with rules is told when the chain is bound to
// the methods.
func New(o Options) (*Interceptor, error) { return &Interceptor{newMessages(o)}, nil }

// Placement is the stage Validate, of a server.
func (i *Interceptor) Placement() framework.Placement {
	return framework.Placement{
		Name:  "validate",
		Stage: framework.StageValidate,
		Sides: []framework.Side{framework.ServerSide},
	}
}

// Bind compiles the rules of a method's messages, and makes the interceptor of the method; none where there are no rules.
func (i *Interceptor) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	return i.messages.bind(m)
}

// Intercept is for an Interceptor that nobody bound to a method: rules are compiled with the first message.
func (i *Interceptor) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return i.messages.unbound(call).Intercept(ctx, call, next)
}

// A Client validates the messages of a client's calls. It is safe for concurrent use.
type Client struct{ messages messages }

// NewClient makes an interceptor for clients. It does not fail today.
func NewClient(o Options) (*Client, error) { return &Client{newMessages(o)}, nil }

// Placement is the stage Retry, of a client, inside of a link "retry": what is refused is seen by logs and metrics, which
// are outside, and costs no token of a limit, which is inside.
func (c *Client) Placement() framework.Placement {
	return framework.Placement{
		Name:  "validate",
		Stage: framework.StageRetry,
		Sides: []framework.Side{framework.ClientSide},
		After: []string{"?retry"},
	}
}

// Bind is that of Interceptor. The methods of a client are bound at their first call.
func (c *Client) Bind(m framework.MethodInfo) (framework.Interceptor, error) {
	return c.messages.bind(m)
}

// Intercept is for a Client that nobody bound to a method.
func (c *Client) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	return c.messages.unbound(call).Intercept(ctx, call, next)
}
