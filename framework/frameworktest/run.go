package frameworktest

import (
	"context"
	"fmt"
	"log/slog"
	"reflect"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// A Case is one RPC, for Run. The zero Case is a unary one of the DummyService on a server, and succeeds.
type Case struct {
	Side framework.Side
	Kind framework.Kind

	Method   string          // full name; "" for the DummyService's of the kind
	Context  context.Context // that the chain is entered with; nil for context.Background()
	Metadata metadata.MD     // joined to the context's: incoming on a server, outgoing on a client

	// Requests are what the caller sends: one message, or any number where requests are streamed. Nil is one
	// DummyRequest with the input "foo".
	Requests []any

	// Responses are what the RPC answers with: on a bidi stream one after each request while there are any, then the
	// rest. Nil is what a DummyService answers, and before an error nothing.
	Responses       []any
	Header, Trailer metadata.MD

	Rules []framework.Setting // what a policy says of the method, to the link

	Err  error   // that the RPC ends with, after the Responses where these are streamed; nil is success
	Errs []error // that its first runs end with, for links that try again; a run that fails so has no Responses
}

// A Result is what became of a Case.
type Result struct {
	Err             error       // that the caller sees
	Responses       []any       // that reached the caller, also before an error
	Header, Trailer metadata.MD // that reached the caller

	Runs        int               // how often the RPC itself ran: 0 where the link answered in its place
	Requests    []any             // that reached the RPC's last run
	Context     context.Context   // that its last run saw; nil where there is none
	CallOptions []grpc.CallOption // that a client's last run was given

	Annotations []slog.Attr // of the Call, in order
}

// Run makes one RPC through a chain of one link, without a wire: what is behind the chain and in front of it does as
// the Case says. On a client the caller of a stream sends all requests, half-closes and takes all responses.
//
// It is for what a link does with an RPC. How it fares with grpc's own streams DummyConn and TestInterceptor show. A Case
// that can't be, and a link that can't stand on its side, fail the test.
func Run(t testing.TB, i framework.Interceptor, c Case) Result {
	t.Helper()
	c, err := c.settled()
	if err != nil {
		t.Fatal(err)
	}
	rpc, watched := &rpc{Case: c}, &watch{}
	result, err := rpc.through(i, watched)
	if err != nil {
		t.Fatal(err)
	}
	result.Annotations = watched.annotations
	rpc.report(&result)
	return result
}

func (r *rpc) through(i framework.Interceptor, w *watch) (Result, error) {
	if r.Side == framework.ClientSide {
		chain, err := framework.NewClientChain(r.parts(w.part(framework.StageApp), i)...)
		if err != nil {
			return Result{}, err
		}
		return r.call(chain), nil
	}
	chain, err := framework.NewServerChain(r.parts(w.part(framework.StageObserve), i)...)
	if err != nil {
		return Result{}, err
	}
	return r.serve(chain), nil
}

// parts are those of a chain of one link, watched, with the rules of the Case.
func (r *rpc) parts(watch framework.Part, i framework.Interceptor) []framework.Part {
	all := []framework.Part{watch, framework.Use(i)}
	if len(r.Rules) > 0 {
		all = append(all, framework.Rules("*", r.Rules...))
	}
	return all
}

// watch is a link outside of the tested one, that reads what only a link can.
type watch struct{ annotations []slog.Attr }

// part puts the link outermost: it is the first one given of the outermost stage.
func (w *watch) part(outermost framework.Stage) framework.Part {
	return framework.Use(w, framework.Name("frameworktest"), framework.At(outermost))
}

func (w *watch) Intercept(ctx context.Context, call *framework.Call, next framework.Handler) error {
	defer func() { w.annotations = call.Annotations() }()
	return next(ctx, call)
}

// methods are the DummyService's, by kind.
var methods = [...]string{
	framework.Unary:        dummypb.DummyService_Execute_FullMethodName,
	framework.ClientStream: dummypb.DummyService_ExecuteClientStream_FullMethodName,
	framework.ServerStream: dummypb.DummyService_ExecuteServerStream_FullMethodName,
	framework.BidiStream:   dummypb.DummyService_ExecuteClientServerStream_FullMethodName,
}

// settled is the Case with everything said, or what is wrong with it.
func (c Case) settled() (Case, error) {
	if int(c.Kind) >= len(methods) {
		return c, fmt.Errorf("frameworktest: Case: %d is no Kind", c.Kind)
	}
	if c.Method == "" {
		c.Method = methods[c.Kind]
	}
	if c.Context == nil {
		c.Context = context.Background()
	}
	if c.Requests == nil {
		c.Requests = []any{&dummypb.DummyRequest{Input: "foo"}}
	}
	return c, c.check()
}

func (c Case) check() error {
	if n := len(c.Requests); n != 1 && !c.Kind.StreamsRequests() {
		return fmt.Errorf("frameworktest: Case: a %s RPC has one request; Requests has %d", c.Kind, n)
	}
	if n := len(c.Responses); n != 1 && c.Responses != nil && !c.Kind.StreamsResponses() {
		return fmt.Errorf("frameworktest: Case: a %s RPC has one response; Responses has %d", c.Kind, n)
	}
	for _, request := range c.Requests {
		if reflect.ValueOf(request).Kind() != reflect.Pointer {
			return fmt.Errorf("frameworktest: Case: a request of type %T is no message; messages are pointers", request)
		}
		if _, dummy := request.(*dummypb.DummyRequest); !dummy && c.Responses == nil && c.Err == nil {
			return fmt.Errorf("frameworktest: Case: a request of type %T is no DummyRequest; say the Responses to it", request)
		}
	}
	return nil
}
