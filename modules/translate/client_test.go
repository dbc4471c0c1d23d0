package translate_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/sluice-go/sluice/errmap"
	"github.com/sluice-go/sluice/framework"
	"github.com/sluice-go/sluice/framework/frameworktest"
	"github.com/sluice-go/sluice/framework/frameworktest/dummypb"
)

var errSoldOut = errors.New("sold out")

// soldOut is the rule by which errSoldOut crosses the wire.
var soldOut = errmap.On(errSoldOut, errmap.FailedPrecondition, errmap.Reason("SOLD_OUT"), errmap.Domain("shop.test"))

// An error that both sides have a rule for comes back as itself, from wherever a client meets it.
func TestDecoded(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t, onError(frameworktest.Raises(fmt.Errorf("%s: %w", secret, errSoldOut))),
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}, soldOut))),
		frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}, soldOut))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		a := execute(t, client, kind, "error")
		a.want(t, errmap.FailedPrecondition, "sold out")
		remote, ok := a.err.(*errmap.Remote)
		if !ok || remote.Error() != "sold out" {
			t.Errorf("%T %v", a.err, a.err)
		}
		if !errors.Is(a.err, errSoldOut) || !errors.Is(a.err, errmap.FailedPrecondition) || errors.Is(a.err, errmap.NotFound) {
			t.Errorf("%+v", a.err)
		}
	})
}

// Whoever has no rule for it gets the status.
func TestDecodedWithoutARule(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t, onError(frameworktest.Raises(status.Error(codes.NotFound, "nf"))),
		frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		a := execute(t, client, kind, "error")
		a.want(t, errmap.NotFound, "nf")
		if !errors.Is(a.err, errmap.NotFound) {
			t.Errorf("%+v", a.err)
		}
	})
}

// Every further Recv gives the same error, and Send gives io.EOF itself.
func TestDecodedAgain(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t, onError(frameworktest.Raises(errmap.NotFound)),
		frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}))))
	stream, err := client.ExecuteClientServerStream(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&dummypb.DummyRequest{Input: "error"}); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		if _, err := stream.Recv(); !errors.Is(err, errmap.NotFound) {
			t.Errorf("Recv: %T %v", err, err)
		}
	}
	if err := stream.Send(&dummypb.DummyRequest{}); err != io.EOF {
		t.Errorf("Send: %T %v, want io.EOF itself", err, err)
	}
}

// Links outside of it, on a client too, see the error that the caller gets.
func TestSeenOutsideOnAClient(t *testing.T) {
	t.Parallel()
	seen := make(chan error, 1)
	spy := framework.InterceptorFunc(func(ctx context.Context, call *framework.Call, next framework.Handler) error {
		err := next(ctx, call)
		seen <- err
		return err
	})
	client := frameworktest.DummyClient(t, onError(frameworktest.Raises(errmap.NotFound)),
		frameworktest.ClientParts(framework.Use(spy), framework.Use(link(t, errmap.Config{}))))
	for _, kind := range kinds {
		a := execute(t, client, kind, "error")
		if err := <-seen; err != a.err || !errors.Is(err, errmap.NotFound) {
			t.Errorf("%s: the link sees %v, the caller %v", kind, err, a.err)
		}
	}
}

// An error of the client's own code is the caller's as it is (X28).
func TestOwnErrorOfAClient(t *testing.T) {
	t.Parallel()
	own := errors.New("own")
	refuse := framework.InterceptorFunc(func(context.Context, *framework.Call, framework.Handler) error { return own })
	client := frameworktest.DummyClient(t, frameworktest.ClientParts(framework.Use(link(t, errmap.Config{})),
		framework.Use(refuse, framework.At(framework.StageTranslate), framework.After("translate"))))
	eachKind(t, func(t *testing.T, kind framework.Kind) {
		if a := execute(t, client, kind, "x"); a.err != own {
			t.Errorf("%T %v", a.err, a.err)
		}
	})
}

// A caller that gives up knows it by context.Canceled, one whose time is up by context.DeadlineExceeded; something
// cancelled in the server is neither.
func TestWhoEndedIt(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t,
		frameworktest.SpecialCases(map[string]func(context.Context, string) (string, error){
			"error": frameworktest.Raises(errmap.Canceled),
			"wait":  func(ctx context.Context, _ string) (string, error) { <-ctx.Done(); return "", ctx.Err() },
		}),
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}))),
		frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}))))
	canceled := func(ctx context.Context) (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx, cancel
	}
	expired := func(ctx context.Context) (context.Context, context.CancelFunc) {
		return context.WithTimeout(ctx, 20*time.Millisecond)
	}
	for _, tt := range []struct {
		name     string
		input    string
		ctx      func(context.Context) (context.Context, context.CancelFunc)
		code     codes.Code
		canceled bool
		deadline bool
	}{
		{"server", "error", context.WithCancel, codes.Canceled, false, false},
		{"caller", "wait", canceled, codes.Canceled, true, false},
		{"deadline", "wait", expired, codes.DeadlineExceeded, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, kind framework.Kind) {
				ctx, cancel := tt.ctx(t.Context())
				defer cancel()
				_, err := frameworktest.Execute(ctx, client, kind, []string{tt.input})
				if status.Code(err) != tt.code {
					t.Errorf("%v, want %v", err, tt.code)
				}
				if errors.Is(err, context.Canceled) != tt.canceled || errors.Is(err, context.DeadlineExceeded) != tt.deadline {
					t.Errorf("%+v: context.Canceled %v, context.DeadlineExceeded %v", err, errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded))
				}
			})
		})
	}
}

// The context that counts is the caller's: the stream's own has always ended by the time that its error comes.
func TestCallerGivesUpMidway(t *testing.T) {
	t.Parallel()
	client := frameworktest.DummyClient(t, frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}))))
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stream, err := client.ExecuteClientServerStream(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if err := stream.Send(&dummypb.DummyRequest{Input: "a"}); err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Recv(); err != nil {
		t.Fatal(err)
	}
	cancel()
	if _, err := stream.Recv(); !errors.Is(err, context.Canceled) || !errors.Is(err, errmap.Canceled) {
		t.Errorf("%T %+v", err, err)
	}
}

// An error that a server got as a client passes on, with what it is, unless a rule of its own says otherwise.
func TestThroughAMiddleServer(t *testing.T) {
	t.Parallel()
	back := frameworktest.DummyClient(t, onError(frameworktest.Raises(errSoldOut)),
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}, soldOut))))
	mapped := frameworktest.DummyClient(t, onError(frameworktest.Raises(errSoldOut)),
		frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}, soldOut))),
		frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}, soldOut))))
	call := func(client dummypb.DummyServiceClient) func(context.Context, string) (string, error) {
		return func(ctx context.Context, input string) (string, error) {
			_, err := client.Execute(ctx, &dummypb.DummyRequest{Input: "error"})
			return "", err
		}
	}
	for name, middle := range map[string]dummypb.DummyServiceClient{"plain": back, "mapped": mapped} {
		front := frameworktest.DummyClient(t, onError(call(middle)),
			frameworktest.ServerParts(framework.Use(link(t, errmap.Config{}))),
			frameworktest.ClientParts(framework.Use(link(t, errmap.Config{}, soldOut))))
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachKind(t, func(t *testing.T, kind framework.Kind) {
				if a := execute(t, front, kind, "error"); !errors.Is(a.err, errSoldOut) {
					t.Errorf("%+v", a.err)
				}
			})
		})
	}
}
