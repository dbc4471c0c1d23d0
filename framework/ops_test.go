package framework_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

// FuzzStreamOperations does the same operations on a bidi stream under a chain and on a bare one: the caller sees the same,
// and the chain ends once.
func FuzzStreamOperations(f *testing.F) {
	for _, seed := range []string{"", "s", "sr", "srsrc", "ssrrcrr", "hsrcr", "cr", "ccrr", "sx", "srxr", "xsr", "fr", "sfrr", "fss", "fhr", "schrxt", "sssfc", "ffsrc"} {
		f.Add([]byte(seed))
	}
	server := &service{bidi: echoUntilFail}
	bare := start(f, server, nil, nil)
	e := newEnds(1)
	chained := []*rig{
		start(f, server, nil, parts(e)),
		start(f, server, nil, parts(e, everyFunction, pass)),
		start(f, server, parts(everyFunction), parts(e, retrying(2, 100), everyFunction)),
	}
	f.Fuzz(func(t *testing.T, ops []byte) {
		if len(ops) > 40 {
			return
		}
		want := operate(t, bare, ops)
		for i, r := range chained {
			if got := operate(t, r, ops); !slices.Equal(got, want) {
				t.Errorf("chain %d: %q\ngot  %q\nwant %q", i, ops, got, want)
			}
			<-e.told
		}
	})
}

// echoUntilFail echoes, and fails at a request that says so.
func echoUntilFail(s bidiServer) error {
	for {
		in, err := s.Recv()
		if err != nil {
			return ignoreEOF(err)
		}
		if in.Input == "fail" {
			return status.Error(codes.DataLoss, "failed")
		}
		if err := s.Send(&dummypb.DummyResponse{Output: in.Input}); err != nil {
			return err
		}
	}
}

func ignoreEOF(err error) error {
	if eof(err) == nil {
		return nil
	}
	return err
}

// operate does one operation for each byte, but none that would wait for ever, or whose outcome depends on time, and gives what
// the caller saw. In the end the stream is cancelled.
func operate(t *testing.T, r *rig, ops []byte) (seen []string) {
	t.Helper()
	ctx, cancel := context.WithCancel(withTimeout(t))
	defer cancel()
	stream, err := r.ExecuteClientServerStream(ctx, grpc.WaitForReady(true))
	if err != nil {
		t.Fatal(err)
	}
	pending, closed, over := 0, false, false
	for i, op := range ops {
		switch {
		case op == 's' && !closed && !over:
			seen = append(seen, fmt.Sprint("send ", stream.Send(request(fmt.Sprint(i)))))
			pending++
		case op == 'f' && !closed && !over: // what is sent after it may or may not be seen to be in vain
			seen = append(seen, fmt.Sprint("fail ", stream.Send(request("fail"))))
			closed, over = true, true
		case op == 'r' && (pending > 0 || closed):
			out, err := stream.Recv()
			seen = append(seen, fmt.Sprint("recv ", out.GetOutput(), " ", err))
			pending--
		case op == 'h' && pending > 0 && !over:
			_, err := stream.Header()
			seen = append(seen, fmt.Sprint("header ", err))
		case op == 'c' && !over:
			seen = append(seen, fmt.Sprint("close ", stream.CloseSend()))
			closed = true
		case op == 'x' && !over && pending == 0 && !closed:
			cancel()
			_, err := stream.Recv()
			return append(seen, fmt.Sprint("cancelled ", status.Code(err)))
		}
	}
	return seen
}
