package retry_test

import (
	"context"
	"fmt"
	"net"
	"sync/atomic"
	"time"

	ggm "github.com/grpc-ecosystem/go-grpc-middleware/v2/interceptors/retry"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/test/bufconn"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
	"github.com/sluice-go/sluice/modules/retry"
)

// warehouse is a service that answers the third time it is asked. Of pears it is silent the first time.
type warehouse struct {
	dummypb.UnimplementedDummyServiceServer
	asked atomic.Int64
}

func (w *warehouse) Execute(ctx context.Context, r *dummypb.DummyRequest) (*dummypb.DummyResponse, error) {
	n := w.asked.Add(1)
	switch {
	case r.GetInput() == "pears" && n == 1:
		<-ctx.Done()
		return nil, ctx.Err()
	case r.GetInput() == "apples" && n < 3:
		return nil, errmap.Unavailable.Newf("the lorry is at bay %d", n)
	}
	return &dummypb.DummyResponse{Output: fmt.Sprintf("%s, at attempt %d", r.GetInput(), n)}, nil
}

// A call that fails is tried again, up to three times in all, since its method is said to be idempotent.
func Example() {
	type policy struct {
		_     struct{}       `grpc:"service=sluice.testing.v1.DummyService"`
		Stock framework.Rule `grpc:"Execute,idempotent,retry=3,retry.backoff=1ms"`
	}
	interceptor, err := retry.New(retry.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop, err := dial(framework.Use(interceptor), framework.Policy(policy{}))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()

	response, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: "apples"})
	fmt.Println(response.GetOutput(), err)

	// Output:
	// apples, at attempt 3 <nil>
}

// ask asks once, through a chain with rules for the method.
func ask(o retry.Options, article string, s ...framework.Setting) {
	interceptor, err := retry.New(o)
	if err != nil {
		fmt.Println(err)
		return
	}
	client, stop, err := dial(framework.Use(interceptor), framework.Rules("DummyService/Execute", s...))
	if err != nil {
		fmt.Println(err)
		return
	}
	defer stop()
	response, err := client.Execute(context.Background(), &dummypb.DummyRequest{Input: article})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(response.GetOutput())
}

// Two attempts are one too few here. The caller has the error of the last one.
func ExampleAttempts() {
	ask(retry.Options{}, "apples", retry.Attempts.Set(2), retry.Idempotent.Set(true))
	ask(retry.Options{}, "apples", retry.Attempts.Set(3), retry.Idempotent.Set(true))

	// Output:
	// rpc error: code = Unavailable desc = the lorry is at bay 2
	// apples, at attempt 3
}

// UNAVAILABLE is tried again where nothing is said; here only ABORTED is.
func ExampleOn() {
	ask(retry.Options{}, "apples", retry.On.Set(retry.Codes{errmap.Aborted}), retry.Attempts.Set(3), retry.Idempotent.Set(true))

	// Output:
	// rpc error: code = Unavailable desc = the lorry is at bay 1
}

// The first pause is up to a millisecond, the next up to two, and none is longer than ten.
func ExampleBackoff() {
	ask(retry.Options{}, "apples", retry.Backoff.Set(retry.Pause{First: time.Millisecond, Most: 10 * time.Millisecond}),
		retry.Attempts.Set(3), retry.Idempotent.Set(true))

	// Output:
	// apples, at attempt 3
}

// The first attempt is not answered, so after a while there is another one. It answers, and the first is cancelled.
func ExampleHedge() {
	ask(retry.Options{}, "pears", retry.Hedge.Set(retry.Hedging{Attempts: 2, After: time.Millisecond}), retry.Idempotent.Set(true))

	// Output:
	// pears, at attempt 2
}

// Whoever asks for retries says that they do no harm, here or in the proto.
func ExampleIdempotent() {
	interceptor, err := retry.New(retry.Options{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, rules := range [][]framework.Setting{{retry.Attempts.Set(3)}, {retry.Attempts.Set(3), retry.Idempotent.Set(true)}} {
		_, err = framework.NewClientChain(
			framework.DeclaredAt("main.go:12", framework.Use(interceptor)),
			framework.DeclaredAt("main.go:13", framework.Rules("DummyService/Execute", rules...)))
		fmt.Println(err)
	}

	// Output:
	// framework: Rules (main.go:13): retry of /sluice.testing.v1.DummyService/Execute: the method is not known to be idempotent, and what a lost attempt did would be done again; add the rule idempotent if that does no harm, or say so in the proto by idempotency_level; else say retry=none
	// <nil>
}

// Any function of go-grpc-middleware makes the pauses, and options say what is tried again that is idempotent.
func ExampleOptions() {
	ask(retry.Options{
		Attempts: 3,
		Backoff:  ggm.BackoffLinearWithJitter(time.Millisecond, 0.1),
	}, "apples", retry.Idempotent.Set(true))

	// Output:
	// apples, at attempt 3
}

// dial runs a server in memory and gives a client of it with a chain, and what ends both.
func dial(parts ...framework.Part) (dummypb.DummyServiceClient, func(), error) {
	chain, err := framework.NewClientChain(parts...)
	if err != nil {
		return nil, nil, err
	}
	server := grpc.NewServer()
	dummypb.RegisterDummyServiceServer(server, &warehouse{})
	listener := bufconn.Listen(1 << 16)
	conn, err := grpc.NewClient("passthrough:memory", append(chain.DialOptions(),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithContextDialer(func(ctx context.Context, _ string) (net.Conn, error) { return listener.DialContext(ctx) }))...)
	if err != nil {
		return nil, nil, err
	}
	go func() { _ = server.Serve(listener) }()
	return dummypb.NewDummyServiceClient(conn), func() { _ = conn.Close(); server.Stop() }, nil
}
