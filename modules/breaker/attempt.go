package breaker

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework"
)

// An attempt is one RPC that a circuit has let through.
type attempt struct {
	circuit *circuit
	done    func(error) // gobreaker's
	once    sync.Once   // it is called
	limit   *time.Timer // of a probe

	reached  atomic.Bool // grpc has had it
	answered bool        // there is metadata of the server's
}

// watch registers what tells a server's error from one that was made here.
func (a *attempt) watch(call *framework.Call) {
	call.AddCallOptions(grpc.OnFinish(func(error) { a.reached.Store(true) }))
	call.OnHeader(a.metadata)
	call.OnTrailer(a.metadata)
	if a.circuit.halfOpen.Load() {
		a.probe(call)
	}
}

func (a *attempt) metadata(_ context.Context, md metadata.MD) (metadata.MD, error) {
	a.answered = a.answered || len(md) > 0
	return md, nil
}

// probe is for an RPC that others wait for. A stream of responses may go on for ever, so its first message is the answer,
// and what takes longer than the circuit would be open gives its place to another.
func (a *attempt) probe(call *framework.Call) {
	if call.Kind().StreamsResponses() {
		call.OnResponse(func(_ context.Context, msg any) (any, error) {
			a.settle(nil)
			return msg, nil
		})
	}
	a.limit = time.AfterFunc(a.circuit.openFor, func() { a.settle(errIgnored) })
}

// settle tells gobreaker once. It gives the slot of a probe back.
func (a *attempt) settle(outcome error) { a.once.Do(func() { a.done(outcome) }) }

// end is the end of the RPC.
func (a *attempt) end(outcome error) {
	a.settle(outcome)
	if a.limit != nil {
		a.limit.Stop()
	}
	a.circuit.changes.tell()
}

// outcome says what an error tells of the server: nil that it answered, errFailed, or nothing.
func (a *attempt) outcome(ctx context.Context, err error) error {
	code := status.Code(err)
	switch {
	case err == nil:
		return nil
	case ctx.Err() == context.Canceled || !a.isServers(code):
		return errIgnored
	case isFailure(code) && a.circuit.fails[code]:
		return errFailed
	}
	return nil
}

// isServers reports whether an error is of the server, or of there being none. Without an answer it is where a connection
// failed, and where time has passed; else it was made here, by grpc or a link inside.
func (a *attempt) isServers(code codes.Code) bool {
	return a.answered || code == codes.DeadlineExceeded || code == codes.Unavailable && a.reached.Load()
}
