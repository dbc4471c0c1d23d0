package frameworktest

import (
	"context"
	"io"
	"reflect"
	"strings"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"

	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// An rpc is what is behind the chain of Run: it notes what reaches it and answers as its Case says.
type rpc struct {
	Case

	mu   sync.Mutex // a link may run Clones side by side
	runs int
	last *attempt
}

// An attempt is one run of an rpc.
type attempt struct {
	*rpc
	ctx     context.Context
	options []grpc.CallOption
	err     error
	retried bool // err is one of Errs

	mu       sync.Mutex // sends and receives may be on two goroutines
	requests []any
	given    int // of the answers
}

func (r *rpc) begin(ctx context.Context, options []grpc.CallOption) *attempt {
	r.mu.Lock()
	defer r.mu.Unlock()
	a := &attempt{rpc: r, ctx: ctx, options: options, err: r.Err}
	if r.runs < len(r.Errs) {
		a.err, a.retried = r.Errs[r.runs], true
	}
	r.runs++
	r.last = a
	return a
}

func (r *rpc) report(to *Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if to.Runs = r.runs; r.last == nil {
		return
	}
	r.last.mu.Lock()
	defer r.last.mu.Unlock()
	to.Requests, to.Context, to.CallOptions = r.last.requests, r.last.ctx, r.last.options
}

// take notes a request as it is now: what a wire would carry.
func (a *attempt) take(msg any) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.requests = append(a.requests, snapshot(msg))
}

// ready says that a response is due, of a bidi stream that has not half-closed: one for each request, while there are any.
func (a *attempt) ready() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.Kind == framework.BidiStream && a.given < min(len(a.requests), len(a.answers()))
}

// answer is the next response, or the end: io.EOF for success.
func (a *attempt) answer() (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if answers := a.answers(); a.given < len(answers) {
		a.given++
		return answers[a.given-1], nil
	}
	if a.err != nil {
		return nil, a.err
	}
	return nil, io.EOF
}

// answers are all responses to the requests so far.
func (a *attempt) answers() []any {
	switch {
	case a.err != nil && (a.retried || !a.Kind.StreamsResponses()):
		return nil
	case a.err != nil || a.Responses != nil:
		return a.Responses
	}
	return echoes(a.Kind, a.requests)
}

// echoes are what a DummyService without special cases answers.
func echoes(kind framework.Kind, requests []any) (answers []any) {
	inputs := make([]string, len(requests))
	for i, r := range requests {
		dummy, _ := r.(*dummypb.DummyRequest)
		inputs[i] = dummy.GetInput()
	}
	for _, output := range outputsOf(kind, inputs) {
		answers = append(answers, &dummypb.DummyResponse{Output: output})
	}
	return answers
}

// outputsOf are the outputs that a DummyService has for inputs without special cases.
func outputsOf(kind framework.Kind, inputs []string) []string {
	switch kind {
	case framework.BidiStream:
		return inputs
	case framework.ServerStream:
		return strings.Split(strings.Join(inputs, ""), "")
	default:
		return []string{strings.Join(inputs, "")}
	}
}

// newRequest is an empty message to receive a request into.
func (c Case) newRequest() any {
	if len(c.Requests) > 0 {
		return emptyLike(c.Requests[0])
	}
	return &dummypb.DummyRequest{}
}

// newResponse is an empty message to receive a response into.
func (c Case) newResponse() any {
	if len(c.Responses) > 0 {
		return emptyLike(c.Responses[0])
	}
	return &dummypb.DummyResponse{}
}

func emptyLike(msg any) any { return reflect.New(reflect.TypeOf(msg).Elem()).Interface() }

func snapshot(msg any) any {
	if m, ok := msg.(proto.Message); ok {
		return proto.Clone(m)
	}
	return msg
}

// fill makes dst equal to src, as a codec would.
func fill(dst, src any) {
	if d, ok := dst.(proto.Message); ok {
		proto.Reset(d)
		proto.Merge(d, src.(proto.Message))
		return
	}
	reflect.ValueOf(dst).Elem().Set(reflect.ValueOf(src).Elem())
}
